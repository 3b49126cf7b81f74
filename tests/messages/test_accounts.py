"""What people say of their calls in their own words, in both languages."""

from __future__ import annotations

import pytest

from actions.models import Outcome
from messages.accounts import office_then_code, offices_named, outcome_told
from messages.models import ReplyVerdict
from messages.words import understand

NAMES = {"MA-S": ["Markey", "Edward Markey"], "MA-5": ["Clark"]}


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("I left a message", Outcome.VOICEMAIL),
        ("Left her a long voicemail!", Outcome.VOICEMAIL),
        ("nobody answered so I left a message", Outcome.VOICEMAIL),
        ("Dejé un recado con la contestadora", Outcome.VOICEMAIL),
        ("Le dejé mensaje", Outcome.VOICEMAIL),
        ("no contestan", Outcome.NO_ANSWER),
        ("No me contestó nadie", Outcome.NO_ANSWER),
        ("The mailbox is full", Outcome.NO_ANSWER),
        ("line was busy", Outcome.NO_ANSWER),
        ("Hablé con una señora muy amable", Outcome.SPOKE),
        ("I spoke with Andrew, he will pass it on", Outcome.SPOKE),
        ("me atendieron muy bien", Outcome.SPOKE),
        ("They answered!", Outcome.SPOKE),
        ("ese teléfono está fuera de servicio", Outcome.WRONG_NUMBER),
        ("I haven't called yet, will leave a message tomorrow", None),
        ("No pude llamar, nadie me dio tiempo", None),
        ("Free the fourteen!", None),
    ],
)
def test_own_words_suggest_an_outcome(said: str, outcome: Outcome | None) -> None:
    assert outcome_told(said) is outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("no, 2", Outcome.VOICEMAIL),
        ("No 2", Outcome.VOICEMAIL),
        ("Sorry, I meant 3", Outcome.NO_ANSWER),
        ("Perdón: 1", Outcome.SPOKE),
        ("quise decir 4", Outcome.WRONG_NUMBER),
        ("fue 2", Outcome.VOICEMAIL),
    ],
)
def test_a_second_code_takes_back_the_first(said: str, outcome: Outcome) -> None:
    understood = understand(said)

    assert (understood.verdict, understood.outcome) == (ReplyVerdict.OUTCOME, outcome)
    assert understood.corrects


@pytest.mark.parametrize("said", ["no 1 answered", "No 3 people came", "no", "sorry", "no 25"])
def test_not_every_no_before_a_number_is_a_correction(said: str) -> None:
    assert not understand(said).corrects


def test_offices_are_known_by_whole_words() -> None:
    assert offices_named("1 for Sen. MARKEY", NAMES) == ["MA-S"]
    assert offices_named("a clarkson fan", NAMES) == []
    assert offices_named("Markey y Clark", NAMES) == ["MA-S", "MA-5"]
    assert office_then_code("Markey: 2.") == ("Markey", "2")
    assert office_then_code("I saw 2 films") is None
