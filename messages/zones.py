"""Which zone sets are open now? Answered once per set and minute, for all the people who share it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, select

from contacts.models import Channel
from messages import hours
from messages.hours import Hours
from representatives.models import ZoneSet


class Zones:
    """The known zone sets; they are only ever added to, so what was read stays true."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[str, ...]] = {}

    def open_at(
        self, conn: Connection, window: Hours | None, channel: Channel, now: datetime
    ) -> list[int] | None:
        """The zone sets in which a text may arrive now; None when the hour does not matter."""
        if window is None or channel is not Channel.SMS:
            return None
        self._refresh(conn)
        minute = now.replace(second=0, microsecond=0)
        return [key for key, names in self._names.items() if _open(names, window, minute)]

    def opening(self, conn: Connection, zone_set_id: int, window: Hours, now: datetime) -> datetime:
        """The first instant from ``now`` on at which a text may arrive in this zone set.

        Where no hour suits all its zones, or one of them is unknown to this machine, it is the
        farthest instant that is looked at: such a copy is held, and asked about again, and must not
        stop the others of its batch.
        """
        if zone_set_id not in self._names:
            self._refresh(conn)
        try:
            return hours.opens_at(self._names[zone_set_id], window, now)
        except (hours.NeverOpen, hours.UnknownZone):
            return now + hours.LOOK_AHEAD

    def names(self, zone_set_id: int) -> tuple[str, ...]:
        """The zones of a set whose opening was asked for."""
        return self._names.get(zone_set_id, ())

    def _refresh(self, conn: Connection) -> None:
        after = max(self._names, default=0)
        rows = conn.execute(select(ZoneSet.id, ZoneSet.zones).where(ZoneSet.id > after))
        self._names.update({key: tuple(zones.split()) for key, zones in rows})


@lru_cache(maxsize=4096)
def _open(names: tuple[str, ...], window: Hours, minute: datetime) -> bool:
    try:
        return hours.is_open(names, window, minute)
    except hours.UnknownZone:
        return False  # never a guess: they are held until the data knows their zone
