"""What each person reads: merge fields, texts and emails."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.providers.provider import fill
from messages.rendering import (
    FIELDS,
    BadTemplate,
    CompiledEmail,
    Footer,
    PersonValues,
    compile_sms,
    compile_text,
    complete,
    email_words,
    missing,
    render_sms,
    values_for,
)
from messages.sms import measure

FOOTER = Footer("Red de Ciudades & Hermanas", "PO Box 1\nMadison, WI 53701")
AMINA = PersonValues(
    first_name="Amina",
    city="Madison",
    rep_name="Mark Pocan",
    link="https://red.example.org/a/tok",
    unsubscribe="https://red.example.org/u/tok",
    links={7: "https://red.example.org/r/tok/7"},
)


def make_email(
    body: str, subject: str = "Urgent", *, links: dict[str, int] | None = None
) -> CompiledEmail:
    return email_words(subject, body, language="en", footer=FOOTER, links=links)


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


def test_a_text_is_cut_at_its_fields() -> None:
    compiled = compile_text('Dear {{ first_name | "friend" }} of {{city}}:')

    assert compiled.pieces == ("Dear ", "first_name", " of ", "city", ":")
    assert compiled.fields == {"first_name", "city"}
    assert compiled.defaults == {"first_name": "friend"}


@pytest.mark.parametrize("quotes", ['"amiga"', "“amiga”", "'amiga'", "‘amiga’", "«amiga»"])
def test_a_default_may_be_in_any_quotation_marks(quotes: str) -> None:
    assert compile_text(f"{{{{first_name|{quotes}}}}}").defaults == {"first_name": "amiga"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi {{ firstname }}", "no merge field {{ firstname }}: did you mean {{ first_name }}?"),
        ("Hi {{ frist_name }}", "did you mean {{ first_name }}?"),
        ("Hola {{ nombre }}", "did you mean {{ first_name }}?"),
        ("Hola {{ Ciudad }}", "did you mean {{ city }}?"),
        ("{{ zzz }}", "there are first_name, last_name, city"),
        ("{{ link:9 }}", "no merge field {{ link:9 }}"),
        ("one\ntwo {{ first_name", "Line 2 has {{ without its partner"),
        ("one }} two", "Line 1 has }} without its partner"),
        ("{{ first_name }", "without its partner"),
        ("{first_name}", "has single braces: write it with two, as {{ first_name }}"),
        ("{firstName}, hi", "as {{ first_name }}"),
        ("{{ }}", "is not a merge field"),
        ("{{ first name }}", "is not a merge field"),
        ('{{ city | "x }}', "is not a merge field"),
        ("{{ city | upper }}", "is not a merge field"),
        ("{{ first_name.upper() }}", "no merge field"),
        ('{{ city | "a" }} {{ city | "b" }}', "two different defaults, “a” and “b”"),
        ("pay \u202egnp.exe", "U+202E"),
        ("x" * 20_001, "limit is 20,000: shorten it by 1."),
    ],
)
def test_a_bad_template_is_refused_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(BadTemplate, match=re.escape(words)):
        compile_text(text)


def test_braces_that_name_no_field_are_ordinary_text() -> None:
    assert compile_text("{1} {a} }{").pieces == ("{1} {a} }{",)


def test_what_cannot_be_seen_is_dropped_from_a_text() -> None:
    assert compile_text("\ufeffa\x00b\r\nc\u200bd\x1b e\u0301 👩‍🌾").pieces == ("ab\ncd é 👩‍🌾",)


@given(st.text(max_size=200))
def test_compiling_any_text_gives_pieces_or_a_sentence(text: str) -> None:
    try:
        compiled = compile_text(text)
    except BadTemplate:
        return

    assert len(compiled.pieces) % 2 == 1


@given(st.text(max_size=100))
def test_a_value_with_template_syntax_or_line_ends_is_inert(value: str) -> None:
    compiled = compile_text("{{ first_name }}: {{ city }}")
    hostile = PersonValues(first_name="{{ city }}\r\nBcc: x", city=value)

    rendered = render_sms(compiled, values_for(hostile))

    assert rendered.startswith("{{ city }} Bcc: x: ")
    assert "\n" not in rendered
    assert "\r" not in rendered


@given(st.builds(PersonValues, *[st.text(max_size=150)] * 8))
def test_values_are_one_visible_line_of_bounded_length(person: PersonValues) -> None:
    for name, value in values_for(person).items():
        assert len(value) <= FIELDS[name]
        assert len(value.splitlines()) <= 1
        assert not re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", value)


def test_missing_fields_are_those_without_value_and_default() -> None:
    compiled = compile_text('{{ first_name | "friend" }} {{ city }} {{ rep_name }}')

    assert missing(compiled, values_for(PersonValues(city="Madison"))) == {"rep_name"}
    assert missing(compiled, {}) == {"city", "rep_name"}


def test_our_own_addresses_are_never_missing_nor_cut() -> None:
    email = make_email("{{ link }} {{ city }} https://a.org", links={"https://a.org": 7})
    long_link = "https://red.example.org/" + "a" * 200

    assert missing(email, values_for(PersonValues())) == {"city"}
    assert values_for(PersonValues(link=long_link))["link"] == long_link


def test_a_person_without_a_value_gets_the_default() -> None:
    compiled = compile_text('Dear {{ first_name | "friend" }}')

    assert render_sms(compiled, values_for(PersonValues())) == "Dear friend"
    assert render_sms(compiled, values_for(AMINA)) == "Dear Amina"
    assert complete(compiled, values_for(PersonValues()))["first_name"] == "friend"


def test_a_text_says_who_writes_and_how_to_leave() -> None:
    english = compile_sms("Call now.", language="en", network="Sister Cities")
    spanish = compile_sms("Llame ya.", language="es", network="Ciudades Hermanas")

    assert render_sms(english, {}) == "Sister Cities: Call now.\nReply STOP to opt out."
    assert render_sms(spanish, {}) == "Ciudades Hermanas: Llame ya.\nResponda ALTO para salir."


@pytest.mark.parametrize(
    "words",
    [
        "Sister Cities here. Call now. Text STOP to quit",
        "sister cities: reply with STOP to end",
        "Sister Cities. STOP=end",
        "SISTER CITIES: responda con la palabra ALTO",
        "Sister Cities: llame. ALTO para no recibir mensajes",
    ],
)
def test_a_text_that_says_so_itself_is_left_alone(words: str) -> None:
    assert compile_sms(words, language="en", network="Sister Cities").pieces == (words,)


@pytest.mark.parametrize(
    "words",
    [
        "STOP the raids, Sister Cities asks",
        "Sister Cities: ¡Alto a la represión!",
        "Sister Cities: send a clear STOP to Congress",
        "Sister Cities: mande un ALTO a la guerra",
    ],
)
def test_a_slogan_does_not_pass_for_the_way_to_leave(words: str) -> None:
    compiled = compile_sms(words, language="en", network="Sister Cities")

    assert render_sms(compiled, {}).endswith("\nReply STOP to opt out.")


@pytest.mark.parametrize("language", ["en", "es"])
def test_our_own_words_stay_within_the_cheap_alphabet(language: str) -> None:
    compiled = compile_sms("x", language=language, network="Red")

    assert measure(render_sms(compiled, {})).encoding == "GSM-7"


def test_a_text_is_composed_when_rendered() -> None:
    compiled = compile_text("{{ first_name }}")

    assert render_sms(compiled, {"first_name": "Jose\u0301"}) == "José"


def test_a_text_that_could_exceed_the_limit_for_somebody_is_refused() -> None:
    with pytest.raises(BadTemplate, match="limit is 1,600"):
        compile_sms("x" * 1_560 + "{{ first_name }}", language="en", network="Red")


def test_a_text_needs_words() -> None:
    with pytest.raises(BadTemplate, match="text message is empty"):
        compile_sms("  ", language="en", network="Red")


def test_a_web_address_in_a_text_becomes_the_persons_tracked_one() -> None:
    compiled = compile_sms(
        "Red: https://long.example.com/path.",
        language="en",
        network="Red",
        links={"https://long.example.com/path": 7},
    )

    rendered = render_sms(compiled, values_for(AMINA))

    assert rendered.startswith("Red: https://red.example.org/r/tok/7.\n")


def test_markdown_becomes_plain_html() -> None:
    html = html_for(make_email("# Urgent\n\n**Call** _today_:\n\n- one\n- two\n\n> quote\n\n---"))

    for part in ("Urgent</h1>", "<strong>Call</strong>", "<em>today</em>", "<li>one</li>", "quote"):
        assert part in html
    assert '<html lang="en">' in html


def test_html_in_a_body_is_shown_not_obeyed() -> None:
    seen = Seen(
        html_for(
            make_email(
                "<script>alert(1)</script> <b onclick=x>bold</b>\n\n<style>p{}</style>\n\n"
                "[x](javascript:alert(1)) [y](data:text/html,z) ![i](https://a.org/i.png)"
            )
        )
    )

    assert not {"script", "style", "b"} & set(seen.tags)
    assert seen.hrefs == ["https://red.example.org/u/tok"]
    assert seen.attributes <= {"lang", "charset", "name", "content", "style", "href", "src", "alt"}


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
    email = email_words("Urgente", "Llame.", language="es", footer=FOOTER)

    for said in (html_for(email), text_for(email)):
        assert "PO Box 1, Madison, WI 53701" in said
        assert "porque se inscribió con Red" in said
        assert "https://red.example.org/u/tok" in said
        assert "Darse de baja" in said
    assert '<html lang="es">' in html_for(email)
    assert "Hermanas &amp;" not in html_for(email).replace("Ciudades &amp; Hermanas", "")


@pytest.mark.parametrize("subject", ["", "  ", "Urgent\nBcc: x@example.org", "a\rb"])
def test_a_subject_is_one_line(subject: str) -> None:
    with pytest.raises(BadTemplate, match="subject must be one line"):
        make_email("x", subject)


def test_a_subject_may_hold_fields_and_shares_the_bodys_defaults() -> None:
    email = make_email("Dear {{ first_name }}", 'Call, {{ first_name | "friend" }}')
    values = complete(email, values_for(PersonValues()))

    assert fill(email.words.subject, values) == "Call, friend"
    assert "Dear friend" in fill(email.words.text, values)
    assert email.fields == {"first_name", "unsubscribe"}


def test_an_email_needs_words() -> None:
    with pytest.raises(BadTemplate, match="has no text"):
        make_email(" \n ")


@given(st.text(max_size=300))
def test_any_body_gives_a_whole_page_or_a_sentence(body: str) -> None:
    try:
        email = make_email(body)
    except BadTemplate:
        return

    assert html_for(email).endswith("</html>\n")
    assert "\n-- \n" in text_for(email)
