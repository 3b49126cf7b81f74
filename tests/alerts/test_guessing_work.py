"""What kind of work an alert looks like, by whom it asks and for what."""

from __future__ import annotations

import pytest

from actions.models import TargetKind, TargetRule
from alerts.guessing_work import Because, Guess, guess
from alerts.models import Work

CONGRESS, CUSTOM = TargetRule.CONGRESS, TargetRule.CUSTOM


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Please vote yes on H.R. 1234.", "H.R. 1234"),
        ("Will the senator cosponsor S. 567?", "S. 567"),
        ("Support H.Res. 12 today", "H.Res. 12"),
        ("Sign on to the resolution", "resolution"),
        ("Vote no.", "Vote"),
        ("an amendment to the aid", "amendment"),
        ("Pida que apoye el proyecto de ley.", "proyecto de ley"),
        ("que cambie la ley", "ley"),
    ],
)
def test_asking_the_public_to_call_congress_about_a_law_looks_like_grassroots(
    text: str, word: str
) -> None:
    assert guess([CONGRESS], [], [text]) == Guess(Work.GRASSROOTS, Because.LEGISLATION, word)


@pytest.mark.parametrize(
    "text",
    ["Please speak up for the fourteen.", "Billy S. lives in Leyton; devote a day.", "U.S. 14"],
)
def test_asking_congress_for_what_needs_no_law_looks_like_advocacy(text: str) -> None:
    assert guess([CONGRESS], [], [text]) == Guess(Work.ADVOCACY, Because.NO_LEGISLATION)


def test_embassies_make_no_laws_but_state_legislators_do() -> None:
    text = "Veto the bill"

    embassy = guess([CUSTOM], [TargetKind.SV_EMBASSY], [text])
    legislator = guess([CUSTOM], [TargetKind.LEGISLATOR], [text])

    assert embassy == Guess(Work.ADVOCACY, Because.NO_LEGISLATORS)
    assert legislator == Guess(Work.GRASSROOTS, Because.LEGISLATION, "bill")


def test_who_asks_for_nothing_teaches_and_an_empty_draft_looks_like_nothing() -> None:
    assert guess([], [], ["Five are free."]) == Guess(Work.EDUCATION, Because.NOTHING_ASKED)
    assert guess([CONGRESS], [], ["", " "]) is None
