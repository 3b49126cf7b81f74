"""The job port: "somebody work on this", in two implementations.

A job carries no truth. It says *expand message 7* or *send batch 12*; the rows say what is left to
do. So a job may be lost (a sweep asks again), doubled, or run twice at once, and nothing is sent
twice. Embedded, a job is only a nudge to the dispatcher of this process; on PostgreSQL it is a
procrastinate job, enqueued inside the caller's own transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, make_url
from sqlalchemy.util import await_only

IDLE_SECONDS = 1.0
ENDING_SECONDS = 1.0  # whoever cancels has waited already for what must come home

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


class EmbeddedJobs:
    """Jobs inside one process: rows are polled by whoever runs; enqueueing only wakes it."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

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
        self._woken.set()

    async def run(self, handlers: Mapping[str, Handler], *, concurrency: int) -> None:
        """Call ``handlers["next"]`` as long as it finds work; then wait for a nudge or a second."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as slots:
            for slot in range(concurrency):
                slots.create_task(self._work(handlers["next"], slot))

    async def _work(self, handler: Handler, slot: int) -> None:
        while True:
            if await handler(slot):
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._woken.wait()
            self._woken.clear()

    async def tidy(self) -> None:
        """Nothing to do: no job outlives its process, and the rows say what is left."""

    def wake(self) -> None:
        """Safe from any thread: the writer thread calls it after a commit."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)


class ProcrastinateJobs:
    """Jobs for many processes, in the same PostgreSQL database."""

    QUEUE = "llamado"

    def __init__(self, url: str) -> None:
        import procrastinate  # noqa: PLC0415 - with psycopg 12 MB that SQLite has no use for

        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=8)
        )
        self._open = False

    async def start(self) -> None:
        """Open the connection pool."""
        await self._app.open_async()
        self._open = True

    async def close(self) -> None:
        """Close the connection pool."""
        if self._open:
            await self._app.close_async()

    def enqueue(
        self,
        conn: Connection,
        kind: str,
        key: int,
        *,
        priority: int = 0,
        at: datetime | None = None,
    ) -> None:
        deferrer = self._configure(kind, priority=priority, at=at, connection=_raw(conn))
        await_only(deferrer.defer_async(key=key))

    async def request(self, kind: str, key: int, *, priority: int = 0) -> None:
        from procrastinate import exceptions  # noqa: PLC0415 - as above

        lock = f"{kind}-{key}"
        try:
            await self._configure(kind, priority=priority, lock=lock).defer_async(key=key)
        except exceptions.AlreadyEnqueued:
            return

    async def run(self, handlers: Mapping[str, Handler], *, concurrency: int) -> None:
        for kind, handler in handlers.items():
            self._register(kind, handler)
        await self._app.run_worker_async(
            queues=[self.QUEUE],
            concurrency=concurrency,
            install_signal_handlers=False,
            shutdown_graceful_timeout=ENDING_SECONDS,
            fetch_job_polling_interval=1.0,
            delete_jobs="successful",
        )

    def wake(self) -> None:
        """Nothing to do: PostgreSQL's NOTIFY wakes the workers."""

    async def tidy(self) -> None:
        """Queue again the jobs of workers that died; procrastinate leaves this to its users.

        See https://procrastinate.readthedocs.io/en/stable/howto/production/retry_stalled_jobs.html
        """
        for job in await self._app.job_manager.get_stalled_jobs():
            await self._app.job_manager.retry_job(job)

    def _configure(
        self,
        kind: str,
        *,
        priority: int,
        at: datetime | None = None,
        lock: str | None = None,
        connection: Any = None,
    ) -> Any:
        return self._app.configure_task(
            name=kind,
            queue=self.QUEUE,
            priority=-priority,
            schedule_at=at,
            queueing_lock=lock,
            connection=connection,
            allow_unknown=True,
        )

    def _register(self, kind: str, handler: Handler) -> None:
        async def task(key: int) -> None:
            await handler(key)

        self._app.task(name=kind, queue=self.QUEUE)(task)


def _raw(conn: Connection) -> Any:
    """The psycopg connection beneath SQLAlchemy's, for procrastinate's ``connection=``."""
    return conn.connection.driver_connection
