"""Numbers over time as bars: what a page draws by itself, without a script, beside the table that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.hiding import Hidden
from alerts.numbers import FEW

WIDE, HIGH = 720, 160  # the picture, in its own units
BROADEST = 48  # a bar in it, where there are few


@dataclass(frozen=True)
class Bar:
    """A day, or a month, in the picture."""

    x: float
    width: float
    y: float
    height: float
    hidden: bool  # some, who are not told


def bars(numbers: Sequence[Hidden]) -> list[Bar]:
    """Numbers as bars, the largest as high as the picture; what is not told is a low one, the same for each."""
    most = max((each or 0 for each in numbers), default=0)
    step = min(WIDE / len(numbers), BROADEST) if numbers else 0
    found = []
    for at, each in enumerate(numbers):
        hidden = each is None
        part = FEW / max(most, FEW * 4) if hidden else (each or 0) / max(most, 1)
        height = round(part * HIGH, 1)
        found.append(
            Bar(round(at * step, 1), round(step * 0.8, 1), round(HIGH - height, 1), height, hidden)
        )
    return found
