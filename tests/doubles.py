"""Stand-ins for what a unit test does not need the real one of: jobs, and a provider in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

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
