"""Which Congress sits at a moment, and whose district lines still hold then?

A Congress begins at noon on 3 January of each odd year (U.S. Constitution, amendment XX, section 1).
Its map is valid until the next begins; where a state votes on the same lines again, they hold on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from representatives.models import Dataset

CONGRESS = 119  # whose lines we follow until a data set says otherwise
WASHINGTON = "America/New_York"
NOON = time(12)

# The states that elect a Congress by other lines than the one before it: enacted for November 2026.
# Utah's map is a court's of November 2025, the others are their legislatures' or voters'.
REDRAWN: Mapping[int, frozenset[str]] = {
    120: frozenset({"AL", "CA", "FL", "LA", "MO", "NC", "OH", "TN", "TX", "UT"}),
}
KNOWN_SINCE, KNOWN_UNTIL = 119, max(REDRAWN)


@dataclass(frozen=True)
class Map:
    """The lines of one Congress, and when they are in force."""

    congress: int
    valid_from: datetime
    valid_to: datetime  # exclusive: the instant at which the next Congress begins


def map_of(congress: int) -> Map:
    """When the lines of a Congress are in force."""
    return Map(congress, begins(congress), begins(congress + 1))


def begins(congress: int) -> datetime:
    """The instant at which a Congress begins (the 119th: 3 January 2025, noon in Washington)."""
    return datetime.combine(date(_year(congress), 1, 3), NOON, ZoneInfo(WASHINGTON)).astimezone(UTC)


def congress_at(now: datetime) -> int:
    """The Congress that sits."""
    year = now.astimezone(ZoneInfo(WASHINGTON)).year
    newest = (year - 1787) // 2
    return newest if now >= begins(newest) else newest - 1


def sitting_day(now: datetime) -> date:
    """The day by which terms begin and end, in UTC; a 3 January of an odd year begins at noon.

    A term from or to 3 January turns over with the Congress; every other one at midnight.
    """
    day = now.astimezone(UTC).date()
    turns = day.year % 2 == 1 and (day.month, day.day) == (1, 3)
    noon = datetime.combine(day, NOON, ZoneInfo(WASHINGTON))
    return day - timedelta(days=1) if turns and now < noon else day


def holds(state: str, district: int, congress: int, now: datetime) -> bool:
    """Whether a district on the lines of a Congress is the same on those of the one that sits.

    A district that is its whole state or territory has no lines that could move. Of Congresses that
    nobody has told us about, no line is trusted.
    """
    sits = congress_at(now)
    if district == 0 or congress == sits:
        return True
    earlier, later = sorted((congress, sits))
    if earlier < KNOWN_SINCE or later > KNOWN_UNTIL:
        return False
    return not any(state in REDRAWN[each] for each in range(earlier + 1, later + 1))


def moved_states(now: datetime) -> frozenset[str] | None:
    """The states whose lines have moved since we began; None: any may have, we were not told."""
    sits = congress_at(now)
    if sits > KNOWN_UNTIL:
        return None
    return frozenset().union(*(states for each, states in REDRAWN.items() if each <= sits))


def lines_at(conn: Connection, now: datetime) -> int:
    """The Congress whose loaded lines are to be followed: the newest that has begun.

    Lines that are loaded ahead of their Congress's first day wait for it.
    """
    loaded = conn.scalars(select(Dataset.congress).distinct()).all()
    return newest_begun(loaded, now)


def newest_begun(loaded: Sequence[int], now: datetime) -> int:
    """Of these Congresses the newest that has begun; the one we started with if none has."""
    sits = congress_at(now)
    return max((each for each in loaded if each <= sits), default=CONGRESS)


def _year(congress: int) -> int:
    return 1787 + 2 * congress
