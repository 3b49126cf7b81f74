"""The job port: "somebody look", in two implementations.

A job carries no truth. Whatever it names, whoever runs it works off the most urgent piece that the
rows tell of, and goes on until nothing is left. So a job may be lost (everybody also looks once a
second), doubled, or run twice at once, and nothing is sent twice; and one is enough for a
transaction that makes work, for every piece taken asks for another pair of eyes. Embedded, a job is
only a nudge to the dispatcher of this process; on PostgreSQL it is a procrastinate job, enqueued
inside the caller's own transaction, that wakes a free sender on whatever machine.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

IDLE_SECONDS = 1.0

Handler = Callable[[int], Awaitable[object]]


class Jobs(Protocol):
    """What the house knows of jobs."""

    def enqueue(
        self,
        conn: Connection,
        kind: str,
        key: int,
        *,
        priority: int = 0,
        at: datetime | None = None,
    ) -> None:
        """Ask, within the caller's transaction, that ``kind`` be run for ``key``, not before ``at``.

        Lower priority numbers run first.
        """

    async def request(self, kind: str, key: int, *, priority: int = 0) -> None:
        """Ask outside any transaction, unless the same request already waits."""

    async def run(self, handlers: Mapping[str, Handler], *, concurrency: int) -> None:
        """Work off jobs until cancelled."""

    async def tidy(self) -> None:
        """Ask again for the jobs of workers that died."""

    def wake(self) -> None:
        """Look for work now rather than at the next tick."""


class Idleness:
    """Waiting for something to do: until a nudge comes, or for a second."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def work(self, handler: Handler, slot: int) -> None:
        """Call ``handler`` as long as it finds work, and again after each wait, until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            if await handler(slot):
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._woken.wait()
            self._woken.clear()

    def wake(self) -> None:
        """End the wait. Safe from any thread: the writer thread calls it after a commit."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)


class EmbeddedJobs:
    """Jobs inside one process: rows are polled by whoever runs; enqueueing only wakes it."""

    def __init__(self) -> None:
        self._idle = Idleness()

    def enqueue(
        self,
        conn: Connection,
        kind: str,
        key: int,
        *,
        priority: int = 0,
        at: datetime | None = None,
    ) -> None:
        conn.info["wake"] = True

    async def request(self, kind: str, key: int, *, priority: int = 0) -> None:
        self._idle.wake()

    async def run(self, handlers: Mapping[str, Handler], *, concurrency: int) -> None:
        """Call ``handlers["next"]`` as long as it finds work; then wait for a nudge or a second."""
        async with asyncio.TaskGroup() as slots:
            for slot in range(concurrency):
                slots.create_task(self._idle.work(handlers["next"], slot))

    async def tidy(self) -> None:
        """Nothing to do: no job outlives its process, and the rows say what is left."""

    def wake(self) -> None:
        """Safe from any thread: the writer thread calls it after a commit."""
        self._idle.wake()
