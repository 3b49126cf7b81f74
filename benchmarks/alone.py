"""Run one measurement by itself, on a database of its own, and print its figures."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.figure import Figure
from tests.databases import postgres_server


def run_alone(measure: Callable[..., Awaitable[list[Figure]]], description: str | None) -> None:
    """Measure on SQLite, or on PostgreSQL when asked to, and print."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        if not options.postgres:
            url = f"sqlite:///{here / 'llamado.db'}"
            show(asyncio.run(_measured(measure, url, here, options.people)))
            return
        with postgres_server(durable=True) as server:
            show(asyncio.run(_measured(measure, server.make(), here, options.people)))


def show(figures: list[Figure]) -> None:
    """A line for each figure, with its baseline."""
    for each in figures:
        verdict = {None: "", True: "reached", False: "NOT reached"}[each.reached]
        told = f"{each.value:,.1f} {each.unit} ({each.baseline_what}: {each.baseline:,.1f})"
        print(f"{each.database:10}  {each.what}: {told} {each.reach} {verdict}".rstrip())


async def _measured(
    measure: Callable[..., Awaitable[list[Figure]]], url: str, folder: Path, people: int
) -> list[Figure]:
    return await measure(url, folder, people=people)
