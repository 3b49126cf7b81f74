"""What partners are told of calls and letters: of an alert in steps (``alerts/rounding.py``), of several the sums of that."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from actions.models import Outcome
from actions.responses import REACHED
from alerts.rounding import AtLeast, Told, lowest, summed, within

SHOWN = (Outcome.SPOKE, Outcome.VOICEMAIL, Outcome.WROTE, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER)
UNHEARD = tuple(each for each in SHOWN if each not in REACHED)
K = TypeVar("K", bound=Hashable)
Number = tuple[Hashable, ...]  # what is counted, by its table and line
Limit = tuple[Sequence[Number], Sequence[Number]]  # these are never more than those
PEOPLE: Number = ("people",)
HEARD: Number = ("reached",)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What was counted of an alert."""

    people: int  # who tried to reach an office
    reached: int  # who did
    offices: Mapping[str, Mapping[Outcome, int]]  # by the office's key; "" = not named
    states: Mapping[str, int]  # people who reached an office of a state; "" = only others
    days: Mapping[date, int]
    seats: Mapping[str, str]  # the state of each office that has one


@dataclass(frozen=True, kw_only=True)
class ToldCalls:
    """The same as it is told; lines that tell of nobody are left out."""

    people: Told
    reached: Told
    outcomes: Mapping[Outcome, Told]
    offices: Mapping[str, Mapping[Outcome, Told]]
    states: Mapping[str, Told]
    days: Mapping[date, Told]


def tell_calls(counted: Counted) -> ToldCalls:
    """What is told of an alert."""
    told = within(_numbers(counted), list(_limits(counted)))
    offices = {key: {each: told["cell", key, each] for each in SHOWN} for key in counted.offices}
    return ToldCalls(
        people=told[PEOPLE],
        reached=told[HEARD],
        outcomes={each: told["outcome", each] for each in SHOWN},
        offices={key: cells for key, cells in offices.items() if any(map(lowest, cells.values()))},
        states=_telling({each: told["state", each] for each in counted.states if each}),
        days=_telling({each: told["day", each] for each in counted.days}),
    )


def add_calls(alerts: Sequence[ToldCalls]) -> ToldCalls:
    """What is told of several alerts: the sum of what each tells, so that it tells nothing more."""
    offices = {key for each in alerts for key in each.offices}
    return ToldCalls(
        people=summed([each.people for each in alerts]),
        reached=summed([each.reached for each in alerts]),
        outcomes={**dict.fromkeys(SHOWN, AtLeast(0)), **_added([each.outcomes for each in alerts])},
        offices={
            key: _added([each.offices[key] for each in alerts if key in each.offices])
            for key in offices
        },
        states=_added([each.states for each in alerts]),
        days=_added([each.days for each in alerts]),
    )


def _numbers(counted: Counted) -> dict[Number, int]:
    """Everything that is told, and whoever stands in none of its lines."""
    cells: dict[Number, int] = {
        ("cell", key, each): found.get(each, 0)
        for key, found in counted.offices.items()
        for each in SHOWN
    }
    outcomes: dict[Number, int] = {
        ("outcome", each): sum(found.get(each, 0) for found in counted.offices.values())
        for each in SHOWN
    }
    states: dict[Number, int] = {("state", key): count for key, count in counted.states.items()}
    days: dict[Number, int] = {("day", key): count for key, count in counted.days.items()}
    return {PEOPLE: counted.people, HEARD: counted.reached, **cells, **outcomes, **states, **days}


def _limits(counted: Counted) -> Iterator[Limit]:
    """Somebody tells of several offices, on several days; of each office once."""
    heard, unheard = _lines("outcome", REACHED), _lines("outcome", UNHEARD)
    days = _lines("day", [each for each, count in counted.days.items() if count])
    states = _lines("state", [each for each, count in counted.states.items() if count])
    for outcome in SHOWN:
        yield from _same([("outcome", outcome)], _column(counted, outcome))
    yield from _same([*heard, *unheard], days)
    for most in ([*heard, *unheard], days, [HEARD, *unheard]):
        yield [PEOPLE], most
    for most in (heard, states, [PEOPLE]):
        yield [HEARD], most
    yield from _limits_of_offices(counted)


def _limits_of_offices(counted: Counted) -> Iterator[Limit]:
    called: dict[str, list[Number]] = {}
    for key in counted.offices:
        called.setdefault(counted.seats.get(key, ""), []).extend(_called(counted, key))
        heard = _cells(key, REACHED)
        yield _cells(key, SHOWN), [PEOPLE]
        yield heard, [HEARD]
        yield [*heard], [("state", counted.seats[key])] if key in counted.seats else [HEARD]
    for state in counted.states:
        yield [("state", state)], [HEARD]
        yield [("state", state)], called.get(state, [])


def _same(some: Sequence[Number], others: Sequence[Number]) -> list[Limit]:
    return [(some, others), (others, some)]


def _column(counted: Counted, outcome: Outcome) -> list[Number]:
    """The cells of an outcome of which there is something to tell: no more of them may be known to be there."""
    return [("cell", key, outcome) for key, found in counted.offices.items() if found.get(outcome)]


def _called(counted: Counted, key: str) -> list[Number]:
    """The same of an office, of calls that it heard."""
    return _cells(key, [each for each in REACHED if counted.offices[key].get(each)])


def _cells(key: str, outcomes: Sequence[Outcome]) -> list[Number]:
    return [("cell", key, each) for each in outcomes]


def _lines(table: str, keys: Sequence[Hashable]) -> list[Number]:
    return [(table, key) for key in keys]


def _telling(lines: Mapping[K, AtLeast]) -> dict[K, Told]:
    return {key: told for key, told in lines.items() if told.number}


def _added(tables: Sequence[Mapping[K, Told]]) -> dict[K, Told]:
    lines: dict[K, list[Told]] = {}
    for table in tables:
        for key, told in table.items():
            lines.setdefault(key, []).append(told)
    return {key: summed(same) for key, same in lines.items()}
