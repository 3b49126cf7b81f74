"""One measured figure, always beside a baseline of the same run: a machine is fast or slow, a ratio is ours."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, next to what the same machine did at its barest in the same run."""

    what: str  # "texts, window 500"
    database: str  # "SQLite", "PostgreSQL", or "" where none takes part
    value: float
    unit: str  # "a second", "ms", "s", "MB"
    baseline: float  # in the same unit
    baseline_what: str  # "a bare aiohttp loop"
    reach: str = ""  # what it is to reach, in words: "≥ 0.65 of the bare loop"
    reached: bool | None = None  # None where nothing was promised

    @property
    def ratio(self) -> float:
        """The value as a share of its baseline."""
        return self.value / self.baseline if self.baseline else 0.0


def percentile(values: list[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed."""
    if len(values) < 2:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def middle(values: list[float]) -> float:
    """The median."""
    return float(median(values))
