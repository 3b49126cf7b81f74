"""PostgreSQL: the same units of work, run on pooled psycopg connections, for many processes.

A unit runs in a thread of its own: psycopg's blocking connections do in half the time what its
asynchronous ones do.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError

from database import vanishing
from database.engine import DatabaseClosed, P, T, Unit
from database.once import only_reading

RETRIES = 3
# To compile a page's statements takes longer than to carry them out. And each is planned for what it
# asks: a plan for any word, any message or any number of people is a bad one for most.
PLANS = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
PREPARED = 300  # statements the server keeps parsed for a connection; some pages ask a hundred
RUN_AGAIN = {"40001", "40P01"}  # serialization failure, deadlock detected
MOMENTS = 10  # more connections, for as long as so many are at work
AGAIN_SECONDS = 0.2  # until a unit is interrupted again: it was between two statements
HEARING_SECONDS = 5.0  # for the server to hear that a statement is to end
HUNG_SECONDS = 10.0  # after which a unit that does not end has its line cut


class Postgres:
    """A PostgreSQL database shared by any number of web and sender processes."""

    embedded = False

    def __init__(self, url: str, *, connections: int = 10) -> None:
        self._engine = create_engine(
            url,
            pool_size=connections,
            max_overflow=MOMENTS,
            pool_pre_ping=True,
            hide_parameters=True,
            # The server knows most statements of those used last; the others wait for a rush.
            pool_use_lifo=True,
            connect_args=dict(vanishing.CLIENT),
        )
        event.listen(self._engine, "connect", _prepare)
        self._threads = ThreadPoolExecutor(connections + MOMENTS, "llamado-postgres")
        self._calling_off = ThreadPoolExecutor(2, "llamado-calling-off")
        self._closing = False

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(_Errand(lambda conn: unit(conn, *args, **kwargs)), self._write)

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(_Errand(lambda conn: unit(conn, *args, **kwargs)), self._read)

    async def close(self) -> None:
        self._closing = True
        await asyncio.to_thread(self._threads.shutdown)
        self._calling_off.shutdown(wait=False)
        self._engine.dispose()

    async def _run(self, errand: _Errand, how: Callable[[_Errand], T]) -> T:
        """Wait for a unit in its thread; whoever is cancelled calls it off and waits for its end."""
        if self._closing:
            raise DatabaseClosed("the service is stopping; this was not done")
        running: Future[T] = self._threads.submit(how, errand)
        result = asyncio.wrap_future(running)
        try:
            return await asyncio.shield(result)
        except asyncio.CancelledError:
            result.add_done_callback(_heard)
            errand.call_off()
            while not running.cancel() and not running.done():
                await asyncio.wrap_future(self._calling_off.submit(errand.interrupt))
                await asyncio.wait([result], timeout=AGAIN_SECONDS)
            raise

    def _write(self, errand: _Errand) -> Any:
        for attempt in range(RETRIES):
            try:
                with self._engine.begin() as conn:
                    return errand.run(conn)
            except OperationalError as error:
                if attempt == RETRIES - 1 or not _run_again(error):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _read(self, errand: _Errand) -> Any:
        with self._engine.connect() as conn:
            conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            only_reading(conn)
            found = errand.run(conn)
            # After a rollback psycopg has the server forget every statement that it knew.
            conn.commit()
            return found


class _CalledOff(Exception):
    """Whoever wanted it wants it no longer: nothing of it is to be kept."""


class _Errand:
    """A unit of work in its thread."""

    def __init__(self, unit: Callable[[Connection], Any]) -> None:
        self._unit = unit
        self._lock = threading.Lock()  # the connection is ours for as long as somebody holds it
        self._driver: Any = None
        self._off_since: float | None = None
        self._spoiled = False  # what was said to end our statement may end the next one's

    def run(self, conn: Connection) -> Any:
        """Do it, but for the commit. Raises _CalledOff where it was called off before its end."""
        with self._lock:
            self._require()
            self._driver = conn.connection.driver_connection
        try:
            found = self._unit(conn)
        finally:
            with self._lock:
                self._driver = None
                if self._spoiled:
                    conn.invalidate()
        self._require()
        return found

    def call_off(self) -> None:
        """Let nothing of it be committed that is not yet."""
        with self._lock:
            self._off_since = time.monotonic()

    def interrupt(self) -> None:
        """End the statement under way; where the server does not answer for long, the line to it."""
        with self._lock:
            if self._driver is None:
                return
            try:
                if self._overdue():
                    _cut(self._driver)
                self._driver.cancel_safe(timeout=HEARING_SECONDS)
            except (psycopg.Error, OSError):
                self._spoiled = True

    def _require(self) -> None:
        if self._off_since is not None:
            raise _CalledOff(_CalledOff.__doc__)

    def _overdue(self) -> bool:
        return self._off_since is not None and time.monotonic() > self._off_since + HUNG_SECONDS


def _cut(driver: Any) -> None:
    """Whoever waits for an answer of this connection sees its end."""
    with socket.socket(fileno=os.dup(driver.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _heard(result: asyncio.Future[Any]) -> None:
    """How a unit that was called off ended is nobody's concern, and in no log."""
    if not result.cancelled():
        result.exception()


def _prepare(dbapi: Any, _record: Any) -> None:
    """Ask of the server what the sending promise rests on, however it is configured.

    A claim must be on the disk before the text leaves. And a process that is frozen, or cut off, in
    the middle of a transaction must not keep everybody waiting for its locks until TCP gives it up.
    """
    dbapi.prepared_max = PREPARED
    with dbapi.cursor() as cursor:
        for name, value in {**vanishing.SERVER, **PLANS}.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
    dbapi.commit()


def _run_again(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) in RUN_AGAIN
