"""Whatever a report of an email tells partners, with everything in it, leaves open how few people did what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.numbers import FEW
from alerts.rounding import AtLeast, lowest
from alerts.told_emails import ToldFigures, add_parts, tell, together
from campaigns.reports import Hour
from campaigns.results import Part, Parts, Result

AT = datetime(2026, 11, 18, 14, tzinfo=UTC)
NOBODY = Parts(languages={}, projects={})


def an_email(ways: list[Result], *, english: Part, hours: tuple[Hour, ...] = ()) -> ToldFigures:
    """As partners are told it; whoever is not written to in English is in Spanish."""
    whole = sum(ways, Result())
    spanish = Part(
        left=whole.left - english.left,
        clicked=whole.clicked - english.clicked,
        acted=whole.acted - english.acted,
    )
    languages = {"en": english, "es": spanish}
    return tell(ways, Parts(languages=languages, projects={}), hours, forgotten=False, whole=False)


def results(left: int) -> Iterator[Result]:
    for clicked in range(left + 1):
        for machines in range(left - clicked + 1):
            for acted in range(left + 1):
                for through in range(min(clicked, acted) + 1):
                    told = {"clicked": clicked, "machines": machines, "acted": acted}
                    yield Result(left=left, **told, through=through)


@pytest.mark.parametrize("left", [1, 3, 5, 7, 10])
def test_no_few_people_are_reckoned_from_one_row(left: int) -> None:
    possible: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for each in results(left):
        parts = Part(left=left, clicked=each.clicked, acted=each.acted)
        told = str(an_email([each], english=parts))
        for name, number in (
            ("clicked", each.clicked),
            ("machines", each.machines),
            ("acted", each.acted),
            ("through", each.through),
            ("did not click", left - each.clicked),
            ("did not act", left - each.acted),
            ("acted by themselves", each.acted - each.through),
            ("clicked and did not act", each.clicked - each.through),
            ("nobody clicked", left - each.clicked - each.machines),
        ):
            possible[told][name].add(number)

    known = [
        (name, *numbers)
        for values in possible.values()
        for name, numbers in values.items()
        if len(numbers) == 1 and 0 < min(numbers) < FEW
    ]

    assert known == []


def test_calls_are_told_in_steps_too() -> None:
    result = Result(left=30, clicked=12, acted=7, through=6, calls=11, replies=2)

    told = an_email([result], english=Part(left=20, clicked=8, acted=7)).result

    assert told.left == 30
    assert (told.clicked, told.acted, told.through) == (AtLeast(10), AtLeast(5), AtLeast(5))
    assert (told.calls, told.replies) == (AtLeast(10), AtLeast(0))


def test_ways_of_writing_are_told_beside_their_sum_and_lines_that_tell_of_nobody_are_not() -> None:
    ways = [Result(left=15, clicked=14, acted=2), Result(left=15, clicked=9, acted=1)]

    told = an_email(ways, english=Part(left=25, clicked=21, acted=3))

    assert [(each.left, each.clicked) for each in told.ways] == [
        (15, AtLeast(10)),
        (15, AtLeast(5)),
    ]
    assert told.result.clicked == AtLeast(20)
    assert set(told.languages) == {"en"}  # two were written to in Spanish, and did something
    assert told.languages["en"].left == 0


def test_an_hour_tells_no_more_than_the_whole() -> None:
    hours = (Hour(AT, 10, 0), Hour(AT + timedelta(hours=1), 0, 0))

    told = an_email([Result(left=10, clicked=10)], english=Part(left=10, clicked=10), hours=hours)

    assert told.result.clicked == AtLeast(5)
    assert [each.clicked for each in told.hours] == [AtLeast(5), AtLeast(0)]


def test_a_campaign_tells_what_its_emails_tell_and_no_more() -> None:
    first = an_email([Result(left=9, clicked=8)], english=Part(left=8, clicked=7))
    second = an_email([Result(left=20, clicked=13)], english=Part(left=12, clicked=6))

    whole = together([first.result, second.result])

    assert (whole.left, whole.clicked) == (29, AtLeast(15))
    lines = add_parts([first.languages, second.languages])
    assert {key: each.clicked for key, each in lines.items()} == {
        "en": AtLeast(10),
        "es": AtLeast(5),
    }


@pytest.mark.parametrize("whole", [True, False])
def test_what_people_did_with_a_forgotten_email_is_no_number(whole: bool) -> None:
    result = Result(left=400, replies=6)
    parts = Parts(languages={"": Part()}, projects={})

    told = tell([result], parts, [Hour(AT, 0, 0)], forgotten=True, whole=whole)

    known: dict[str, Any] = {n: v for n, v in vars(told.result).items() if v is not None}
    assert {name: lowest(number) for name, number in known.items()} == {
        "left": 400,
        "replies": 6 if whole else 5,
    }
    assert (told.languages, told.hours, told.ways) == ({}, (), ())


def test_sums_leave_out_what_is_forgotten_and_of_nothing_known_are_not_known() -> None:
    old = tell([Result(left=400)], NOBODY, forgotten=True, whole=True).result
    new = tell([Result(left=9, clicked=4)], NOBODY, forgotten=False, whole=True).result

    assert (together([old, new]).left, together([old, new]).clicked) == (409, 4)
    assert together([old]).clicked is None
    assert together([]).clicked == 0
