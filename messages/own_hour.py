"""When is it nine o'clock for each person? A wall time that every copy of a message waits for where it goes.

Asked by the claim, as quiet hours are, and never written into the copies: so it holds whatever else moves a
copy, and by the zone data of the day. Somebody who may live in one of several zones gets it when the hour has come in all of
them; of somebody who may live anywhere nobody knows the zone, and the plan's own counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from messages.wallclock import BadTime, moment
from representatives.models import ZoneSet
from representatives.timezones import US_ZONES

PAST = "hour_past"  # the hour was over for them, by more than allowed, before their copy was there


@dataclass(frozen=True, slots=True)
class OwnHour:
    """A wall time in each person's zone."""

    local: str  # "2026-12-01T09:00"
    zone: str  # of people whose own nobody knows
    late_minutes: int  # a copy that is written down later than this after its hour is none


def write(hour: OwnHour | None) -> dict[str, Any]:
    """As it is stored on a message; {} for none."""
    if hour is None:
        return {}
    return {"local": hour.local, "zone": hour.zone, "late_minutes": hour.late_minutes}


def read(stored: Mapping[str, Any]) -> OwnHour | None:
    """The inverse of ``write``."""
    if not stored:
        return None
    return OwnHour(stored["local"], stored["zone"], stored["late_minutes"])


@lru_cache(maxsize=4096)
def instant(hour: OwnHour, zones: Sequence[str]) -> datetime:
    """The instant at which the hour has come in all of these zones; () = nobody knows them."""
    known = [] if not zones or US_ZONES.issubset(zones) else zones
    try:
        return max(moment(hour.local, each).instant for each in known or (hour.zone,))
    except BadTime:  # this machine does not know one of the zones
        return moment(hour.local, hour.zone).instant


def earliest(conn: Connection, hour: OwnHour) -> datetime:
    """The instant at which the hour comes to the first of our people."""
    return first_of(hour, sets_of(conn).values())


def first_of(hour: OwnHour, sets: Iterable[tuple[str, ...]]) -> datetime:
    """The instant at which the hour comes to the first of these zone sets, or of people in the plan's."""
    return min(instant(hour, zones) for zones in [(), *sets])


def sets_of(conn: Connection) -> dict[int, tuple[str, ...]]:
    """The zone sets that people live in, by id."""
    rows = conn.execute(select(ZoneSet.id, ZoneSet.zones))
    return {key: tuple(zones.split()) for key, zones in rows}


def passed_in(conn: Connection, hour: OwnHour, now: datetime) -> list[int]:
    """The zone sets in which the hour is over by more than is allowed."""
    allowed = timedelta(minutes=hour.late_minutes)
    return [key for key, zones in sets_of(conn).items() if now - instant(hour, zones) > allowed]


def ended(hour: OwnHour, now: datetime) -> bool:
    """Whether it is over for people whose zone nobody knows."""
    return now - instant(hour, ()) > timedelta(minutes=hour.late_minutes)


def come_in(hour: OwnHour, sets: Mapping[int, Sequence[str]], now: datetime) -> Iterable[int]:
    """Those of these zone sets in which the hour has come."""
    return [key for key, zones in sets.items() if instant(hour, tuple(zones)) <= now]
