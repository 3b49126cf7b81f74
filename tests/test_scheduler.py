"""The clock: it runs what it is told, and rebuilds its alarms from what rows say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from scheduler import Alarms, Tick, ticking


class Rows:
    """What a table of scheduled things would say, and what was done about it."""

    def __init__(self, upcoming: Mapping[int, datetime]) -> None:
        self._upcoming = upcoming
        self.rang: asyncio.Queue[int] = asyncio.Queue()
        self.swept = asyncio.Event()

    async def upcoming(self) -> Mapping[int, datetime]:
        return self._upcoming

    async def ring(self, key: int) -> None:
        self.rang.put_nowait(key)

    async def sweep(self) -> None:
        self.swept.set()

    @property
    def alarms(self) -> Alarms:
        return Alarms(self.upcoming, self.ring, self.sweep)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(milliseconds=50)


async def test_a_tick_runs_again_and_again() -> None:
    ran: asyncio.Queue[None] = asyncio.Queue()

    async def run() -> None:
        ran.put_nowait(None)

    async with asyncio.timeout(10), ticking([Tick("t", 0.02, run)], Rows({}).alarms):
        await ran.get()
        await ran.get()


async def test_a_tick_that_fails_is_run_again() -> None:
    ran: asyncio.Queue[None] = asyncio.Queue()

    async def fail() -> None:
        ran.put_nowait(None)
        raise RuntimeError("this once")

    async with asyncio.timeout(10), ticking([Tick("t", 0.02, fail)], Rows({}).alarms):
        await ran.get()
        await ran.get()


async def test_a_start_sweeps_at_once_and_sets_the_alarms_rows_ask_for() -> None:
    rows = Rows({7: soon()})

    async with asyncio.timeout(10), ticking([], rows.alarms):
        await rows.swept.wait()
        assert await rows.rang.get() == 7


async def test_an_alarm_whose_hour_passed_while_nobody_looked_rings_at_once() -> None:
    rows = Rows({7: datetime.now(UTC) - timedelta(days=1)})

    async with asyncio.timeout(10), ticking([], rows.alarms):
        assert await rows.rang.get() == 7


async def test_a_job_that_the_end_interrupts_is_not_logged_as_failed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with asyncio.timeout(10):
        async with ticking([Tick("t", 0.02, run)], Rows({}).alarms):
            await began.wait()
        await ended.wait()

    assert not [record for record in caplog.records if record.levelname == "ERROR"]
