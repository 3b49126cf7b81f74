"""May this person be texted at this hour? And if not, when next?

A person's place is only known as a set of candidate time zones (a ZIP near a zone's edge, an area
code that spans two, nothing at all). A text leaves when it is inside the window in *every* one.
The default window, 10:00 to 20:00 and Sundays from 12:00, lies inside the federal one (8 to 21,
47 CFR 64.1200(c)(1)) and nearly every state's; where the law is disputed we keep the stricter hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SUNDAY = 6
LOOK_AHEAD = timedelta(days=8)
STEP = timedelta(minutes=15)  # every zone's offset today is a multiple of a quarter of an hour


class BadHours(ValueError):
    """Quiet hours must open before they close, written as HH:MM."""


class NeverOpen(ValueError):
    """No hour of the week lies inside the window in all these zones at once."""


class UnknownZone(LookupError):
    """This machine's time zone data does not know a zone; update it, or install the package tzdata."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The window in which texts may arrive, in the recipient's local time."""

    opens: time
    closes: time  # exclusive; time.max means midnight
    sunday_opens: time

    def contains(self, local: datetime) -> bool:
        """Whether a local time lies inside the window."""
        opens = self.sunday_opens if local.weekday() == SUNDAY else self.opens
        return opens <= local.time() < self.closes


DEFAULT = Hours(time(10), time(20), time(12))


def parse(opens: str, closes: str, sunday_opens: str) -> Hours:
    """Read a window from "HH:MM" texts; "24:00" closes at midnight. Raises BadHours."""
    try:
        end = time.max if closes == "24:00" else time.fromisoformat(closes)
        hours = Hours(time.fromisoformat(opens), end, time.fromisoformat(sunday_opens))
    except ValueError as error:
        raise BadHours(
            f"hours must be written as HH:MM, not {opens!r}, {closes!r}, {sunday_opens!r}"
        ) from error
    if hours.opens >= hours.closes or hours.sunday_opens >= hours.closes:
        raise BadHours(f"hours must open before they close at {closes}")
    return hours


def write(hours: Hours | None) -> dict[str, str]:
    """Hours as they are stored on a message; {} for none."""
    if hours is None:
        return {}
    closes = "24:00" if hours.closes == time.max else f"{hours.closes:%H:%M}"
    return {
        "opens": f"{hours.opens:%H:%M}",
        "closes": closes,
        "sunday_opens": f"{hours.sunday_opens:%H:%M}",
    }


def read(stored: Mapping[str, str]) -> Hours | None:
    """The inverse of ``write``."""
    if not stored:
        return None
    return parse(stored["opens"], stored["closes"], stored["sunday_opens"])


def require_zones() -> None:
    """Raise UnknownZone where not even the zones of Washington and San Salvador are known.

    Without them nobody's local hour can be told, and a guess could wake somebody at night.
    """
    for name in ("America/New_York", "America/El_Salvador"):
        _zone(name)


def is_open(zones: Iterable[str], hours: Hours, now: datetime) -> bool:
    """Whether it is inside the window in every zone. Raises UnknownZone."""
    return all(hours.contains(now.astimezone(_zone(name))) for name in zones)


def opens_at(zones: Iterable[str], hours: Hours, now: datetime) -> datetime:
    """The first instant from ``now`` on that lies inside the window in every zone.

    Raises NeverOpen when the zones are too far apart for the window, and UnknownZone.
    """
    names = tuple(zones)
    if is_open(names, hours, now):
        return now
    probe = _next_step(now)
    while probe < now + LOOK_AHEAD:
        if is_open(names, hours, probe):
            return probe
        probe += STEP
    raise NeverOpen(f"no hour is inside the window in all of {', '.join(names)}")


def _next_step(now: datetime) -> datetime:
    at = now.astimezone(UTC).replace(second=0, microsecond=0)
    return at - timedelta(minutes=at.minute % 15) + STEP


@lru_cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnknownZone(
            f"this machine's time zone data does not know {name}, so nobody's local hour can be told"
            " there; update it, or install the package tzdata"
        ) from error
