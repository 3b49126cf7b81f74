"""When is nine o'clock? Wall-clock times in a zone as instants, also in the two odd nights of a year.

When clocks go forward an hour is missing: a time in it means the first instant after the gap, as a
person would say "we started an hour late". When they go back an hour comes twice: a time in it means
the first of the two. Both are told to whoever schedules, not left for them to find out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MINUTES = "%Y-%m-%dT%H:%M"


class BadTime(ValueError):
    """A local time or a zone that cannot be understood."""


class Oddity(StrEnum):
    """What is special about a local time."""

    NONE = ""
    SKIPPED = "skipped"  # clocks jump over it that night
    TWICE = "twice"  # it comes twice that night


@dataclass(frozen=True)
class Moment:
    """A wall-clock time in a zone and the instant we take it for."""

    local: str  # "2026-12-01T09:00"
    zone: str
    instant: datetime  # UTC
    oddity: Oddity = Oddity.NONE


def moment(local: str, zone: str) -> Moment:
    """Understand a wall-clock time such as "2026-12-01T09:00" in "America/New_York". Raises BadTime."""
    wall, place = _wall(local), _zone(zone)
    first, second = (wall.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    text = wall.strftime(MINUTES)
    if first.utcoffset() == second.utcoffset():
        return Moment(text, zone, first.astimezone(UTC))
    if _exists(first):
        return Moment(text, zone, first.astimezone(UTC), Oddity.TWICE)
    return Moment(text, zone, _after_gap(first), Oddity.SKIPPED)


def _wall(local: str) -> datetime:
    try:
        wall = datetime.fromisoformat(local.strip())
    except ValueError as error:
        raise BadTime(f"{local!r} is not a date and time; write it as 2026-12-01T09:00") from error
    if wall.tzinfo is not None:
        raise BadTime(f"{local!r} has an offset; write the time on the wall, and its zone apart")
    return wall.replace(second=0, microsecond=0)


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise BadTime(
            f"{zone!r} is not a time zone we know; write one such as America/New_York"
        ) from error


def _exists(local: datetime) -> bool:
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    return back.replace(tzinfo=None) == local.replace(tzinfo=None)


def _after_gap(missing: datetime) -> datetime:
    """The first whole minute after the hour that the clocks skip."""
    probe = missing
    while not _exists(probe):
        probe += timedelta(minutes=1)
    return probe.astimezone(UTC)
