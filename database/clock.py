"""What time is it? Leases that several machines compare must all be written by one clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

Clock = Callable[[Connection], datetime]


def database_now(conn: Connection) -> datetime:
    """PostgreSQL's clock, which its many senders share; on SQLite this machine's own."""
    if conn.dialect.name == "sqlite":
        return datetime.now(UTC)
    told: datetime = conn.execute(select(func.clock_timestamp())).scalar_one()
    return told.astimezone(UTC)
