"""Numbers over time as bars: what a page draws by itself, without a script, beside the table that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDE, HIGH = 720, 160  # the picture, in its own units
BROADEST = 48  # a bar in it, where there are few


@dataclass(frozen=True)
class Bar:
    """A day, or a month, in the picture."""

    x: float
    width: float
    y: float
    height: float


def bars(numbers: Sequence[int]) -> list[Bar]:
    """Numbers as bars, the largest as high as the picture."""
    most = max(numbers, default=0)
    step = min(WIDE / len(numbers), BROADEST) if numbers else 0
    found = []
    for at, each in enumerate(numbers):
        height = round(each / max(most, 1) * HIGH, 1)
        found.append(
            Bar(round(at * step, 1), round(step * 0.8, 1), round(HIGH - height, 1), height)
        )
    return found
