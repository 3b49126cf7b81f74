"""What time is it? Leases that several machines compare must all be written by one clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

Clock = Callable[[Connection], datetime]
SLACK = timedelta(seconds=2)  # by which a clock may be corrected without anybody noticing


def database_now(conn: Connection) -> datetime:
    """PostgreSQL's clock, which its many senders share; on SQLite this machine's own."""
    if conn.dialect.name == "sqlite":
        return datetime.now(UTC)
    told: datetime = conn.execute(select(func.clock_timestamp())).scalar_one()
    return told.astimezone(UTC)


class Watched:
    """A clock that remembers the latest time it told, and so notices when it is set back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest: datetime | None = None

    def __call__(self, conn: Connection) -> datetime:
        now = self._clock(conn)
        if self._latest is None or now > self._latest:
            self._latest = now
        return now

    def set_back(self, now: datetime) -> timedelta:
        """By how much it was set back since this was last asked; nothing within two seconds."""
        back = (self._latest or now) - now
        if back <= SLACK:
            return timedelta()
        self._latest = now
        return back
