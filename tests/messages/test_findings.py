"""Findings speak both languages, and never with a hole."""

from __future__ import annotations

import re

import pytest

from messages.findings import SENTENCES, finding

PLACE = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_both_languages_say_the_same_things(code: str) -> None:
    sentence = SENTENCES[code]

    assert set(PLACE.findall(sentence.en)) == set(PLACE.findall(sentence.es))


def test_languages_and_channels_are_named_in_the_readers_language() -> None:
    found = finding("gap_some", field="city", language="es", channel="sms", people=3, of=9)

    assert str(found).startswith("{{ city }} in the Spanish text message: 3 of 9 people have none")
    assert found.words("es").startswith("{{ city }} en el mensaje de texto en español: 3 de 9")
    assert found.words("fr") == str(found)


def test_a_language_we_have_no_name_for_is_named_by_its_code() -> None:
    assert str(finding("no_sms", language="fr")).startswith("The fr text message is missing")
