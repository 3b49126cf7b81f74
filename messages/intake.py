"""Where receipts come in: those of a few milliseconds share one durable commit, then all are answered.

A commit costs the same for one receipt as for five hundred, and after a launch there are thousands a
second. Whoever hands receipts in is held until the commit they are in, and hears if it failed.

Receipts that cannot be applied are still stored, for the clock to apply later: a provider need not
know of our troubles, and must not lose what it told us.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

import structlog

from database.engine import Database, DatabaseClosed, DatabaseUnusable
from messages.receipts import RawEvent, store, take_in

log = structlog.get_logger("intake")

GATHER_SECONDS = 0.008  # that the first receipt of a group waits for others
ENOUGH = 50  # receipts that are worth a commit: who waits for more leaves the machine idle
TOGETHER = 500  # receipts in a group; on SQLite, who sends waits for it
MOST_WAITING = 20_000  # receipts; about a second's worth


class IntakeFull(DatabaseUnusable):
    """More receipts wait to be stored than the database takes in a second; send it again."""


@dataclass(frozen=True, slots=True)
class _Handed:
    """What one request handed in, and whoever waits for it."""

    events: Sequence[RawEvent]
    now: datetime
    stored: asyncio.Future[None]


class Intake:
    """The receipts on their way into the database. To be used inside one running event loop."""

    def __init__(
        self, database: Database, *, secret: str, gather_seconds: float = GATHER_SECONDS
    ) -> None:
        self._database = database
        self._secret = secret  # of the tokens in our callbacks
        self._gather_seconds = gather_seconds
        self._waiting: deque[_Handed] = deque()
        self._count = 0  # events in ``_waiting``
        self._enough = asyncio.Event()
        self._draining: asyncio.Task[None] | None = None
        self._closed = False

    async def take(self, events: Sequence[RawEvent], *, now: datetime) -> None:
        """Return once all these receipts are durable, whether new or copies.

        Raises SQLAlchemyError or DatabaseUnusable when they are not; then all may be handed in again.
        Who is cancelled meanwhile only stops waiting: the receipts are stored all the same.
        """
        if self._closed:
            raise DatabaseClosed("the service is stopping; this was not stored")
        if self._count >= MOST_WAITING:
            raise IntakeFull(IntakeFull.__doc__)
        if not events:
            return
        handed = _Handed(events, now, asyncio.get_running_loop().create_future())
        self._waiting.append(handed)
        self._count += len(events)
        if self._count >= ENOUGH:
            self._enough.set()
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain(), name="intake")
        await handed.stored

    async def close(self) -> None:
        """Take no more, and store what waits."""
        self._closed = True
        self._enough.set()
        if self._draining is not None:
            await self._draining

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                await self._put_away(self._next())
        finally:
            self._draining = None

    async def _gather(self) -> None:
        """Wait for others, unless there are enough already or we are to close."""
        if not self._closed and self._count < ENOUGH:
            self._enough.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._gather_seconds):
                    await self._enough.wait()

    def _next(self) -> list[_Handed]:
        """The requests that have waited longest, whole, up to about a group's worth of receipts."""
        group, size = [], 0
        while self._waiting and size < TOGETHER:
            group.append(self._waiting.popleft())
            size += len(group[-1].events)
        self._count -= size
        return group

    async def _put_away(self, group: Sequence[_Handed]) -> None:
        events = [event for handed in group for event in handed.events]
        started = perf_counter()
        try:
            await self._store(events, group[-1].now)
        except Exception as error:
            log.exception("receipts not stored", events=len(events), error=type(error).__name__)
            _tell(group, error)
        else:
            _tell(group, None)
            ms = round((perf_counter() - started) * 1000)
            log.info("receipts", requests=len(group), events=len(events), ms=ms)

    async def _store(self, events: Sequence[RawEvent], now: datetime) -> None:
        try:
            await self._database.write(take_in, events, secret=self._secret, now=now)
        except Exception as error:
            kind = type(error).__name__
            log.warning("receipts not applied", events=len(events), error=kind, exc_info=True)
            await self._database.write(store, events, now=now)


def _tell(group: Sequence[_Handed], error: Exception | None) -> None:
    """Let everybody of a group go on who still waits."""
    for handed in group:
        if handed.stored.done():
            continue
        if error is None:
            handed.stored.set_result(None)
        else:
            handed.stored.set_exception(error)
