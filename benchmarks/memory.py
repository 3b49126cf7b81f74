"""What does a running service hold in memory, idle and while it sends, next to a bare aiohttp one?

python -m benchmarks.memory [--people 1000000] [--postgres]
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psutil

from benchmarks.alone import run_alone
from benchmarks.figure import Figure
from benchmarks.launched import Launched, launched
from database.engine import is_sqlite

IDLE_MB, SENDING_MB = 130, 300
SAMPLES = 60
SECONDS = 1.0  # between samples
BARE = """
from aiohttp import web
web.run_app(web.Application(), host="127.0.0.1", port=0)
"""
BARE_WHAT = "a bare aiohttp application"


async def measure(url: str, folder: Path, *, people: int) -> list[Figure]:
    """Resident megabytes; on PostgreSQL of the web and the sender process together."""
    database = "SQLite" if is_sqlite(url) else "PostgreSQL"
    bare = await asyncio.to_thread(_bare)
    async with launched(url, folder, people=people) as service:
        idle = service.memory()
        await service.launch(people)
        most = await _most(service)
    limit = 1 if is_sqlite(url) else len(service.processes)
    return [
        _figure("memory, idle", database, idle, bare, IDLE_MB * limit),
        _figure("memory, while sending", database, most, bare, SENDING_MB * limit),
    ]


async def _most(service: Launched) -> float:
    """The most of a minute in which copies leave."""
    seen = []
    for _ in range(SAMPLES):
        seen.append(service.memory())
        await asyncio.sleep(SECONDS)
    return max(seen)


def _bare() -> float:
    command = [sys.executable, "-u", "-c", BARE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it says that it runs
        held = psutil.Process(process.pid).memory_info().rss / 1e6
        process.terminate()
    return held


def _figure(what: str, database: str, value: float, bare: float, limit: int) -> Figure:
    reach = f"≤ {limit} MB"
    return Figure(what, database, value, "MB", bare, BARE_WHAT, reach, value <= limit)


if __name__ == "__main__":
    run_alone(measure, __doc__)
