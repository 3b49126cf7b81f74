"""Intervals as they were published, and what is said of several shares.

The figures are those of R. G. Newcombe, Statistics in Medicine 17 (1998): single shares from pages 857-872, table I,
method 3; differences from pages 873-890, table II, method 10.
"""

from __future__ import annotations

import random

import pytest

from campaigns.odds import ENOUGH, Count, difference, judge, normal, wilson


@pytest.mark.parametrize(
    ("did", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_a_share_has_wilsons_interval(did: int, of: int, low: float, high: float) -> None:
    found = wilson(Count(did, of))

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_a_difference_has_newcombes_interval(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference(Count(*one), Count(*other))

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_of_nobody_anything_is_possible() -> None:
    found = wilson(Count(0, 0))

    assert (found.low, found.high) == (0.0, 1.0)


def test_several_comparisons_are_each_stricter() -> None:
    assert [round(normal(n), 4) for n in (1, 3, 6)] == [1.9600, 2.3940, 2.6383]


def test_a_small_lead_is_not_clear_and_a_large_one_is() -> None:
    assert not judge([Count(30, 1000), Count(41, 1000)]).clear
    assert judge([Count(30, 1000), Count(60, 1000)]).clear
    assert judge([Count(30, 1000), Count(60, 1000)]).leader == 1


def test_of_few_people_nothing_is_said_however_far_apart() -> None:
    few = ENOUGH - 1

    assert not judge([Count(0, few), Count(few, few)]).clear
    assert judge([Count(0, ENOUGH), Count(ENOUGH, ENOUGH)]).clear


def test_what_is_clear_of_two_may_not_be_of_four() -> None:
    two = [Count(30, 1000), Count(48, 1000)]

    assert judge(two).clear
    assert not judge([*two, Count(30, 1000), Count(30, 1000)]).clear


def test_the_first_leads_where_all_are_alike() -> None:
    assert judge([Count(0, 500), Count(0, 500)]).leader == 0
    assert judge([Count(3, 500), Count(5, 500), Count(5, 500)]).leader == 1


@pytest.mark.parametrize("ways", [2, 4])
def test_a_difference_that_is_not_there_is_seldom_called_clear(ways: int) -> None:
    chance = random.Random(7)
    wrong = 0
    for _ in range(400):
        counts = [Count(_some(chance, 400, 0.05), 400) for _ in range(ways)]
        wrong += judge(counts).clear

    assert wrong <= 20  # one in twenty at most


def _some(chance: random.Random, of: int, share: float) -> int:
    return sum(chance.random() < share for _ in range(of))
