"""What the doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a thing stands."""

    GOOD = "good"
    THINK = "think"  # works, but somebody should look at it
    BAD = "bad"  # does not work


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    verdict: Verdict
    subject: str
    sentence: str
