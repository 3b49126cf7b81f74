from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from actions.letters import LONGEST_LINK, letter, letter_language, mailto
from actions.scripts import Addressee, BadScript, Caller, ScriptWords, check_script
from actions.targets import Role, Target
from actions.ways import Ways

WORDS = ScriptWords(letter_subject="About {{ official }}", letter="Please speak up.\n\nNow & here.")
CALL = ScriptWords(opening="My name is {{ name }}.", ask="Speak up.")
AMINA = Caller(name="Amina", city="Madison", zip="53703", state="Wisconsin")
SENATOR = Target(key="us:senate:WI:1", role=Role.SENATOR, name="Gil Guava", family_name="Guava")
TO = Addressee(official="Senator Guava", official_short="Sen. Guava")


def office(**ways: object) -> Target:
    return Target(key="custom:a", role=Role.CUSTOM, name="An office", ways=Ways(**ways))  # type: ignore[arg-type]


def test_letter_is_greeted_filled_in_and_signed() -> None:
    written = letter(WORDS, AMINA, SENATOR, TO, "en")

    assert written.subject == "About Senator Guava"
    assert written.text.split("\n\n") == [
        "Dear Senator Guava,",
        "Please speak up.",
        "Now & here.",
        "Sincerely,",
        "Amina",
        "Madison, Wisconsin 53703",
    ]


def test_what_only_the_writer_knows_stands_in_brackets() -> None:
    written = letter(WORDS, Caller(zip="53703"), SENATOR, TO, "es")

    assert "Estimado/a Senador/a Guava:" in written.text
    assert "[su nombre]\n\n53703" in written.text


@pytest.mark.parametrize(
    ("salutation", "greeting"),
    [("Excellency {{ x }}:", "Excellency {{ x }}:"), ("", "To whom it may concern,")],
)
def test_office_outside_congress_is_greeted_as_organizers_say(
    salutation: str, greeting: str
) -> None:
    written = letter(WORDS, AMINA, office(salutation=salutation), TO, "en")

    assert written.text.startswith(f"{greeting}\n\n")


@pytest.mark.parametrize(
    ("read", "wanted", "chosen"),
    [
        ((), "es", "es"),
        (("es", "en"), "en", "en"),
        (("es",), "en", "es"),
        (("fr",), "es", "es"),
        (("fr", "en"), "es", "en"),
    ],
)
def test_letter_is_in_a_language_the_office_reads(
    read: tuple[str, ...], wanted: str, chosen: str
) -> None:
    both = {"en": WORDS, "es": WORDS}

    assert letter_language(office(languages=read), both, wanted) == chosen


def test_letter_that_nobody_wrote_has_no_language() -> None:
    assert letter_language(SENATOR, {"en": CALL}, "en") == ""


def test_mailto_carries_the_whole_letter_through_its_encoding() -> None:
    written = letter(WORDS, AMINA, SENATOR, TO, "en")

    link = urlsplit(mailto("desk+a@example.org", written))
    query = parse_qs(link.query, strict_parsing=True)

    assert link.path == "desk%2Ba@example.org"
    assert query["subject"] == [written.subject]
    assert query["body"] == [written.text.replace("\n", "\r\n")]


def test_letter_too_long_for_a_link_leaves_its_text_to_be_copied() -> None:
    long = replace(WORDS, letter="word " * LONGEST_LINK)

    link = mailto("desk@example.org", letter(long, AMINA, SENATOR, TO, "en"))

    assert link == "mailto:desk@example.org?subject=About%20Senator%20Guava"


def test_script_has_a_call_or_a_letter() -> None:
    check_script(WORDS)
    check_script(CALL)
    with pytest.raises(BadScript, match="opening is empty"):
        check_script(ScriptWords())
    with pytest.raises(BadScript, match="opening is empty"):
        check_script(replace(WORDS, ask="Speak up."))
    with pytest.raises(BadScript, match="a subject and a text"):
        check_script(replace(CALL, letter_subject="About"))
    with pytest.raises(BadScript, match="letter has the unknown field"):
        check_script(replace(WORDS, letter="{{ nobody }}"))
