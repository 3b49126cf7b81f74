"""A messy export of supporters: read, checked, matched and stored, beside the csv module alone."""

from __future__ import annotations

import asyncio
import csv
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import Connection, insert

from benchmarks.figure import Figure
from contacts import imports
from contacts.scanning import ImportOptions
from database.engine import is_sqlite
from database.opening import opened, prepare
from representatives.lookup import CONGRESS
from representatives.models import Zip, ZipDistrict
from tests.flows.people import write_export

ZIPS = [f"{number:05}" for number in range(1001, 99_000, 97)]
WANTED = 60_000  # rows a second
MOST_MEMORY = 200  # MB


async def measure(url: str, folder: Path, *, rows: int) -> list[Figure]:
    """Import a file of so many rows; run it in a process of its own, whose peak memory is told."""
    path = folder / "export.csv"
    write_export(path, zips=ZIPS, rows=rows)
    database = "SQLite" if is_sqlite(url) else "PostgreSQL"
    bare = rows / _seconds_of_bare_reading(path)
    before = psutil.Process().memory_info().rss / 2**20
    async with _most_of_helpers() as helpers:
        rate = rows / await _seconds_of_import(url, path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + max(helpers)
    return [
        Figure(
            what=f"import of {rows:,} rows",
            database=database,
            value=rate,
            unit="a second",
            baseline=bare,
            baseline_what="the csv module alone",
            reach=f"≥ {WANTED:,} rows a second",
            reached=rate >= WANTED,
        ),
        Figure(
            what=f"peak memory of an import of {rows:,} rows",
            database=database,
            value=peak,
            unit="MB",
            baseline=before,
            baseline_what="before the import",
            reach=f"< {MOST_MEMORY} MB",
            reached=peak < MOST_MEMORY,
        ),
    ]


@asynccontextmanager
async def _most_of_helpers() -> AsyncIterator[list[float]]:
    """Megabytes that the processes we start hold, looked at ten times a second."""
    seen, us = [0.0], psutil.Process()

    async def look() -> None:
        while True:
            with suppress(psutil.NoSuchProcess):
                seen.append(sum(each.memory_info().rss for each in us.children()) / 2**20)
            await asyncio.sleep(0.1)

    looking = asyncio.create_task(look())
    yield seen
    looking.cancel()


def _seconds_of_bare_reading(path: Path) -> float:
    started = time.perf_counter()
    with path.open(encoding="utf-8-sig", newline="") as source:
        for _cells in csv.reader(source):
            pass
    return time.perf_counter() - started


async def _seconds_of_import(url: str, path: Path) -> float:
    """From the file to the last commit, both readings of it included."""
    async with opened(prepare(url)) as here:
        await here.database.write(know_zips)
        started = time.perf_counter()
        await imports.import_file(
            here.database,
            path,
            options=ImportOptions(consent="signed at the assembly"),
            actor="benchmark",
            now=datetime.now(UTC),
        )
        return time.perf_counter() - started


def know_zips(conn: Connection) -> None:
    """Put the file's ZIPs on file, as after ``llamado representatives load``."""
    shared = {"state": "WI", "zone": "America/Chicago", "near_zones": "", "kind": ""}
    conn.execute(insert(Zip), [{"zip": each, **shared} for each in ZIPS])
    district = {"congress": CONGRESS, "state": "WI", "district": 2, "rank": 0}
    conn.execute(insert(ZipDistrict), [{"zip": each, **district} for each in ZIPS])
