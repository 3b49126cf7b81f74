"""What do our storage settings save? A delivery's whole life, insert and four updates, on our table and
on one with the indexes and the packing that a table has when nobody thinks about it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from benchmarks.figure import Figure
from database.engine import is_sqlite

BATCH = 500
CHUNK = 20_000
CAREFREE = "the same with indexed status and provider id, packed full"
LIFE = (
    "status = 10, attempt = attempt + 1, owner = 'madison:17:ab', lease_until = now()",
    "status = 20, provider_id = 'SM' || id, owner = NULL, lease_until = NULL, segments = 1",
    "status = 30, changed_at = now()",
    "status = 40, changed_at = now()",
)


@dataclass(frozen=True, slots=True)
class Lived:
    """What one table's deliveries cost."""

    rate: float  # deliveries a second
    wal: float  # bytes a delivery
    hot: float  # per cent of the updates that touched no index
    size: float  # bytes a delivery, table and indexes


async def measure(url: str, _folder: Path, *, deliveries: int) -> list[Figure]:
    """Both tables in turn on one server; nothing on SQLite, which has no such settings."""
    if is_sqlite(url):
        return []
    ours, carefree = await asyncio.to_thread(_both, url, deliveries)
    return [
        _figure("deliveries through their life", ours.rate, carefree.rate, "a second", more=True),
        _figure("write-ahead log", ours.wal, carefree.wal, "bytes a delivery", more=False),
        _figure("updates that touch no index", ours.hot, carefree.hot, "%", more=True),
        _figure("disk", ours.size, carefree.size, "bytes a delivery", more=None),
    ]


def _figure(what: str, value: float, baseline: float, unit: str, *, more: bool | None) -> Figure:
    reached = None if more is None else (value > baseline) is more
    reach = {True: "more than carefree", False: "less than carefree", None: ""}[more]
    return Figure(what, "PostgreSQL", value, unit, baseline, CAREFREE, reach, reached)


def _both(url: str, deliveries: int) -> tuple[Lived, Lived]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as conn:
        with _table(conn, "ours", fillfactor=50):
            ours = _live(conn, "ours", deliveries)
        with _table(conn, "carefree", fillfactor=100):
            conn.execute("CREATE INDEX ON carefree (message_id) WHERE status = 0")
            conn.execute("CREATE UNIQUE INDEX ON carefree (provider_id)")
            return ours, _live(conn, "carefree", deliveries)


@contextmanager
def _table(conn: psycopg.Connection, name: str, *, fillfactor: int) -> Iterator[None]:
    conn.execute(
        f"CREATE TABLE {name} (LIKE deliveries INCLUDING DEFAULTS INCLUDING INDEXES)".encode()
    )
    conn.execute(f"ALTER TABLE {name} SET (fillfactor = {fillfactor})".encode())
    yield
    conn.execute(f"DROP TABLE {name}".encode())


def _live(conn: psycopg.Connection, name: str, deliveries: int) -> Lived:
    conn.execute("CHECKPOINT")
    begin, started = _wal(conn), time.perf_counter()
    for low in range(1, deliveries + 1, CHUNK):
        _insert(conn, name, low, min(low + CHUNK, deliveries + 1))
    for low in range(1, deliveries + 1, BATCH):
        for change in LIFE:
            moved = f"UPDATE {name} SET {change} WHERE id >= %s AND id < %s"
            conn.execute(moved.encode(), (low, low + BATCH))
    seconds, written = time.perf_counter() - started, _wal(conn) - begin
    size = _number(conn, f"SELECT pg_total_relation_size('{name}')")
    return Lived(deliveries / seconds, written / deliveries, _hot(conn, name), size / deliveries)


def _insert(conn: psycopg.Connection, name: str, low: int, high: int) -> None:
    rows = (
        f"INSERT INTO {name} (id, message_id, contact_id, channel, address, status, reason, attempt,"
        " approved_sends, language, segments, changed_at)"
        " SELECT n, 1, n, 'sms', '+1608' || lpad(n::text, 8, '0'), 0, '', 0, 1, '', 0, now()"
        " FROM generate_series(%s::bigint, %s::bigint) AS n"
    )
    conn.execute(rows.encode(), (low, high - 1))


def _wal(conn: psycopg.Connection) -> float:
    return _number(conn, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")


def _hot(conn: psycopg.Connection, name: str) -> float:
    conn.execute("SELECT pg_stat_force_next_flush()")
    share = "100.0 * n_tup_hot_upd / nullif(n_tup_upd, 0)"
    return _number(conn, f"SELECT {share} FROM pg_stat_user_tables WHERE relname = '{name}'")


def _number(conn: psycopg.Connection, query: str) -> float:
    row = conn.execute(query.encode()).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0
