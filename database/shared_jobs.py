"""Jobs for many processes: procrastinate, in the same PostgreSQL database.

In a module of its own, because a process on SQLite has no use for the 12 MB that it brings along.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import procrastinate
import structlog
from procrastinate import exceptions
from procrastinate.jobs import Status
from sqlalchemy import Connection, make_url

from database import vanishing
from database.jobs import Handler, Idleness

log = structlog.get_logger()

NUDGES = frozenset({"expand", "send_batch", "look"})  # kinds that mean no more than "look"
STALLED_SECONDS = 30.0  # without a heartbeat; a worker beats every ten
PATIENCE_SECONDS = 5.0  # for a connection; a stop while the server is away must not take minutes
LOOKED = "looked"
ANEW_SECONDS = 1.0  # until a worker that failed is begun anew
ENDING_SECONDS = 1.0  # whoever cancels has waited already for what must come home


class ProcrastinateJobs:
    """Jobs for many processes, in the same PostgreSQL database."""

    QUEUE = "llamado"

    def __init__(self, url: str) -> None:
        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=conninfo,
                min_size=1,
                max_size=8,
                timeout=PATIENCE_SECONDS,
                kwargs=dict(vanishing.CLIENT),
            )
        )
        # For what is asked within a transaction, on its own connection; this one opens none.
        self._within = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
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
        task = _configured(self._within, kind, priority=priority, at=at, connection=_raw(conn))
        task.defer(key=key)

    async def request(self, kind: str, key: int, *, priority: int = 0) -> None:
        lock = f"{kind}-{key}"
        # Asked first, because the server logs each refusal of the unique index as an error.
        if await self._app.job_manager.list_jobs_async(queueing_lock=lock, status="todo"):
            return
        try:
            await _configured(self._app, kind, priority=priority, lock=lock).defer_async(key=key)
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
        """Work off jobs until cancelled; a worker that fails is begun anew.

        One fails when the server is restarted, or when others took it for dead: its heart had not
        beaten for half a minute on a machine that was busy. The slot beside it goes on looking.
        """
        while True:
            try:
                await self._app.run_worker_async(
                    queues=[self.QUEUE],
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=ENDING_SECONDS,
                    fetch_job_polling_interval=1.0,
                    stalled_worker_timeout=STALLED_SECONDS,
                    delete_jobs="successful",
                )
            except exceptions.ConnectorException as error:
                if _is_ending():
                    raise asyncio.CancelledError from error
                log.warning("the worker of jobs failed", error=type(error.__cause__).__name__)
            await asyncio.sleep(ANEW_SECONDS)

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

    def _register(self, kind: str, handler: Handler) -> None:
        async def task(key: int) -> None:
            await handler(key)

        self._app.task(name=kind, queue=self.QUEUE)(task)


def _configured(
    app: procrastinate.App,
    kind: str,
    *,
    priority: int,
    at: datetime | None = None,
    lock: str | None = None,
    connection: Any = None,
) -> Any:
    return app.configure_task(
        name=kind,
        queue=ProcrastinateJobs.QUEUE,
        priority=-priority,
        schedule_at=at,
        queueing_lock=lock,
        connection=connection,
        allow_unknown=True,
    )


def _is_ending() -> bool:
    """Whether this task was cancelled, though what it waited for ended in another way."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


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
