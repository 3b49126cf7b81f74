"""How an email looks, as HTML and as plain text, and what no value can do to it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.providers.provider import fill
from messages.rendering import (
    BadTemplate,
    CompiledEmail,
    Letterhead,
    PersonValues,
    complete,
    email_words,
    values_for,
)

LETTERHEAD = Letterhead(
    "Red de Ciudades & Hermanas", "PO Box 1\nMadison, WI 53701", "https://red.example.org"
)
AMINA = PersonValues(
    first_name="Amina",
    city="Madison",
    rep_name="Mark Pocan",
    link="https://red.example.org/a/tok",
    unsubscribe="https://red.example.org/u/tok",
    preferences="https://red.example.org/me/tok",
    links={7: "https://red.example.org/r/tok/7"},
)


def make_email(
    body: str, subject: str = "Urgent", *, links: dict[str, int] | None = None
) -> CompiledEmail:
    return email_words(subject, body, language="en", letterhead=LETTERHEAD, links=links)


def html_for(email: CompiledEmail, person: PersonValues = AMINA) -> str:
    return fill(email.words.html, complete(email, values_for(person)), escape=True)


def text_for(email: CompiledEmail, person: PersonValues = AMINA) -> str:
    return fill(email.words.text, complete(email, values_for(person)))


class Seen(HTMLParser):
    """The elements and link addresses a mail program would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.hrefs: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.hrefs += [value or "" for name, value in attrs if name == "href"]


def test_markdown_becomes_plain_html() -> None:
    html = html_for(make_email("# Urgent\n\n**Call** _today_:\n\n- one\n- two\n\n> quote\n\n---"))

    for part in ("Urgent</h1>", "<strong>Call</strong>", "<em>today</em>", "<li>one</li>", "quote"):
        assert part in html
    assert '<html lang="en" dir="ltr"' in html


def test_html_in_a_body_is_shown_not_obeyed() -> None:
    seen = Seen(
        html_for(
            make_email(
                "<script>alert(1)</script> <b onclick=x>bold</b>\n\n<style>p{}</style>\n\n"
                "[x](javascript:alert(1)) [y](data:text/html,z)"
            )
        )
    )

    own = Seen(html_for(make_email("Nothing but words.")))
    assert set(seen.tags) <= set(own.tags)
    assert seen.hrefs == ["https://red.example.org/u/tok", "https://red.example.org/me/tok"]
    assert seen.attributes <= own.attributes


def test_values_are_escaped_in_html_and_not_in_text() -> None:
    email = make_email("Dear {{ first_name }}")
    person = PersonValues(first_name='<img src=x onerror="a">&')

    assert "Dear &lt;img src=x onerror=&quot;a&quot;&gt;&amp;" in html_for(email, person)
    assert 'Dear <img src=x onerror="a">&' in text_for(email, person)


@given(st.text(alphabet="<>\"'&`*_[]()!#{}q0x1z \n", max_size=40))
def test_no_value_adds_an_element_or_an_address(value: str) -> None:
    email = make_email("# {{ city }}\n\n*{{ city }}* [{{ city }}](https://a.org) `{{ city }}`")
    plain, hostile = (Seen(html_for(email, PersonValues(city=c))) for c in ("Madison", value))

    assert hostile.tags == plain.tags
    assert hostile.hrefs == plain.hrefs


def test_a_bare_link_field_becomes_a_link_and_a_named_one_stays_one() -> None:
    html = html_for(make_email("Go: {{ link }}, or [here]({{ link }}), or <{{ link }}>."))
    link = re.escape(AMINA.link)

    assert len(re.findall(f'<a href="{link}" style="[^"]+">{link}</a>', html)) == 2
    assert len(re.findall(f'<a href="{link}" style="[^"]+">here</a>', html)) == 1


def test_web_addresses_in_an_email_are_tracked_in_both_parts() -> None:
    email = make_email("[Read](https://a.org/x) https://a.org/x", links={"https://a.org/x": 7})
    tracked = AMINA.links[7]

    assert Seen(html_for(email)).hrefs[:2] == [tracked, tracked]
    assert f"Read <{tracked}> {tracked}" in text_for(email)
    assert "a.org" not in html_for(email) + text_for(email)


@pytest.mark.parametrize(
    "body",
    [
        "[x]({{ first_name }})",
        "[x](https://a.org/{{ zip }})",
        "[x]({{ link }}?a=b)",
        "![x]({{ city }})",
        "[x][1]\n\n[1]: {{ first_name }}",
    ],
)
def test_a_persons_own_words_cannot_steer_a_link(body: str) -> None:
    with pytest.raises(BadTemplate, match="A link's address cannot contain"):
        make_email(body)


def test_the_plain_text_twin_reads_like_the_page() -> None:
    email = make_email(
        "# Urgent\n\nDear {{ first_name }},\ncall **now**.\n\n1. Dial\n2. Say\n   - this\n   - that\n\n"
        "> quoted\n\n`code` [more](https://a.org)  \nend\n\n---\n\n    block"
    )

    assert text_for(email).startswith(
        "Urgent\n\nDear Amina,\ncall now.\n\n1. Dial\n2. Say\n   - this\n   - that\n\n"
        "> quoted\n\ncode more <https://a.org>\nend\n\n* * *\n\n    block\n\n-- \n"
    )


def test_each_email_tells_who_writes_from_where_why_and_how_to_leave() -> None:
    email = email_words("Urgente", "Llame.", language="es", letterhead=LETTERHEAD)

    for said in (html_for(email), text_for(email)):
        assert "PO Box 1, Madison, WI 53701" in said
        assert "porque se inscribió con Red" in said
        assert "https://red.example.org/u/tok" in said
        assert "Darse de baja" in said
    assert '<html lang="es" dir="ltr"' in html_for(email)
    assert "Hermanas &amp;" not in html_for(email).replace("Ciudades &amp; Hermanas", "")


@given(st.text(max_size=300))
def test_any_body_gives_a_whole_page_or_a_sentence(body: str) -> None:
    try:
        email = make_email(body)
    except BadTemplate:
        return

    assert html_for(email).endswith("</html>\n")
    assert "\n-- \n" in text_for(email)


def test_a_link_to_the_persons_page_on_its_own_is_a_button() -> None:
    alone = html_for(make_email("Call today:\n\n[Open my script]({{ link }})"))
    within = html_for(make_email("Please [open my script]({{ link }})\n\n{{ link }}"))

    assert f'<a href="{AMINA.link}" target="_blank" style="display:inline-block' in alone
    assert 'class="go"' not in within
