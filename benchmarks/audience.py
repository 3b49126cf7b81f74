"""How long does counting an audience take, and how long the whole survey behind a review page?

python -m benchmarks.audience [--people 1000000] [--postgres]
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from benchmarks.alone import run_alone
from benchmarks.figure import Figure, middle, percentile
from benchmarks.population import populate
from contacts.models import NETWORK, Contact
from database.engine import is_sqlite
from database.opening import opened
from messages.audience import EVERYBODY, Audience, Filter, contact_ids
from messages.eligibility import Terms
from messages.models import Reach
from messages.prospects import first_reached, survey

TIMES = 20
REACH = 300  # ms

COUNTED: Mapping[str, Audience] = {
    "a large project, a common tag, two states": Audience(
        Filter(projects=(1,), tags=("tag 0",), states=("CA", "TX"))
    ),
    "a large project, a common tag, a language": Audience(
        Filter(projects=(1,), tags=("tag 0",), languages=("en",))
    ),
    "a small project, a rare tag, a state": Audience(
        Filter(projects=(12,), tags=("tag 30",), states=("CA",))
    ),
    "three projects, five states, without a tag": Audience(
        Filter(projects=(1, 2, 3), states=("CA", "TX", "NY", "FL", "IL")),
        Filter(tags=("tag 30",)),
    ),
    "three tags, four states, a language": Audience(
        Filter(
            tags=("tag 0", "tag 1", "tag 2"),
            states=("CA", "TX", "NY", "FL"),
            languages=("en",),
        )
    ),
}
SURVEYED: Mapping[str, Audience] = {
    "everybody": EVERYBODY,
    "a large project, a common tag, two states": next(iter(COUNTED.values())),
}
TERMS = Terms(reach=Reach.BOTH, scopes=(NETWORK,))


async def measure(url: str, folder: Path, *, people: int) -> list[Figure]:
    """Counts as people would make them, each beside a plain count of all contacts."""
    await asyncio.to_thread(populate, url, people)
    database = "SQLite" if is_sqlite(url) else "PostgreSQL"
    figures = []
    async with opened(url) as here:

        async def timed(unit: Callable[[Connection], object], times: int) -> list[float]:
            return [await _milliseconds(here.database.read(unit)) for _ in range(times)]

        for what, audience in COUNTED.items():
            bare, taken = [], []
            cold = (await timed(lambda conn, one=audience: _count(conn, one), 1))[0]  # type: ignore[misc]
            for _ in range(TIMES):
                bare += await timed(_count_all, 1)
                taken += await timed(lambda conn, one=audience: _count(conn, one), 1)  # type: ignore[misc]
            figures += _figures(what, database, bare, taken, cold)
        for what, audience in SURVEYED.items():
            bare = await timed(_count_all, 3)
            taken = await timed(lambda conn, one=audience: _survey(conn, one), 3)  # type: ignore[misc]
            figures.append(_figure(f"survey of {what}, p50", database, middle(taken), middle(bare)))
        bare = await timed(_count_all, 3)
        taken = await timed(lambda conn: first_reached(conn, EVERYBODY, TERMS, offset=10), 3)
        figures.append(_figure("somebody to preview, p50", database, middle(taken), middle(bare)))
    return figures


async def _milliseconds(work: Any) -> float:
    started = time.perf_counter()
    await work
    return (time.perf_counter() - started) * 1000


def _count(conn: Connection, audience: Audience) -> object:
    return conn.scalar(select(func.count()).select_from(contact_ids(audience).subquery()))


def _count_all(conn: Connection) -> object:
    return conn.scalar(select(func.count()).select_from(Contact))


def _survey(conn: Connection, audience: Audience) -> object:
    return survey(conn, audience, TERMS, fields=("first_name",), by_place=True)


def _figures(
    what: str, database: str, bare: list[float], taken: list[float], cold: float
) -> list[Figure]:
    late = percentile(taken, 95)
    return [
        _figure(f"count: {what}, first", database, cold, middle(bare)),
        _figure(f"count: {what}, p50", database, middle(taken), middle(bare)),
        _figure(f"count: {what}, p95", database, late, percentile(bare, 95), limit=REACH),
    ]


def _figure(
    what: str, database: str, value: float, baseline: float, *, limit: float | None = None
) -> Figure:
    reach, reached = ("", None) if limit is None else (f"≤ {limit} ms", value <= limit)
    return Figure(what, database, value, "ms", baseline, "a count of all contacts", reach, reached)


if __name__ == "__main__":
    run_alone(measure, __doc__)
