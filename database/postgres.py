"""PostgreSQL: the same units of work, run on pooled psycopg connections, for many processes.

A unit runs in a thread of its own: psycopg's blocking connections do in half the time what its
asynchronous ones do.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError

from database import vanishing
from database.engine import P, T, Unit

RETRIES = 3
# To compile a page's statements takes longer than to carry them out. And each is planned for what it
# asks: a plan for any word, any message or any number of people is a bad one for most.
PLANS = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
PREPARED = 300  # statements the server keeps parsed for a connection; some pages ask a hundred
RUN_AGAIN = {"40001", "40P01"}  # serialization failure, deadlock detected
MOMENTS = 10  # more connections, for as long as so many are at work
AGAIN_SECONDS = (
    0.2  # until a unit that is called off is called off again: it was between two statements
)


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

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(_Errand(lambda conn: unit(conn, *args, **kwargs)), self._write)

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(_Errand(lambda conn: unit(conn, *args, **kwargs)), self._read)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    async def _run(self, errand: _Errand, how: Callable[[_Errand], T]) -> T:
        """Wait for a unit in its thread; whoever is cancelled calls it off and waits for its end."""
        running: Future[T] = self._threads.submit(how, errand)
        result = asyncio.wrap_future(running)
        try:
            return await asyncio.shield(result)
        except asyncio.CancelledError:
            while not running.cancel() and not running.done():
                await asyncio.to_thread(errand.call_off)
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
            found = errand.run(conn)
            # After a rollback psycopg has the server forget every statement that it knew.
            conn.commit()
            return found


class _Errand:
    """A unit of work in its thread."""

    def __init__(self, unit: Callable[[Connection], Any]) -> None:
        self._unit = unit
        self._lock = threading.Lock()  # the connection is ours for as long as somebody holds it
        self._driver: Any = None

    def run(self, conn: Connection) -> Any:
        """Do it; what commits comes after."""
        with self._lock:
            self._driver = conn.connection.driver_connection
        try:
            return self._unit(conn)
        finally:
            with self._lock:
                self._driver = None

    def call_off(self) -> None:
        """End the statement under way, and with it the unit."""
        with self._lock:
            if self._driver is not None:
                self._driver.cancel_safe(timeout=AGAIN_SECONDS)


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
