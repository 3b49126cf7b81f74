"""One measurement in a process of its own, so that its memory is its own; prints its figures as JSON.

python -m benchmarks.measure texts sqlite:///llamado.db 20000
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.figure import Figure
from service import leave_alone_what_stays

Measure = Callable[..., Awaitable[list[Figure]]]


@dataclass(frozen=True)
class Measurement:
    """What to run, and how large."""

    module: str
    function: str
    size: str  # the name of its parameter
    quick: int
    full: int
    sqlite: bool = True


MEASUREMENTS = {
    "texts": Measurement("sending", "texts", "people", 30_000, 100_000),
    "emails": Measurement("sending", "emails", "people", 60_000, 200_000),
    "smtp": Measurement("mail", "emails", "people", 5_000, 50_000),
    "launch": Measurement("sending", "launch", "people", 100_000, 1_000_000),
    "endurance": Measurement("sending", "endurance", "people", 100_000, 1_000_000),
    "import": Measurement("importing", "measure", "rows", 50_000, 1_000_000),
    "webhooks": Measurement("webhooks", "measure", "events", 20_000, 60_000),
    "audience": Measurement("audience", "measure", "people", 100_000, 1_000_000),
    "progress": Measurement("progress", "measure", "people", 100_000, 1_000_000),
    "console": Measurement("console", "measure", "deliveries", 100_000, 1_000_000),
    "action_page": Measurement("action_page", "measure", "answers", 10_000, 100_000),
    "lookup": Measurement("lookup", "measure", "zips", 1_000, 20_000),
    "memory": Measurement("memory", "measure", "people", 100_000, 1_000_000),
    "lifecycle": Measurement("lifecycle", "measure", "deliveries", 50_000, 300_000, sqlite=False),
}


def main(what: str, url: str, count: int) -> None:
    """Measure and print."""
    one = MEASUREMENTS[what]
    measure: Measure = getattr(importlib.import_module(f"benchmarks.{one.module}"), one.function)
    leave_alone_what_stays()
    with tempfile.TemporaryDirectory() as folder:
        figures = uvloop.run(_measured(measure, url, Path(folder), {one.size: count}))
    print(json.dumps([asdict(figure) for figure in figures]))


async def _measured(measure: Measure, url: str, folder: Path, size: dict[str, Any]) -> list[Figure]:
    return await measure(url, folder, **size)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
