"""The real tables of one example, on either database, read back over a connection of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine, event, make_url

from database.embedded import open_engine
from database.engine import P, T, Unit, is_sqlite
from tests.crash.checker import Copy, Ledger

COPIES = (
    "SELECT id, message_id, channel, address, status, reason, attempt, approved_sends,"
    " provider_id, contact_id FROM deliveries ORDER BY id"
)
MESSAGES = "SELECT id, status, kind, expected FROM messages"
COUNTS = (
    "SELECT message_id, channel, status, reason, sum(count) FROM message_counts"
    " GROUP BY message_id, channel, status, reason"
)
STAMPS = (
    "SELECT message_id, sum(stamp) FROM message_counts WHERE status NOT IN (20, 21, 30, 40, 42)"
    " GROUP BY message_id"
)
TABLES = (  # that an example writes to, those that refer to others first
    *("replies", "events", "paces", "message_counts", "batches", "deliveries"),
    *("message_texts", "messages", "consents", "address_standings", "addresses"),
    *("contacts", "zone_sets", "sender_runs"),
)
RESTART = (
    "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences"
    " WHERE schemaname = 'public' AND last_value IS NOT NULL"
)
BATCHES = "SELECT id, open, next_at FROM batches ORDER BY id"


@dataclass(frozen=True)
class Stored:
    """A message as it stands in its table."""

    id: int
    status: str
    kind: str
    expected: int


@dataclass(frozen=True)
class Seen:
    """Everything that is committed at one moment."""

    ledger: Ledger
    messages: Mapping[int, Stored]
    contacts: Mapping[int, int | None]  # of a delivery
    stamps: Mapping[int, int]  # of a message: of the places of copies that have not gone out


class Store:
    """A database whose commits somebody watches."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url) if is_sqlite(url) else create_engine(url)
        self.watch: Callable[[], None] = lambda: None
        if is_sqlite(url):
            # Power does not fail here: what counts is the order of commits, not the disk.
            event.listen(self._engine, "connect", _without_disk)
            self._reading: Any = sqlite3.connect(
                str(make_url(url).database), isolation_level=None, check_same_thread=False
            )
        else:
            plain = make_url(url).set(drivername="postgresql")
            self._reading = psycopg.connect(plain.render_as_string(hide_password=False))
            self._reading.read_only = True
            self._reading.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

    def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit and commit; whoever watches sees it at once."""
        with self._engine.begin() as conn:
            result = unit(conn, *args, **kwargs)
        self.watch()
        return result

    def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit that only reads."""
        with self._engine.begin() as conn:
            return unit(conn, *args, **kwargs)

    def see(self) -> Seen:
        """What another connection sees."""
        copies, messages, counted, stamps = self._query(COPIES, MESSAGES, COUNTS, STAMPS)
        stored = {row[0]: Stored(*row) for row in messages}
        ledger = Ledger(
            copies={row[0]: Copy(*row[:9]) for row in copies},
            expected={one.id: one.expected for one in stored.values()},
            kept_counts={tuple(row[:4]): int(row[4]) for row in counted if row[4]},
        )
        contacts = {row[0]: row[9] for row in copies}
        return Seen(ledger, stored, contacts, {row[0]: int(row[1]) for row in stamps})

    def batches(self) -> list[tuple[int, bool, datetime]]:
        """Each batch: its id, whether it is open, and when there is something to do."""
        [rows] = self._query(BATCHES)
        return [(row[0], bool(row[1]), _aware(row[2])) for row in rows]

    def empty(self) -> None:
        """Forget the example."""
        with self._engine.begin() as conn:
            _empty(conn)

    def close(self) -> None:
        self._reading.close()
        self._engine.dispose()

    def _query(self, *statements: str) -> list[list[Any]]:
        self._reading.execute("BEGIN") if isinstance(self._reading, sqlite3.Connection) else None
        rows = [self._reading.execute(statement).fetchall() for statement in statements]
        self._reading.rollback()
        return rows


def _without_disk(dbapi: Any, _record: Any) -> None:
    dbapi.execute("PRAGMA synchronous=OFF")


def _aware(stored: str | datetime) -> datetime:
    at = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _empty(conn: Connection) -> None:
    for table in TABLES:
        conn.exec_driver_sql(f"DELETE FROM {table}")
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("DELETE FROM sqlite_sequence")
    else:
        conn.exec_driver_sql(RESTART)
