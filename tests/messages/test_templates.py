"""Merge fields: what a text may hold, and the sentence for what it may not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.templates import BadTemplate, compile_text


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
