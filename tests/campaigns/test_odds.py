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
    found = difference([Count(*one)], [Count(*other)], [1.0])

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_of_nobody_anything_is_possible() -> None:
    found = wilson(Count(0, 0))

    assert (found.low, found.high) == (0.0, 1.0)


def test_several_comparisons_are_each_stricter() -> None:
    assert [round(normal(n), 4) for n in (1, 3, 6)] == [1.9600, 2.3940, 2.6383]


def test_a_small_lead_is_not_clear_and_a_large_one_is() -> None:
    assert not judge([[Count(30, 1000), Count(41, 1000)]]).clear
    assert judge([[Count(30, 1000), Count(60, 1000)]]).clear
    assert judge([[Count(30, 1000), Count(60, 1000)]]).leader == 1


def test_of_few_people_nothing_is_said_however_far_apart() -> None:
    few = ENOUGH - 1

    assert not judge([[Count(0, few), Count(few, few)]]).clear
    assert judge([[Count(0, ENOUGH), Count(ENOUGH, ENOUGH)]]).clear


def test_what_is_clear_of_two_may_not_be_of_four() -> None:
    two = [Count(30, 1000), Count(48, 1000)]

    assert judge([two]).clear
    assert not judge([[*two, Count(30, 1000), Count(30, 1000)]]).clear


def test_the_first_leads_where_all_are_alike() -> None:
    assert judge([[Count(0, 500), Count(0, 500)]]).leader == 0
    assert judge([[Count(3, 500), Count(5, 500), Count(5, 500)]]).leader == 1


@pytest.mark.parametrize("ways", [2, 4])
def test_a_difference_that_is_not_there_is_seldom_called_clear(ways: int) -> None:
    chance = random.Random(7)
    wrong = 0
    for _ in range(400):
        counts = [Count(_some(chance, 400, 0.05), 400) for _ in range(ways)]
        wrong += judge([counts]).clear

    assert wrong <= 20  # one in twenty at most


def _some(chance: random.Random, of: int, share: float) -> int:
    return sum(chance.random() < share for _ in range(of))


STRATA = [[Count(20, 200), Count(40, 200)], [Count(1, 50), Count(4, 50)]]


def test_strata_are_put_together_as_published() -> None:
    """By the formulas of Yan and Su, reckoned by hand for weights of 0.8 and 0.2."""
    english, spanish = STRATA
    one, other = (english[1], spanish[1]), (english[0], spanish[0])

    found = difference(one, other, [0.8, 0.2])

    apart = 0.8 * (0.2 - 0.1) + 0.2 * (0.08 - 0.02)
    assert found.low < apart < found.high
    assert (round(found.low, 4), round(found.high, 4)) == by_hand(one, other, (0.8, 0.2))


def by_hand(
    one: tuple[Count, ...], other: tuple[Count, ...], weights: tuple[float, ...]
) -> tuple[float, float]:
    z = 1.959964

    def limits(way: tuple[Count, ...]) -> tuple[float, float]:
        errors = [
            w * (c.share * (1 - c.share) / c.of) ** 0.5 for c, w in zip(way, weights, strict=True)
        ]
        narrow = z * sum(e * e for e in errors) ** 0.5 / sum(errors)
        each = [wilson(c, narrow) for c in way]
        return (
            sum(w * i.low for i, w in zip(each, weights, strict=True)),
            sum(w * i.high for i, w in zip(each, weights, strict=True)),
        )

    thin = [sum(w * w / c.of for c, w in zip(way, weights, strict=True)) for way in (one, other)]
    (low, high), (other_low, other_high) = limits(one), limits(other)
    apart = sum(w * (a.share - b.share) for a, b, w in zip(one, other, weights, strict=True))
    below = z * (thin[0] * low * (1 - low) + thin[1] * other_high * (1 - other_high)) ** 0.5
    above = z * (thin[0] * high * (1 - high) + thin[1] * other_low * (1 - other_low)) ** 0.5
    return round(apart - below, 4), round(apart + above, 4)


def test_who_got_more_of_the_keener_language_is_not_ahead_for_it() -> None:
    """In each language the second does better; together the first seems to, as it got more Spanish readers."""
    english, spanish = [Count(2, 100), Count(30, 900)], [Count(360, 900), Count(42, 100)]

    found = judge([english, spanish])

    together = [Count(362, 1000), Count(72, 1000)]
    assert judge([together]).leader == 0
    assert found.leader == 1
    assert not found.clear


def test_a_language_that_one_of_them_never_reached_compares_nothing() -> None:
    apart = judge([[Count(30, 1000), Count(60, 1000)], [Count(0, 0), Count(9, 9)]])

    assert apart.clear
    assert apart.ahead == judge([[Count(30, 1000), Count(60, 1000)]]).ahead
    assert not judge([[Count(0, 0), Count(0, 0)]]).clear
    assert judge([[Count(0, 5), Count(0, 0)], [Count(0, 0), Count(3, 5)]]).leader == 1
