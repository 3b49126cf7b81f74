"""SQLite inside our own process: one writer thread that commits in groups, and query-only readers.

Every write goes through one thread, as ``BEGIN IMMEDIATE``: a deferred transaction that reads and
then writes fails with "database is locked" at once, whatever the busy timeout. Units that wait
together share one durable commit (``synchronous=FULL``), each behind a savepoint of its own.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, make_url

from database.engine import DatabaseClosed, DatabaseUnusable, P, T, Unit
from database.once import only_reading
from database.scrubbing import scrub

GROUP = 64  # units that may share one commit
READERS = 4
BUSY_MS = 10_000  # another process, e.g. the command line, may hold the file that long


class SenderRunning(DatabaseUnusable):
    """Another Llamado is already sending from this database file; stop it first."""


def open_engine(url: str, *, read_only: bool = False) -> Engine:
    """Make an engine on an SQLite file with our pragmas; transactions begin as we say."""
    options: dict[str, Any] = {"poolclass": StaticPool} if ":memory:" in url else {}
    engine = create_engine(
        url, connect_args={"check_same_thread": False}, hide_parameters=True, **options
    )

    @event.listens_for(engine, "connect")
    def prepare(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we write BEGIN ourselves
        pragmas = [
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # what is deleted is overwritten, not only forgotten
            "cache_size=-32000",
            "temp_store=FILE",
        ]
        for pragma in [*pragmas, *(["query_only=ON"] if read_only else [])]:
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@dataclass
class _Order:
    """A unit of work on its way to the writer thread."""

    run: Callable[[Connection], Any]
    done: Future[Any] = field(default_factory=Future)


class Embedded:
    """The database of a single machine."""

    embedded = True

    def __init__(self, url: str, *, on_wake: Callable[[], None] | None = None) -> None:
        self._on_wake = on_wake
        self._closing = False
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._writing = open_engine(url)
        self._reading = open_engine(url, read_only=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="llamado-reader")
        self._writer = threading.Thread(target=self._write_all, name="llamado-writer", daemon=True)
        self._writer.start()

    def listen(self, on_wake: Callable[[], None]) -> None:
        """Call ``on_wake`` (from the writer thread) after each commit that enqueued work."""
        self._on_wake = on_wake

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._closing:
            raise DatabaseClosed("the service is stopping; this was not written")
        order = _Order(lambda conn: unit(conn, *args, **kwargs))
        self._orders.put(order)
        result: T = await asyncio.wrap_future(order.done)
        return result

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        run = partial(self._read, lambda conn: unit(conn, *args, **kwargs))
        return await loop.run_in_executor(self._readers, run)

    async def scrub(self) -> bool:
        """Write the file anew, without any trace of what was deleted; see ``database.scrubbing``."""
        return await asyncio.to_thread(scrub, self._writing.url.database or "")

    async def close(self) -> None:
        self._closing = True
        self._orders.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        self._writing.dispose()
        self._reading.dispose()

    def _read(self, run: Callable[[Connection], T]) -> T:
        with self._reading.begin() as conn:
            only_reading(conn)
            return run(conn)

    def _write_all(self) -> None:
        while (first := self._orders.get()) is not None:
            group, last = self._gather(first)
            self._commit(group)
            if last:
                return

    def _gather(self, first: _Order) -> tuple[list[_Order], bool]:
        """Take the orders that already wait, so that they share the commit."""
        group = [first]
        while len(group) < GROUP:
            try:
                order = self._orders.get_nowait()
            except queue.Empty:
                break
            if order is None:
                return group, True
            group.append(order)
        return group, False

    def _commit(self, group: list[_Order]) -> None:
        live = [order for order in group if order.done.set_running_or_notify_cancel()]
        outcomes: list[tuple[_Order, Any, BaseException | None]] = []
        try:
            with self._writing.begin() as conn:
                if len(live) == 1:  # its failure is everybody's, so it needs no savepoint
                    outcomes = [(live[0], live[0].run(conn), None)]
                else:
                    outcomes = [_attempt(conn, order) for order in live]
                wake = conn.info.pop("wake", False)
        except Exception as error:  # noqa: BLE001 - whoever waits for the unit must hear of it
            outcomes = [(order, None, error) for order in live]
            wake = False
        for order, result, failure in outcomes:
            if failure is None:
                order.done.set_result(result)
            else:
                order.done.set_exception(failure)
        if wake and self._on_wake:
            self._on_wake()


def _attempt(conn: Connection, order: _Order) -> tuple[_Order, Any, BaseException | None]:
    """Run one unit behind a savepoint, so that its failure leaves its neighbours alone.

    Some failures (a full disk) make SQLite roll back the whole transaction by itself. What came
    next would then be a transaction of its own that nobody commits as one, so the group ends there.
    """
    try:
        with conn.begin_nested():
            return order, order.run(conn), None
    except Exception as error:
        if not _in_transaction(conn):
            raise
        return order, None, error


def _in_transaction(conn: Connection) -> bool:
    driver: Any = conn.connection.driver_connection
    return bool(driver.in_transaction)


class SenderLock:
    """Proof that no other process sends from this file: an exclusive lock the kernel releases
    when we die, even by ``kill -9``.
    """

    def __init__(self, url: str) -> None:
        # One file has one lock, whatever link or folder it is reached by.
        self._path = Path(f"{Path(make_url(url).database or '').resolve()}.sender.lock")
        self._file: int | None = None

    def take(self) -> None:
        """Lock, or raise SenderRunning; DatabaseUnusable where there can be no lock."""
        name = self._path.name.removesuffix(".sender.lock")
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise DatabaseUnusable(
                f"{self._path} cannot be written ({error.strerror}), and without that lock two"
                " senders could use one database; let Llamado write to that folder"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise SenderRunning(
                f"another Llamado is already sending from {name};"
                " stop it first, or move to PostgreSQL to run several senders"
            ) from error
        except OSError as error:
            os.close(handle)
            raise DatabaseUnusable(
                f"the file system of {name} cannot lock files ({error.strerror}), so two senders"
                " could use it at once; move it to a disk of this machine, or use PostgreSQL"
            ) from error
        self._file = handle

    def release(self) -> None:
        """Give the lock back; harmless when it was never taken."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
