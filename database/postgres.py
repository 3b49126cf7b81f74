"""PostgreSQL: the same units of work, run on pooled psycopg connections, for many processes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from database import vanishing
from database.engine import P, T, Unit

RETRIES = 3
# To compile a page's statements takes longer than to carry them out. And each is planned for what it
# asks: a plan for any word, any message or any number of people is a bad one for most.
PLANS = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
PREPARED = 300  # statements the server keeps parsed for a connection; some pages ask a hundred
RUN_AGAIN = {"40001", "40P01"}  # serialization failure, deadlock detected


class Postgres:
    """A PostgreSQL database shared by any number of web and sender processes."""

    embedded = False

    def __init__(self, url: str, *, connections: int = 10) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=connections,
            pool_pre_ping=True,
            hide_parameters=True,
            # The server knows most statements of those used last; the others wait for a rush.
            pool_use_lifo=True,
            connect_args=dict(vanishing.CLIENT),
        )
        event.listen(self._engine.sync_engine, "connect", _prepare)

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run(conn: Connection) -> T:
            return unit(conn, *args, **kwargs)

        for attempt in range(RETRIES):
            try:
                async with self._engine.begin() as conn:
                    return await conn.run_sync(run)
            except OperationalError as error:
                if attempt == RETRIES - 1 or not _run_again(error):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run(conn: Connection) -> T:
            return unit(conn, *args, **kwargs)

        async with self._engine.connect() as conn:
            reading = await conn.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            found = await reading.run_sync(run)
            # After a rollback psycopg has the server forget every statement that it knew.
            await conn.commit()
            return found

    async def close(self) -> None:
        await self._engine.dispose()


def _prepare(dbapi: Any, _record: Any) -> None:
    """Ask of the server what the sending promise rests on, however it is configured.

    A claim must be on the disk before the text leaves. And a process that is frozen, or cut off, in
    the middle of a transaction must not keep everybody waiting for its locks until TCP gives it up.
    """
    dbapi.driver_connection.prepared_max = PREPARED
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
