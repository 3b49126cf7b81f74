"""Which offices should be called today, and in which order? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from actions.office_hours import Schedule, is_open, opens_at
from actions.stances import DECIDED
from alerts.coverage import Line

MOST = 8  # a list that one person gets through


@dataclass(frozen=True)
class Due:
    """An office to call today."""

    line: Line
    open_now: bool
    opens_at: datetime | None  # when it is closed now; None where nobody knows its hours


def due_today(lines: Sequence[Line], now: datetime, *, most: int = MOST) -> list[Due]:
    """Offices that are open now or later today, undecided and with a number that nobody doubts.

    Those open now come first, then those that fewest people have tried; of these, where most live.
    An office whose hours nobody knows comes after those that are open.
    """
    wanted = [line for line in lines if _is_wanted(line)]
    # Nearly all of them keep the same hours, which take a while to work out.
    openings = {schedule: _opening(schedule, now) for schedule in {_hours(line) for line in wanted}}
    found = [
        Due(line, *opening) for line in wanted if (opening := openings[_hours(line)]) is not None
    ]
    found.sort(
        key=lambda due: (
            not due.open_now,
            due.line.calls.attempted,
            -due.line.people.constituents,
            due.line.target.key,
        )
    )
    return found[:most]


def _is_wanted(line: Line) -> bool:
    return bool(line.target.phone) and line.stance not in DECIDED and not line.doubtful


def _hours(line: Line) -> Schedule | None:
    return line.target.schedule


def _opening(schedule: Schedule | None, now: datetime) -> tuple[bool, datetime | None] | None:
    """Whether an office is open now, and when it opens later today; None where it is not today."""
    if schedule is None or is_open(schedule, now):
        return schedule is not None, None
    opens, zone = opens_at(schedule, now), ZoneInfo(schedule.zone)
    if opens is None or opens.astimezone(zone).date() != now.astimezone(zone).date():
        return None
    return False, opens
