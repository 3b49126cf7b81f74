"""Whoever knows the rule, and reckons with everything that a report tells, finds no number of few people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import pytest

from alerts.numbers import FEW
from alerts.rounding import AtLeast, Some, at_least, in_tables, lowest, summed

World = Mapping[str, Sequence[int]]  # tables of the same people
Told = Mapping[str, Mapping[int, AtLeast]]


def split(total: int, parts: int, most: int) -> Iterator[tuple[int, ...]]:
    """Every way in which so many people stand in the lines of a table."""
    if parts == 1:
        if total <= most:
            yield (total,)
        return
    for first in range(min(total, most) + 1):
        for others in split(total - first, parts - 1, most):
            yield (first, *others)


def of_an_email(left: int) -> Iterator[World]:
    """Who followed a link: in all, of two languages and of two committees, and in an hour that is over."""
    for total in range(left + 1):
        languages, projects = list(split(total, 2, left)), list(split(total, 2, left))
        for one, other, hour in product(languages, projects, range(0, total + 1, 3)):
            yield {"all": (total,), "languages": one, "projects": other, "hours": (hour,)}


def of_five_committees() -> Iterator[World]:
    """Of few people in each of five lines, beside another table: in which they may all be one line."""
    for parts in product(range(FEW), repeat=5):
        yield {"all": (sum(parts),), "projects": parts, "languages": (sum(parts),)}


def tell(world: World, left: int | None) -> Told:
    of = {"all": left}
    tables = {
        name: {at: Some(number, of.get(name)) for at, number in enumerate(numbers)}
        for name, numbers in world.items()
    }
    return in_tables(tables, partial=["hours"])


def tell_two_ways(left: tuple[int, int]) -> Callable[[World, int | None], Told]:
    """With how many got each of two subjects, which is told exactly."""

    def told(world: World, whole: int | None) -> Told:
        of = {"all": (whole,), "ways": left}
        return in_tables(
            {
                name: {
                    at: Some(number, of[name][at] if name in of else None)
                    for at, number in enumerate(numbers)
                }
                for name, numbers in world.items()
            }
        )

    return told


def without_care(world: World, left: int | None) -> Told:
    """The same, each number by itself."""
    return {
        name: {at: at_least(number, left) for at, number in enumerate(numbers)}
        for name, numbers in world.items()
    }


def quantities(world: World, left: int | None) -> Iterator[tuple[str, int]]:
    """What somebody may want to know: each number, and of how many it is not true."""
    for name, numbers in world.items():
        for at, number in enumerate(numbers):
            yield f"{name} {at}", number
    if left is not None:
        yield "not", left - world["all"][0]


def found_out(
    worlds: Iterable[World], left: int | None, told: Callable[[World, int | None], Told] = tell
) -> list[tuple[str, int]]:
    """The numbers of few people that are the same in each world of which a reader is told the same."""
    possible: dict[Any, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for world in worlds:
        read = str(told(world, left))
        for name, number in quantities(world, left):
            possible[read][name].add(number)
    return [
        (name, min(numbers))
        for values in possible.values()
        for name, numbers in values.items()
        if len(numbers) == 1 and 0 < min(numbers) < FEW
    ]


@pytest.mark.parametrize("left", [1, 2, 5, 6, 9, 10, 11])
def test_no_number_of_few_people_follows_from_an_emails_tables(left: int) -> None:
    assert found_out(of_an_email(left), left) == []


@pytest.mark.parametrize("left", [(1, 2), (5, 1), (5, 5), (6, 4), (10, 1)])
def test_nor_from_two_subjects_of_which_it_is_told_how_many_got_each(left: tuple[int, int]) -> None:
    worlds = [
        {"all": (sum(ways),), "ways": ways, "languages": languages, "not": not_}
        for ways in product(*(range(each + 1) for each in left))
        for languages in split(sum(ways), 2, sum(left))
        for not_ in [tuple(n - did for n, did in zip(left, ways, strict=True))]
    ]

    def told(world: World, whole: int | None) -> Told:
        known = {name: numbers for name, numbers in world.items() if name != "not"}
        return tell_two_ways(left)(known, whole)

    assert found_out(worlds, sum(left), told) == []


def test_nor_from_a_table_each_line_of_which_is_all_that_it_may_be() -> None:
    assert found_out(of_five_committees(), None) == []


def test_the_attack_finds_what_is_rounded_without_a_look_at_the_sums() -> None:
    told = found_out(of_five_committees(), None, without_care)

    assert ("projects 0", 4) in told


def test_nobody_learns_that_all_of_them_did_it_nor_how_many_did_not() -> None:
    assert [at_least(number, 10) for number in (10, 9, 5, 4)] == [
        AtLeast(5),
        AtLeast(5),
        AtLeast(5),
        AtLeast(0),
    ]


def test_what_is_told_is_true() -> None:
    for world in of_an_email(11):
        for name, lines in tell(world, 11).items():
            assert all(0 <= told.number <= world[name][at] for at, told in lines.items())


def test_a_sum_is_of_what_is_known() -> None:
    assert summed([AtLeast(10), None, AtLeast(5)]) == AtLeast(15)
    assert summed([7, 0]) == 7
    assert summed([None, None]) is None
    assert summed([]) == 0
    assert [lowest(each) for each in (3, AtLeast(5), None)] == [3, 5, 0]
