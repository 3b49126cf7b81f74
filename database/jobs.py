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
from typing import Any, Protocol

import procrastinate
from procrastinate import exceptions
from procrastinate.jobs import Status
from sqlalchemy import Connection, make_url
from sqlalchemy.util import await_only

from database import vanishing

IDLE_SECONDS = 1.0
NUDGES = frozenset({"expand", "send_batch", "look"})  # kinds that mean no more than "look"
STALLED_SECONDS = 30.0  # without a heartbeat; a worker beats every ten
LOOKED = "looked"
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


class ProcrastinateJobs:
    """Jobs for many processes, in the same PostgreSQL database."""

    QUEUE = "llamado"

    def __init__(self, url: str) -> None:
        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=conninfo, min_size=1, max_size=8, kwargs=dict(vanishing.CLIENT)
            )
        )
        self._open = False
        self._idle = Idleness()

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
        if kind in NUDGES and not _first(conn, at):
            return
        deferrer = self._configure(kind, priority=priority, at=at, connection=_raw(conn))
        await_only(deferrer.defer_async(key=key))

    async def request(self, kind: str, key: int, *, priority: int = 0) -> None:
        lock = f"{kind}-{key}"
        # Asked first, because the server logs each refusal of the unique index as an error.
        if await self._app.job_manager.list_jobs_async(queueing_lock=lock, status="todo"):
            return
        try:
            await self._configure(kind, priority=priority, lock=lock).defer_async(key=key)
        except exceptions.AlreadyEnqueued:
            return

    async def run(self, handlers: Mapping[str, Handler], *, concurrency: int) -> None:
        """Work off jobs; one slot beside them looks by itself, for jobs may be lost."""
        handlers = dict(handlers)
        look = handlers.pop("next", None)
        for kind, handler in handlers.items():
            self._register(kind, handler)
        async with asyncio.TaskGroup() as slots:
            if look is not None:
                slots.create_task(self._idle.work(look, 0))
            slots.create_task(self._run_jobs(max(1, concurrency - 1)))

    async def _run_jobs(self, concurrency: int) -> None:
        await self._app.run_worker_async(
            queues=[self.QUEUE],
            concurrency=concurrency,
            install_signal_handlers=False,
            shutdown_graceful_timeout=ENDING_SECONDS,
            fetch_job_polling_interval=1.0,
            stalled_worker_timeout=STALLED_SECONDS,
            delete_jobs="successful",
        )

    def wake(self) -> None:
        """Let this process's own slot look; PostgreSQL's NOTIFY wakes the workers for jobs."""
        self._idle.wake()

    async def tidy(self) -> None:
        """Queue again the jobs of workers that died; procrastinate leaves this to its users.

        See https://procrastinate.readthedocs.io/en/stable/howto/production/retry_stalled_jobs.html
        Several senders may do so at once.
        """
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            try:
                await manager.retry_job(job)
            except exceptions.UniqueViolation:  # the same request waits already
                with contextlib.suppress(exceptions.ConnectorException):
                    await manager.finish_job(job, Status.ABORTED, delete_job=True)
            except exceptions.ConnectorException:
                continue  # another sender was faster

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


def _first(conn: Connection, at: datetime | None) -> bool:
    """Whether nobody has asked for a look at that time in this transaction, or savepoint, yet."""
    within = conn.get_nested_transaction() or conn.get_transaction()
    transaction, asked = conn.info.get(LOOKED, (None, frozenset()))
    if transaction is not within:
        asked = frozenset()
    conn.info[LOOKED] = (within, asked | {at})
    return at not in asked


def _raw(conn: Connection) -> Any:
    """The psycopg connection beneath SQLAlchemy's, for procrastinate's ``connection=``."""
    return conn.connection.driver_connection
