"""Whoever knows the rule, and reckons with all that a report of an alert tells, finds no number of few people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from actions.models import Outcome
from actions.responses import REACHED
from alerts.numbers import FEW
from alerts.rounding import AtLeast, at_least, lowest
from alerts.told_calls import SHOWN, UNHEARD, Counted, ToldCalls, add_calls, tell_calls

FIRST = date(2026, 11, 10)
OFFICES = ("us:house:WI:2", "us:house:MA:1", "custom:embassy", "", "us:house:WI:3")
Answer = tuple[str, Outcome, int]  # office, outcome, day
Person = tuple[Answer, ...]  # each office once


def counted(people: Mapping[Person, int]) -> Counted:
    seats = {key: key.split(":")[2] for key in OFFICES if key.startswith("us:")}
    every: dict[str, Counter[Outcome]] = defaultdict(Counter)
    states, days = Counter({"": 0}), Counter[date]()
    reached = 0
    for answers, count in people.items():
        heard = [office for office, outcome, _ in answers if outcome in REACHED]
        reached += count if heard else 0
        their = {seats[each] for each in heard if each in seats} or ({""} if heard else set())
        states.update(dict.fromkeys(their, count))
        for office, outcome, day in answers:
            every[office][outcome] += count
            days[FIRST + timedelta(days=day)] += count
    offices = {key: each for key, each in every.items() if any(each.values())}
    return Counted(
        people=sum(people.values()),
        reached=reached,
        offices=offices,
        states={key: count for key, count in states.items() if count or not key},
        days={key: count for key, count in days.items() if count},
        seats={key: state for key, state in seats.items() if key in offices},
    )


def quantities(found: Counted) -> Iterator[tuple[str, int]]:
    """What somebody may want to know."""
    yield "people", found.people
    yield "reached", found.reached
    yield "not reached", found.people - found.reached
    for outcome in SHOWN:
        yield outcome, sum(each.get(outcome, 0) for each in found.offices.values())
    for group in (REACHED, UNHEARD):
        yield str(group), sum(each.get(o, 0) for each in found.offices.values() for o in group)
    for office, outcome in product(OFFICES, SHOWN):
        yield f"{office} {outcome}", found.offices.get(office, {}).get(outcome, 0)
    for state in ("WI", "MA", ""):
        yield f"in {state}", found.states.get(state, 0)
    for day in range(6):
        yield f"on {day}", found.days.get(FIRST + timedelta(days=day), 0)


def found_out(
    possible: Iterable[Counted], told: Callable[[Counted], ToldCalls]
) -> list[tuple[str, int]]:
    """The numbers of few people that are the same in each world of which a reader is told the same."""
    known: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for world in possible:
        report = told(world)
        read = str(sorted((name, str(_sorted(each))) for name, each in vars(report).items()))
        for name, number in quantities(world):
            known[read][name].add(number)
    return [
        (name, min(numbers))
        for values in known.values()
        for name, numbers in values.items()
        if len(numbers) == 1 and 0 < min(numbers) < FEW
    ]


def _sorted(each: object) -> object:
    if not isinstance(each, Mapping):
        return each
    return sorted((str(key), str(_sorted(value))) for key, value in each.items())


def worlds(kinds: Sequence[Person], most: int) -> Iterator[Counted]:
    """Every way in which so many people are of these kinds."""
    for numbers in product(range(most + 1), repeat=len(kinds)):
        yield counted(dict(zip(kinds, numbers, strict=True)))


WI, MA, EMBASSY, UNNAMED, _ = OFFICES
SPOKE, NO_ANSWER = Outcome.SPOKE, Outcome.NO_ANSWER
KINDS: dict[str, list[Person]] = {
    "outcomes": [((WI, each, 0),) for each in SHOWN],
    "offices": [((each, SPOKE, 0),) for each in OFFICES],
    "offices that nobody reached": [((each, NO_ANSWER, 0),) for each in OFFICES],
    "days": [((WI, SPOKE, each),) for each in range(5)],
    "heard and not": [
        ((WI, SPOKE, 0),),
        *(((each, NO_ANSWER, 0),) for each in (WI, MA, EMBASSY, UNNAMED)),
    ],
}


@pytest.mark.parametrize("kinds", KINDS)
def test_no_number_of_few_people_follows_from_an_alerts_tables(kinds: str) -> None:
    assert found_out(worlds(KINDS[kinds], FEW - 1), tell_calls) == []


@pytest.mark.long
def test_nor_where_offices_days_and_outcomes_are_beside_each_other() -> None:
    kinds = [((WI, SPOKE, 0),), ((WI, NO_ANSWER, 1),), ((MA, SPOKE, 1),), ((MA, SPOKE, 0),)]

    assert found_out(worlds(kinds, 2 * FEW - 1), tell_calls) == []


def test_the_attack_finds_what_is_rounded_without_a_look_at_the_sums() -> None:
    def told(world: Counted) -> ToldCalls:
        rounded = {key: count // FEW * FEW for key, count in world.days.items()}
        return replace(
            tell_calls(world),
            people=at_least(world.people),
            days={key: AtLeast(number) for key, number in rounded.items() if number},
        )

    assert ("on 0", 4) in found_out(worlds(KINDS["days"], FEW - 1), told)


def test_what_is_told_is_true() -> None:
    for world in worlds(KINDS["heard and not"], FEW - 1):
        told = tell_calls(world)

        assert lowest(told.people) <= world.people
        assert lowest(told.reached) <= world.reached


def test_several_alerts_tell_the_sum_of_what_each_tells() -> None:
    alerts = [tell_calls(counted({((WI, SPOKE, day),): 9})) for day in (0, 1)]

    together = add_calls(alerts)

    assert together.people == together.outcomes[SPOKE] == together.states["WI"] == AtLeast(10)
    assert together.offices[WI][SPOKE] == AtLeast(10)
    assert list(together.days.values()) == [AtLeast(5), AtLeast(5)]
    assert add_calls([]).outcomes[SPOKE] == AtLeast(0)
