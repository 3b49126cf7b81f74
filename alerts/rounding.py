"""How many people did something, as partners are told it: in steps of five, rounded down.

Statistical offices round where the same people stand in several tables, and are counted again the next day: whoever
hides small cells has to hide ever more of the others. Rounded down, a number is true ("at least ten"). Who knows this
rule, and adds and subtracts all that a report tells, is left with two values at least for each number:

- Those who did something are told in steps, and so are those who did not. That all of them did it is not told.
- A sum and its parts, in as many tables as tell them, leave each part more than one value: where they would not, one
  of the parts is told as a step less.
- The sum of several reports is the sum of what each tells, so it tells nothing more.

Who gets a new version every hour sees when a number passes a step, but not who that was.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from alerts.numbers import FEW

STEP = FEW
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class AtLeast:
    """So many people, or some more."""

    number: int


Told = int | AtLeast | None  # None = it is not known any more


@dataclass(frozen=True)
class Some:
    """People who did something; ``of``: everybody who could, where they are told exactly."""

    number: int
    of: int | None = None

    @property
    def told(self) -> int:
        """How many there are at least, for whoever is told."""
        most = self.number if self.of is None else min(self.number, self.of - 1)
        return max(0, most) // STEP * STEP

    def room(self, told: int) -> int:
        """How many more there may be."""
        return STEP - 1 if self.of is None else min(STEP - 1, self.of - told)


def at_least(number: int, of: int | None = None) -> AtLeast:
    """A number beside no other that it is a part of; ``of`` as in Some."""
    return AtLeast(Some(number, of).told)


def in_tables(
    tables: Mapping[str, Mapping[Key, Some]], partial: Collection[str] = ()
) -> dict[str, dict[Key, AtLeast]]:
    """What is told of the same people in several tables; in those that are ``partial``, not all of them stand."""
    told = {name: {key: each.told for key, each in table.items()} for name, table in tables.items()}
    complete = [(tables[name], lines) for name, lines in told.items() if name not in partial]
    while excess := [each for each in told.values() if sum(each.values()) >= _most(complete)]:
        for lines in excess:
            lines[max(lines, key=lines.__getitem__)] -= STEP
    return {
        name: {key: AtLeast(number) for key, number in lines.items()}
        for name, lines in told.items()
    }


def within(
    numbers: Mapping[Key, int], limits: Sequence[tuple[Collection[Key], Collection[Key]]]
) -> dict[Key, AtLeast]:
    """What is told of numbers of which some are never more than others together: (these, never more than those)."""
    told = {key: number // STEP * STEP for key, number in numbers.items()}
    while excess := _excess(told, limits):
        for key in {max(lines, key=told.__getitem__) for lines in excess}:
            told[key] -= STEP
    return {key: AtLeast(number) for key, number in told.items()}


def summed(numbers: Sequence[Told]) -> Told:
    """What is told of several together, of those that are known."""
    known = [each for each in numbers if each is not None]
    if numbers and not known:
        return None
    together = sum(lowest(each) for each in known)
    return AtLeast(together) if any(isinstance(each, AtLeast) for each in known) else together


def lowest(told: Told) -> int:
    """How many they are at least."""
    return told.number if isinstance(told, AtLeast) else told or 0


def _most(tables: Sequence[tuple[Mapping[Key, Some], Mapping[Key, int]]]) -> int:
    """So many only if each line of one of these tables is all that it may be: fewer than that may be told."""
    rooms = (
        sum(lines[key] + some.room(lines[key]) for key, some in table.items())
        for table, lines in tables
        if table
    )
    return max(1, min(rooms, default=1))


def _excess(
    told: Mapping[Key, int], limits: Sequence[tuple[Collection[Key], Collection[Key]]]
) -> list[Collection[Key]]:
    """The lines that are told as so many that others can only be all that they may be."""
    most = {key: number + STEP - 1 for key, number in told.items()}
    single = [(next(iter(these)), those) for these, those in limits if len(these) == 1]
    changed = True
    while changed:
        changed = False
        for key, those in single:
            limit = sum(most[each] for each in those)
            if limit < most[key]:
                most[key], changed = limit, True
    return [
        these
        for these, those in limits
        if 0 < sum(told[each] for each in these) >= sum(most[each] for each in those)
    ]
