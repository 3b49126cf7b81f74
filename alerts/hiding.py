"""Which numbers of a report may be told? Small ones are hidden, and so is what would let anybody reckon them.

The same people stand in several tables of one page, and in the reports of an alert and of its case: a number
is told only where neither the other tables nor the other report, taken from it, leave a small one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from actions.models import Outcome
from actions.responses import REACHED
from alerts.numbers import FEW, tellable

SHOWN = (Outcome.SPOKE, Outcome.VOICEMAIL, Outcome.WROTE, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER)
UNHEARD = tuple(each for each in SHOWN if each not in REACHED)
Hidden = int | None  # None = some, who are not told
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What was counted, of one alert or of several together."""

    people: int  # who tried to reach an office
    reached: int  # who did
    offices: Mapping[str, Mapping[Outcome, int]]  # by the office's key; "" = not named
    states: Mapping[str, int]  # people who reached an office of a state; "" = only others
    days: Mapping[date, int]
    seats: Mapping[str, str]  # the state of each office that has one


@dataclass(frozen=True, kw_only=True)
class Tellable:
    """The same as a report may tell it."""

    few: bool  # too few were heard, or not heard, for anything they would be subtracted from
    people: Hidden
    reached: Hidden
    outcomes: Mapping[Outcome, Hidden]
    offices: Mapping[str, Mapping[Outcome, Hidden]]
    states: Mapping[str, Hidden]
    days: Mapping[date, Hidden]


def shown(number: int) -> Hidden:
    """A number of people as a report may tell it."""
    return None if 0 < number < FEW else number


def hide(whole: Tables, alerts: Sequence[Tables] = ()) -> Tellable:
    """What may be told of all ``alerts`` together, each of which has a report of its own."""
    return _hide(whole, [_hide(each, ()) for each in alerts])


def _hide(counted: Tables, parts: Sequence[Tellable]) -> Tellable:
    totals = Counter[Outcome]()
    for each in counted.offices.values():
        totals.update(each)
    few = any(shown(sum(totals[each] for each in group)) is None for group in (REACHED, UNHEARD))
    few = few or any(each.few for each in parts)
    outcomes = _outcomes(totals, parts)
    offices = _offices(counted, outcomes, parts)
    apart = _either(counted.people - counted.reached, few=few)
    return Tellable(
        few=few,
        people=None
        if apart is None or any(each.people is None for each in parts)
        else _either(counted.people, few=few),
        reached=None
        if any(each.reached is None for each in parts)
        else _either(counted.reached, few=few),
        outcomes=outcomes,
        offices=offices,
        states=_states(counted, offices, parts, few=few),
        days=told_beside(counted.days, _hidden([each.days for each in parts]), few=few),
    )


def _either(number: int, *, few: bool) -> Hidden:
    return None if few and number else shown(number)


def _outcomes(totals: Mapping[Outcome, int], parts: Sequence[Tellable]) -> dict[Outcome, Hidden]:
    """By outcome; apart for who was heard and who was not, since the number of the former is told."""
    apart = _hidden([each.outcomes for each in parts])
    found: dict[Outcome, Hidden] = {}
    for group in (REACHED, UNHEARD):
        found |= told_beside({each: totals[each] for each in group}, apart)
    return {each: found[each] for each in SHOWN}


def _offices(
    counted: Tables, outcomes: Mapping[Outcome, Hidden], parts: Sequence[Tellable]
) -> dict[str, dict[Outcome, Hidden]]:
    """Each office's cells; a column hides as much as its total asks for, all of it where that is hidden."""
    found: dict[str, dict[Outcome, Hidden]] = {each: {} for each in counted.offices}
    for outcome in SHOWN:
        column = {key: each.get(outcome, 0) for key, each in counted.offices.items()}
        theirs = [{key: each[outcome] for key, each in part.offices.items()} for part in parts]
        told = told_beside(column, _hidden(theirs), few=outcomes[outcome] is None)
        for key, number in told.items():
            found[key][outcome] = number
    return found


def _states(
    counted: Tables,
    offices: Mapping[str, Mapping[Outcome, Hidden]],
    parts: Sequence[Tellable],
    *,
    few: bool,
) -> dict[str, Hidden]:
    """By state; none where the calls to one of its offices are hidden, of which it would be the sum."""
    apart = _hidden([each.states for each in parts])
    apart |= {
        counted.seats.get(key, "")
        for key, cells in offices.items()
        if any(cells[each] is None for each in REACHED)
    }
    told = tellable(0 if few else counted.reached, counted.states, hidden=apart)
    return {each: told[each] for each in counted.states}


def _hidden(tables: Sequence[Mapping[Any, Hidden]]) -> set[Any]:
    """What one of these does not tell."""
    return {key for table in tables for key, number in table.items() if number is None}


def told_beside(
    counts: Mapping[Key, int], apart: Collection[Key] = (), *, few: bool = False
) -> dict[Key, Hidden]:
    """What may be told of numbers beside their sum; of ``few``, nothing but that there were none."""
    if few:
        return {key: None if count else 0 for key, count in counts.items()}
    named = {str(key): count for key, count in counts.items()}
    safe = tellable(sum(named.values()), named, hidden={str(each) for each in apart})
    return {key: safe[str(key)] for key in counts}
