"""Whatever a report tells is added and subtracted here, and no small number comes of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from actions.models import Outcome
from actions.responses import REACHED
from alerts.hiding import SHOWN, Tables, Tellable, hide
from alerts.numbers import FEW

FIRST = date(2026, 11, 10)
SEATS = {"us:house:WI:2": "WI", "us:house:MA:1": "MA", "us:house:ME:2": "ME", "custom:embassy": ""}
Cell = tuple[int, str, Outcome, int]  # alert, office, outcome, day: people who told that, each once


def tables(cells: Mapping[Cell, int]) -> Tables:
    offices: dict[str, Counter[Outcome]] = {}
    states, days = Counter({"": 0}), Counter[date]()
    for (_alert, office, outcome, day), count in cells.items():
        offices.setdefault(office, Counter())[outcome] += count
        days[FIRST + timedelta(days=day)] += count
        if outcome in REACHED:
            states[SEATS[office]] += count
    return Tables(
        people=sum(cells.values()),
        reached=sum(states.values()),
        offices=offices,
        states=states,
        days=days,
        seats={key: state for key, state in SEATS.items() if state},
    )


@dataclass(frozen=True)
class Number:
    """Something a report tells, or hides: which cells it is the sum of."""

    of: frozenset[Cell]
    told: int | None


def numbers(cells: Mapping[Cell, int], report: Tellable) -> list[Number]:
    names = ("alert", "office", "outcome", "day")
    alerts, offices = {cell[0] for cell in cells}, {cell[1] for cell in cells}
    possible = list(product(alerts, offices, SHOWN, {cell[3] for cell in cells}))

    def of(told: int | None, **wanted: Any) -> Number:
        return Number(
            frozenset(
                cell
                for cell in possible
                if all(
                    dict(zip(names, cell, strict=True))[name] in values
                    for name, values in wanted.items()
                )
            ),
            told,
        )

    found = [of(report.people), of(report.reached, outcome=REACHED)]
    found += [of(told, outcome=[each]) for each, told in report.outcomes.items()]
    for office, line in report.offices.items():
        found += [of(told, office=[office], outcome=[each]) for each, told in line.items()]
    for state, told in report.states.items():
        seated = [key for key, its in SEATS.items() if its == state]
        if state:
            found.append(of(told, office=seated, outcome=REACHED))
    found += [of(told, day=[(each - FIRST).days]) for each, told in report.days.items()]
    # What nobody tells and everybody could reckon: who tried and was not heard.
    return [*found, of(None, outcome=[each for each in SHOWN if each not in REACHED])]


def reckoned(every: Sequence[Number]) -> Iterable[Number]:
    """The hidden numbers that follow from sums and differences of those that are told."""
    nobody = {cell for each in every if each.told == 0 for cell in each.of}
    names = sorted({cell for each in every for cell in each.of} - nobody)
    basis: list[tuple[int, list[Fraction]]] = []

    def reduced(row: list[Fraction]) -> list[Fraction]:
        for pivot, known in basis:
            if row[pivot]:
                row = [mine - row[pivot] * its for mine, its in zip(row, known, strict=True)]
        return row

    def row_of(number: Number) -> list[Fraction]:
        return [Fraction(cell in number.of) for cell in names]

    for each in every:
        row = reduced(row_of(each)) if each.told is not None else []
        pivot = next((at for at, value in enumerate(row) if value), None)
        if pivot is not None:
            basis.append((pivot, [value / row[pivot] for value in row]))
    return [each for each in every if each.told is None and not any(reduced(row_of(each)))]


def leaks(cells: Mapping[Cell, int], *reports: tuple[Mapping[Cell, int], Tellable]) -> list[int]:
    every = [each for part, report in reports for each in numbers(part, report)]
    sizes = [sum(cells.get(cell, 0) for cell in each.of) for each in reckoned(every)]
    return [size for size in sizes if 0 < size < FEW]


def world(seed: int, alerts: int) -> dict[Cell, int]:
    chance = random.Random(seed)
    offices = chance.sample(sorted(SEATS), chance.randint(1, len(SEATS)))
    cells: Counter[Cell] = Counter()
    for _ in range(chance.randint(1, 9)):
        place = (chance.randrange(alerts), chance.choice(offices))
        cells[(*place, chance.choice(SHOWN), chance.randrange(3))] += chance.randint(1, 9)
    return cells


def test_nothing_small_is_reckoned_from_one_office() -> None:
    office = "us:house:WI:2"
    told = {Outcome.SPOKE: 9, Outcome.VOICEMAIL: 2, Outcome.NO_ANSWER: 6}
    cells = {(0, office, outcome, 0): count for outcome, count in told.items()}

    report = hide(tables(cells))

    assert report.reached == 11
    assert report.outcomes[Outcome.VOICEMAIL] is None
    assert report.outcomes[Outcome.SPOKE] is None
    assert leaks(cells, (cells, report)) == []


@pytest.mark.parametrize("few", [Outcome.SPOKE, Outcome.NO_ANSWER])
def test_where_few_were_heard_or_not_heard_no_sum_of_both_is_told(few: Outcome) -> None:
    other = Outcome.NO_ANSWER if few is Outcome.SPOKE else Outcome.SPOKE
    cells = {(0, "us:house:WI:2", few, 0): 2, (0, "us:house:WI:2", other, 1): 9}

    report = hide(tables(cells))

    assert (report.people, report.reached) == (None, None)
    assert set(report.days.values()) == {None}
    assert report.states["WI"] is None
    assert leaks(cells, (cells, report)) == []


@pytest.mark.parametrize("start", range(0, 600, 100))
def test_no_small_number_is_reckoned_from_an_alerts_report(start: int) -> None:
    for seed in range(start, start + 100):
        cells = world(seed, 1)
        assert leaks(cells, (cells, hide(tables(cells)))) == [], seed


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_nor_from_that_of_a_case_and_those_of_its_alerts(start: int) -> None:
    for seed in range(start, start + 100):
        cells = world(seed, 2)
        parts = [
            {cell: count for cell, count in cells.items() if cell[0] == alert} for alert in (0, 1)
        ]
        reports = [(part, hide(tables(part))) for part in parts]
        together = hide(tables(cells), [tables(part) for part in parts])
        assert leaks(cells, (cells, together), *reports) == [], seed


def test_the_attack_finds_what_is_not_hidden() -> None:
    office = "us:house:WI:2"
    told = {Outcome.SPOKE: 9, Outcome.VOICEMAIL: 2, Outcome.NO_ANSWER: 6}
    cells = {(0, office, outcome, 0): count for outcome, count in told.items()}
    whole = frozenset(cells)
    spoke, voicemail, failed = (frozenset({cell}) for cell in cells)
    told_so = [Number(whole, 17), Number(spoke, 9), Number(failed, 6), Number(voicemail, None)]

    assert [each.of for each in reckoned(told_so)] == [voicemail]
