"""How long does the page of an alert take while its copies leave, next to one that does nothing?

python -m benchmarks.progress [--people 1000000] [--postgres]
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.alone import run_alone
from benchmarks.figure import Figure, middle, percentile
from benchmarks.launched import Launched, launched
from database.engine import is_sqlite

TIMES = 40
REACH = 100  # ms
PIECES = 3  # an organizer may keep only a few streams open
IDLE = "the same page of a paused alert"


async def measure(url: str, folder: Path, *, people: int) -> list[Figure]:
    """The page over HTTP for a signed-in organizer, and the first piece of its live stream."""
    database = "SQLite" if is_sqlite(url) else "PostgreSQL"
    async with launched(url, folder, people=people) as service:
        idle = [await _page(service, service.paused_alert) for _ in range(TIMES)]
        alert_id = await service.launch(people)
        pages = [await _page(service, alert_id) for _ in range(TIMES)]
        pieces = [await _first_piece(service, alert_id) for _ in range(PIECES)]
    late, still = percentile(pages, 95), percentile(idle, 95)
    return [
        Figure("progress page, p50", database, middle(pages), "ms", middle(idle), IDLE),
        Figure(
            "progress page, p95", database, late, "ms", still, IDLE, f"≤ {REACH} ms", late <= REACH
        ),
        Figure("first live piece, p50", database, middle(pieces), "ms", middle(idle), IDLE),
    ]


async def _page(service: Launched, alert_id: int) -> float:
    started = time.perf_counter()
    async with service.browser.get(f"/console/alerts/{alert_id}") as answer:
        await answer.read()
        answer.raise_for_status()
    return (time.perf_counter() - started) * 1000


async def _first_piece(service: Launched, alert_id: int) -> float:
    started = time.perf_counter()
    async with service.browser.get(f"/console/alerts/{alert_id}/events") as stream:
        stream.raise_for_status()
        await stream.content.readline()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    run_alone(measure, __doc__)
