"""One measurement in a process of its own, so that its peak memory is its own; prints JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import bare, importing, sending
from messages.models import Reach

TOGETHER = 500  # recipients in one request, as the SendGrid provider sends them


def main(what: str, count: int, url: str, stub: str) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        measurements: dict[str, Callable[[], Awaitable[float]]] = {
            "bare texts": lambda: bare.texts(stub, count),
            "bare emails": lambda: bare.emails(stub, count, TOGETHER),
            "texts": lambda: sending.send(url, stub, reach=Reach.SMS, people=count),
            "emails": lambda: sending.send(url, stub, reach=Reach.EMAIL, people=count),
            "import": lambda: _seconds_of_import(url, Path(folder), count),
        }
        seconds = asyncio.run(_awaited(measurements[what]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"what": what, "rate": count / seconds, "peak_mb": peak}))


async def _seconds_of_import(url: str, folder: Path, rows: int) -> float:
    speed, _memory = await importing.measure(url, folder, rows=rows)
    return rows / speed.value


async def _awaited(measure: Callable[[], Awaitable[float]]) -> float:
    return await measure()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
