"""The clock: which coroutine runs how often, and when a campaign's email is due. No logic, no stored jobs.

APScheduler's own job stores lose and double jobs, so it gets none: everything is rebuilt from rows
at start, and again twice a minute, when a sweep also catches what the alarms missed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

SWEEP_SECONDS = 30
ALARM = "alarm:"


@dataclass(frozen=True)
class Tick:
    """Something that runs again and again."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Alarms:
    """Something that runs at instants which rows tell."""

    upcoming: Callable[[], Awaitable[Mapping[int, datetime]]]
    ring: Callable[[int], Awaitable[None]]  # with the row's id
    sweep: Callable[[], Awaitable[None]]  # whatever is due, whether or not an alarm rang


@asynccontextmanager
async def ticking(ticks: Sequence[Tick], alarms: Alarms | None = None) -> AsyncIterator[None]:
    """Keep time while the context is open."""
    clock = AsyncIOScheduler(
        timezone=UTC,
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    for tick in ticks:
        clock.add_job(_run, "interval", seconds=tick.seconds, args=[tick.run], id=tick.name)
    if alarms is not None:
        _keep(clock, alarms)
    clock.start()
    try:
        yield
    finally:
        clock.shutdown(wait=False)


def _keep(clock: AsyncIOScheduler, alarms: Alarms) -> None:
    """Ring now and then whatever is due, and set the alarms anew."""

    async def sweep() -> None:
        await alarms.sweep()
        await _set(clock, alarms)

    clock.add_job(
        _run, "interval", seconds=SWEEP_SECONDS, args=[sweep], id="sweep", next_run_time=_now()
    )


async def _set(clock: AsyncIOScheduler, alarms: Alarms) -> None:
    """Set an alarm for every row that wants one, and drop those of rows that no longer do."""
    wanted = {f"{ALARM}{key}": (key, at) for key, at in (await alarms.upcoming()).items()}
    for job in clock.get_jobs():
        if job.id.startswith(ALARM) and job.id not in wanted:
            job.remove()
    for name, (key, at) in wanted.items():
        call = [alarms.ring, key]
        clock.add_job(_run, "date", run_date=at, args=call, id=name, replace_existing=True)


async def _run(work: Callable[..., Awaitable[None]], *args: int) -> None:
    """Run a job. The clock may stop in the midst of it, which APScheduler would log as its failure."""
    with contextlib.suppress(asyncio.CancelledError):
        await work(*args)


def _now() -> datetime:
    return datetime.now(UTC)
