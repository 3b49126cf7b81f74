from __future__ import annotations

import pytest

from actions.scripts import (
    Addressee,
    BadScript,
    Caller,
    Kind,
    ScriptWords,
    check_script,
    merge,
    plain,
    spoken,
)

AMINA = {"name": "Amina", "city": "Madison", "zip": "53703", "state": "Wisconsin"}
FROM = "I live in {{ city }}, {{ zip }}."


def make_words(**parts: str) -> ScriptWords:
    said = {"opening": "My name is {{ name }}.", "ask": "Will {{ official }} speak up?"}
    return ScriptWords(**{**said, **parts})


def said(text: str, language: str = "en", **known: str) -> str:
    return plain(merge(text, known, language))


def test_what_we_know_is_filled_in_and_marked() -> None:
    ((before, filled, after),) = merge("My name is {{ name }}.", AMINA, "en")

    assert (before.text, filled.text, after.text) == ("My name is ", "Amina", ".")
    assert (filled.kind, filled.field) == (Kind.FILLED, "name")


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"city": "Madison", "zip": "53703"}, "I live in Madison, 53703."),
        ({"zip": "53703"}, "I live in 53703."),
        ({"city": "Madison"}, "I live in Madison."),
        ({}, "I live in [your town]."),
        ({"city": "  ", "zip": ""}, "I live in [your town]."),
    ],
)
def test_missing_part_of_a_place_leaves_no_hole(known: dict[str, str], sentence: str) -> None:
    assert said(FROM, **known) == sentence


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (AMINA, "Madison, Wisconsin 53703"),
        ({"state": "Wisconsin"}, "Wisconsin"),
        ({"city": "Madison", "zip": "53703"}, "Madison 53703"),
    ],
)
def test_place_of_three_parts_closes_over_the_unknown_one(
    known: dict[str, str], sentence: str
) -> None:
    assert said("{{ city }}, {{ state }} {{ zip }}", **known) == sentence


def test_prompts_are_in_the_language_of_the_script() -> None:
    assert (
        said("Me llamo {{ name }}, de {{ city }}.", "es") == "Me llamo [su nombre], de [su ciudad]."
    )


def test_author_may_name_a_default() -> None:
    assert said('I am {{ name | "a neighbor" }}.') == "I am a neighbor."
    assert said("I am {{ name | “a neighbor” }}.", name="Ben") == "I am Ben."


def test_blank_lines_make_paragraphs_and_single_breaks_do_not() -> None:
    assert len(merge("One\nline.\n\n\nTwo.", {}, "en")) == 2
    assert said("One\nline.\n\nTwo.") == "One line.\n\nTwo."


def test_empty_part_has_no_paragraphs() -> None:
    assert merge(" \n ", {}, "en") == ()


def test_every_part_is_filled_for_the_office() -> None:
    words = make_words(if_yes="Thank {{ official_short }}.", voicemail="Call {{ name }} back.")

    script = spoken(
        words,
        Caller(name="Amina"),
        Addressee(official="Representative Rivera", official_short="Rep. Rivera"),
        "en",
    )

    assert plain(script.ask) == "Will Representative Rivera speak up?"
    assert plain(script.if_yes) == "Thank Rep. Rivera."
    assert plain(script.voicemail) == "Call Amina back."
    assert script.if_no == ()


def test_unknown_field_is_named_with_its_near_miss() -> None:
    with pytest.raises(
        BadScript, match=r"ask .*\{\{ offical \}\}; did you mean \{\{ official \}\}"
    ):
        check_script(make_words(ask="Will {{ offical }} speak?"))


def test_field_like_nothing_known_lists_what_there_is() -> None:
    with pytest.raises(BadScript, match="known are name, city, zip"):
        check_script(make_words(if_no="{{ shoe_size }}"))


@pytest.mark.parametrize("broken", ["{{ name", "name }}", "{{ }}", "{{ name | town }}"])
def test_incomplete_field_is_refused(broken: str) -> None:
    with pytest.raises(BadScript, match="not complete"):
        check_script(make_words(reasons=broken))


def test_script_that_asks_for_nothing_is_refused() -> None:
    with pytest.raises(BadScript, match="ask is empty"):
        check_script(make_words(ask="  "))
