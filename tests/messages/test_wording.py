"""What we say ourselves: cheap to send, short, and in the person's language."""

from __future__ import annotations

import pytest

from messages import wording
from messages.models import ReplyVerdict
from messages.sms import measure
from messages.wording import Purpose
from messages.words import understand

NETWORK = "U.S.-El Salvador Sister Cities"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_answers_stay_within_the_cheap_alphabet_and_name_the_network(
    purpose: Purpose, language: str
) -> None:
    said = wording.answer(purpose, language, network=NETWORK)

    assert said.words.startswith(NETWORK)
    assert said.subject
    assert measure(said.words).encoding == "GSM-7"
    assert measure(said.words).segments <= 2


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_confirmation_of_an_opt_out_is_one_segment(language: str) -> None:
    said = wording.answer(Purpose.OPTED_OUT, language, network=NETWORK)

    assert measure(said.words).segments == 1


@pytest.mark.parametrize(
    ("language", "leave", "back"), [("en", "STOP", "START"), ("es", "ALTO", "INICIAR")]
)
def test_the_words_we_tell_people_to_reply_are_understood(
    language: str, leave: str, back: str
) -> None:
    assert leave in wording.opt_out_line(language)
    assert leave in wording.answer(Purpose.HELP, language, network=NETWORK).words
    assert back in wording.answer(Purpose.OPTED_OUT, language, network=NETWORK).words
    assert understand(leave).verdict is ReplyVerdict.OPT_OUT
    assert understand(back).verdict is ReplyVerdict.OPT_IN


def test_an_unknown_language_gets_english() -> None:
    assert wording.opt_out_line("fr") == wording.opt_out_line("en")
