"""Which zone sets are open now? Answered once per set and minute, for all the people who share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, func, select

from contacts.models import Channel
from messages import hours, own_hour
from messages.hours import Hours
from messages.own_hour import OwnHour
from representatives.models import ZoneSet


@dataclass(frozen=True, slots=True)
class Waits:
    """What the copies of a message on one channel wait for where they go: an hour of the day, or nothing."""

    window: Hours | None = None  # texts only
    own_hour: OwnHour | None = None

    def __bool__(self) -> bool:
        return self.window is not None or self.own_hour is not None


def waits_of(message: Row[Any], channel: Channel) -> Waits:
    """What a message's copies on a channel wait for."""
    window = hours.read(message.hours) if channel is Channel.SMS else None
    return Waits(window, own_hour.read(message.own_hour))


_HOW_MANY = select(func.count(ZoneSet.id))


class Zones:
    """The known zone sets; they are only ever added to, so what was read stays true."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[str, ...]] = {}

    def open_at(self, conn: Connection, waits: Waits, now: datetime) -> list[int] | None:
        """The zone sets to which a copy may go now; None when the hour does not matter."""
        if not waits:
            return None
        self._refresh(conn)
        minute = now.replace(second=0, microsecond=0)
        sets: Mapping[int, tuple[str, ...]] = self._names
        if waits.own_hour is not None:
            come = own_hour.come_in(waits.own_hour, sets, now)
            sets = {key: sets[key] for key in come}
        if waits.window is None:
            return list(sets)
        return [key for key, names in sets.items() if _open(names, waits.window, minute)]

    def ready(
        self, conn: Connection, zone_set_id: int | None, waits: Waits, now: datetime
    ) -> datetime:
        """The first instant from ``now`` on at which a copy may go to this zone set."""
        at = now
        if waits.own_hour is not None:
            names = self._known(conn, zone_set_id) if zone_set_id is not None else ()
            at = max(at, own_hour.instant(waits.own_hour, names))
        if waits.window is not None and zone_set_id is not None:
            at = self.opening(conn, zone_set_id, waits.window, at)
        return at

    def opening(self, conn: Connection, zone_set_id: int, window: Hours, now: datetime) -> datetime:
        """The first instant from ``now`` on at which a text may arrive in this zone set.

        Where no hour suits all its zones, or one of them is unknown to this machine, it is the
        farthest instant that is looked at: such a copy is held, and asked about again, and must not
        stop the others of its batch.
        """
        try:
            return hours.opens_at(self._known(conn, zone_set_id), window, now)
        except (hours.NeverOpen, hours.UnknownZone):
            return now + hours.LOOK_AHEAD

    def names(self, zone_set_id: int) -> tuple[str, ...]:
        """The zones of a set whose opening was asked for."""
        return self._names.get(zone_set_id, ())

    def _known(self, conn: Connection, zone_set_id: int) -> tuple[str, ...]:
        if zone_set_id not in self._names:
            self._refresh(conn)
        return self._names[zone_set_id]

    def _refresh(self, conn: Connection) -> None:
        """Read them anew where there are more: numbers are given in another order than they are committed.

        Others may be going through what was known, each in a thread of its own: that stays as it is.
        """
        if conn.scalar(_HOW_MANY) != len(self._names):
            rows = conn.execute(select(ZoneSet.id, ZoneSet.zones))
            self._names = {key: tuple(zones.split()) for key, zones in rows}


@lru_cache(maxsize=4096)
def _open(names: tuple[str, ...], window: Hours, minute: datetime) -> bool:
    try:
        return hours.is_open(names, window, minute)
    except hours.UnknownZone:
        return False  # never a guess: they are held until the data knows their zone
