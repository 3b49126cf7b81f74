"""How sure may one be that one way of writing did better than another?

A share is told with Wilson's interval, a difference of two with Newcombe's hybrid of both, his method 10: they hold
for small numbers and for shares near zero, as those of clicks are, where the textbook's interval does not.
E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; R. G. Newcombe, Statistics in Medicine 17 (1998) 857 and 873.

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


@dataclass(frozen=True)
class Count:
    """How many of some people did something."""

    did: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1; of nobody 0."""
        return self.did / self.of if self.of else 0.0


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

    leader: int  # the place of the largest share, the first of several
    clear: bool  # it is larger than each other one, by more than chance explains
    enough: bool  # enough people for saying anything
    shares: Sequence[Interval]
    ahead: Sequence[Interval | None]  # by how much the leader is ahead of each; None of itself


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


def difference(one: Count, other: Count, z: float | None = None) -> Interval:
    """The interval of how much larger the share of ``one`` is."""
    first, second = wilson(one, z), wilson(other, z)
    apart = one.share - other.share
    below = sqrt((one.share - first.low) ** 2 + (second.high - other.share) ** 2)
    above = sqrt((first.high - one.share) ** 2 + (other.share - second.low) ** 2)
    return Interval(apart - below, apart + above)


def normal(comparisons: int = 1) -> float:
    """How many standard deviations 95 % lie within, for so many comparisons together."""
    return NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * comparisons))


def judge(counts: Sequence[Count]) -> Judgement:
    """Who leads, and whether that is clear."""
    leader = max(range(len(counts)), key=lambda place: (counts[place].share, -place))
    z = normal(max(1, len(list(combinations(counts, 2)))))
    ahead = [
        None if place == leader else difference(counts[leader], count, z)
        for place, count in enumerate(counts)
    ]
    enough = all(count.of >= ENOUGH for count in counts)
    others = [each for each in ahead if each is not None]
    return Judgement(
        leader=leader,
        clear=enough and bool(others) and all(each.low > 0 for each in others),
        enough=enough,
        shares=[wilson(count) for count in counts],
        ahead=ahead,
    )
