"""How long from a ZIP to its members, beside a bare SELECT by primary key on the same connection?

python -m benchmarks.run --only lookup
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import Connection, select

import representatives
from benchmarks.figure import Figure, middle
from database.engine import is_sqlite
from database.opening import opened
from representatives.answering import Directory
from representatives.loading import load
from representatives.models import Zip

EXAMPLES = Path(representatives.__file__).parent / "examples"
NOW = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)
MOST_MICROSECONDS = 100
BARE_WHAT = "a bare SELECT by primary key"


async def measure(url: str, folder: Path, *, zips: int) -> list[Figure]:
    """Microseconds for each of so many look-ups; bare ones and ours take turns."""
    database = "SQLite" if is_sqlite(url) else "PostgreSQL"
    async with opened(url) as here:
        await here.database.write(load, EXAMPLES, NOW)
        bare, again, first = await here.database.read(_measured, zips)
    reach = f"≤ {MOST_MICROSECONDS} µs" if is_sqlite(url) else ""
    reached = again <= MOST_MICROSECONDS if is_sqlite(url) else None
    return [
        Figure("ZIP to members, asked before", database, again, "µs", bare, BARE_WHAT, reach, reached),
        Figure("ZIP to members, for the first time", database, first, "µs", bare, BARE_WHAT),
    ]  # fmt: skip


def _measured(conn: Connection, zips: int) -> tuple[float, float, float]:
    """Medians: a bare select, an answer that is kept, and one that is not."""
    known = list(conn.scalars(select(Zip.zip).order_by(Zip.zip)))
    asked = list(islice(cycle(known), zips))
    directory = Directory()

    def bare(zip_code: str) -> object:
        return conn.scalar(select(Zip.zone).where(Zip.zip == zip_code))

    def again(zip_code: str) -> object:
        return directory.answer(conn, zip_code, now=NOW)

    def first(zip_code: str) -> object:
        return Directory().answer(conn, zip_code, now=NOW)

    for each in known:
        bare(each), again(each), first(each)
    few = asked[: len(known) * 5]
    return _median(bare, asked), _median(again, asked), _median(first, few)


def _median(ask: Callable[[str], object], zips: Sequence[str]) -> float:
    taken = []
    for each in zips:
        started = time.perf_counter()
        ask(each)
        taken.append((time.perf_counter() - started) * 1e6)
    return middle(taken)
