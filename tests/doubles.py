"""Stand-ins for what a unit test does not need the real one of: jobs, a provider in memory; and a
database that is real but does as told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from database.engine import Database, P, T, Unit
from database.jobs import Handler
from messages.providers.provider import Accepted, Outcome, Outgoing, Text


class NoJobs:
    """Jobs that are only noted: the rows alone must be enough."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def enqueue(
        self,
        conn: Connection,
        kind: str,
        key: int,
        *,
        priority: int = 0,
        at: datetime | None = None,
    ) -> None:
        self.asked.append((kind, key))

    async def request(self, kind: str, key: int, *, priority: int = 0) -> None:
        self.asked.append((kind, key))

    async def run(self, handlers: Mapping[str, Handler], *, concurrency: int) -> None:
        await asyncio.Event().wait()

    async def tidy(self) -> None:
        return

    def wake(self) -> None:
        return


class ProviderInMemory:
    """A provider that keeps what it was given and answers as told."""

    name = "memory"
    window = 500
    bulk = False

    def __init__(self, answer: Callable[[Outgoing], Outcome] | None = None) -> None:
        self.given: list[Outgoing] = []
        self.before_answering: Callable[[Sequence[Outgoing]], Awaitable[None]] | None = None
        self._answer = answer or (lambda item: Accepted(f"M{item.ticket.delivery_id}"))

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        self.given += items
        if self.before_answering is not None:
            await self.before_answering(items)
        return [self._answer(item) for item in items]

    async def close(self) -> None:
        return

    @property
    def addresses(self) -> list[str]:
        return [item.address for item in self.given]

    @property
    def bodies(self) -> dict[str, str]:
        return {item.address: item.body for item in self.given if isinstance(item, Text)}


class GatedDatabase:
    """A real database whose writes can be counted, held up, and made to fail."""

    def __init__(self, database: Database) -> None:
        self.writes = 0
        self._database = database
        self._gate, self._knocked = asyncio.Event(), asyncio.Event()
        self._failures = 0
        self._gate.set()

    @property
    def embedded(self) -> bool:
        return self._database.embedded

    def close_gate(self) -> None:
        self._gate.clear()
        self._knocked.clear()

    def open_gate(self) -> None:
        self._gate.set()

    def fail_next(self, writes: int) -> None:
        self._failures = writes

    async def somebody_waits(self) -> None:
        await self._knocked.wait()

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.writes += 1
        self._knocked.set()
        await self._gate.wait()
        if self._failures:
            self._failures -= 1
            raise OperationalError("", {}, OSError("the disk is full"))
        return await self._database.write(unit, *args, **kwargs)

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.read(unit, *args, **kwargs)

    async def close(self) -> None:
        await self._database.close()
