"""How sure may one be that one way of writing did better than another?

A share is told with Wilson's interval, a difference of two with Newcombe's hybrid of both, his method 10: they hold
for small numbers and for shares near zero, as those of clicks are, where the textbook's interval does not.
E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; R. G. Newcombe, Statistics in Medicine 17 (1998) 857 and 873.

People of one language may follow links more often than those of another, and by lot one way of writing may have got
more of them. So ways are compared within each language, and the differences put together by how many people each
language has: X. Yan and X. G. Su, Stat. Biopharm. Res. 2 (2010) 329, of which Newcombe's is the case of one language.

Nobody looks before the time that was set, for whoever looks often enough finds what is not there; and of more than
two, every pair is compared, each more strictly (Bonferroni), so that all comparisons together are wrong in one of
twenty cases at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
ENOUGH = 100  # people each; of fewer, nothing is said
DIGITS = 12  # in which shares are compared: what two sums of fractions differ in beyond is nothing


@dataclass(frozen=True)
class Count:
    """How many of some people did something."""

    did: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1; of nobody 0."""
        return self.did / self.of if self.of else 0.0


Way = Sequence[Count]  # what a way of writing came to, by stratum


@dataclass(frozen=True)
class Interval:
    """What lies between ``low`` and ``high``, both included."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether it lies on one side of zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Judgement:
    """What can be said of several counts."""

    leader: int  # the place of the largest share, weighed by stratum; the first of several
    clear: bool  # it is larger than each other one, by more than chance explains
    enough: bool  # enough people for saying anything
    shares: Sequence[Interval]  # of all strata together
    ahead: Sequence[
        Interval | None
    ]  # by how much the leader is ahead of each; None of itself, or of nobody


def wilson(count: Count, z: float | None = None) -> Interval:
    """The interval of a share, 95 % unless ``z`` says otherwise; of nobody, anything is possible."""
    if not count.of:
        return Interval(0.0, 1.0)
    z = normal() if z is None else z
    n, p = count.of, count.share
    middle = p + z * z / (2 * n)
    around = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    below = 1 + z * z / n
    low = 0.0 if count.did == 0 else (middle - around) / below
    high = 1.0 if count.did == n else (middle + around) / below
    return Interval(low, high)


def difference(one: Way, other: Way, weights: Sequence[float], z: float | None = None) -> Interval:
    """The interval of how much larger the share of ``one`` is, both of the same strata, each with people in both."""
    z = normal() if z is None else z
    first, second = _limits(one, weights, z), _limits(other, weights, z)
    apart = _share(one, weights) - _share(other, weights)
    thin, other_thin = _thinness(one, weights), _thinness(other, weights)
    below = z * sqrt(thin * _spread(first.low) + other_thin * _spread(second.high))
    above = z * sqrt(thin * _spread(first.high) + other_thin * _spread(second.low))
    return Interval(apart - below, apart + above)


def _limits(way: Way, weights: Sequence[float], z: float) -> Interval:
    """Of the strata's intervals together, each narrower, so that all of them are as sure as one."""
    errors = [
        weight * sqrt(_spread(each.share) / each.of)
        for each, weight in zip(way, weights, strict=True)
    ]
    narrower = z * sqrt(sum(each * each for each in errors)) / sum(errors) if any(errors) else z
    found = [wilson(each, narrower) for each in way]
    low = sum(weight * each.low for each, weight in zip(found, weights, strict=True))
    return Interval(
        low, sum(weight * each.high for each, weight in zip(found, weights, strict=True))
    )


def _share(way: Way, weights: Sequence[float]) -> float:
    return sum(weight * each.share for each, weight in zip(way, weights, strict=True))


def _thinness(way: Way, weights: Sequence[float]) -> float:
    return sum(weight * weight / each.of for each, weight in zip(way, weights, strict=True))


def _spread(share: float) -> float:
    return max(0.0, share * (1 - share))


def normal(comparisons: int = 1) -> float:
    """How many standard deviations 95 % lie within, for so many comparisons together."""
    return NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * comparisons))


def judge(strata: Sequence[Sequence[Count]]) -> Judgement:
    """Who leads, and whether that is clear: of each stratum the counts of all ways, in order.

    A stratum in which one way has nobody compares nothing and is left out, unless all are.
    """
    totals = [_together(each) for each in zip(*strata, strict=True)]
    compared = [each for each in strata if all(count.of for count in each)] or [totals]
    everybody = sum(count.of for each in compared for count in each) or 1
    weights = [sum(count.of for count in each) / everybody for each in compared]
    ways = list(zip(*compared, strict=True))
    leader = max(range(len(ways)), key=lambda at: (round(_share(ways[at], weights), DIGITS), -at))
    z = normal(max(1, len(list(combinations(ways, 2)))))
    enough = all(count.of >= ENOUGH for count in totals)
    some = all(count.of for count in totals)
    ahead = [
        None if place == leader or not some else difference(ways[leader], way, weights, z)
        for place, way in enumerate(ways)
    ]
    others = [each for each in ahead if each is not None]
    return Judgement(
        leader=leader,
        clear=enough and bool(others) and all(each.low > 0 for each in others),
        enough=enough,
        shares=[wilson(count) for count in totals],
        ahead=ahead,
    )


def _together(counts: Sequence[Count]) -> Count:
    return Count(sum(each.did for each in counts), sum(each.of for each in counts))
