"""What each person reads: texts and emails with their own values."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.providers.provider import fill
from messages.rendering import (
    FIELDS,
    BadTemplate,
    CompiledEmail,
    Letterhead,
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


@pytest.mark.parametrize("subject", ["", "  ", "Urgent\nBcc: x@example.org", "a\rb"])
def test_a_subject_is_one_line(subject: str) -> None:
    with pytest.raises(BadTemplate, match="subject must be one line"):
        make_email("x", subject)


def test_a_subject_may_hold_fields_and_shares_the_bodys_defaults() -> None:
    email = make_email("Dear {{ first_name }}", 'Call, {{ first_name | "friend" }}')
    values = complete(email, values_for(PersonValues()))

    assert fill(email.words.subject, values) == "Call, friend"
    assert "Dear friend" in fill(email.words.text, values)
    assert email.fields == {"first_name", "unsubscribe", "preferences"}


def test_an_email_needs_words() -> None:
    with pytest.raises(BadTemplate, match="has no text"):
        make_email(" \n ")


def test_subject_and_body_cannot_have_different_defaults() -> None:
    with pytest.raises(BadTemplate, match="two different defaults"):
        make_email('{{ city | "town" }}', 'In {{ city | "your city" }}')


def test_a_network_is_named_only_by_its_whole_name() -> None:
    compiled = compile_sms("Alfredo was arrested.", language="en", network="Red")

    assert render_sms(compiled, {}).startswith("Red: Alfredo")
