"""So many requests under way at once: each lane takes the next item that waits, whosever it is.

A task for each request would cost as much as a tenth of the request. Lanes are opened when work comes
and end when there is none. They are halved when a provider says "too many", and regrown slowly:
additive increase, multiplicative decrease.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Errand(Generic[Item, Result]):
    """Items that somebody waits for together."""

    items: Sequence[Item]
    do: Callable[[Item], Awaitable[Result]]
    results: list[Result | None]
    done: asyncio.Future[None]
    left: int
    taken: int = 0

    async def do_next(self) -> None:
        """Do one more item; whoever waits hears of it when it was the last, or if it failed."""
        index = self.taken
        self.taken += 1
        try:
            self.results[index] = await self.do(self.items[index])
        except asyncio.CancelledError:
            self.done.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is told to whoever waits, and raised there
            if not self.done.done():
                self.done.set_exception(error)
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


class Lanes:
    """The lanes to one provider, shared by all who send through it."""

    def __init__(self, most: int) -> None:
        self.allowed = most
        self._most = most
        self._waiting: deque[_Errand[Any, Any]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = 0
        self._round = 0
        self._calm = 0  # good answers since the number of lanes last changed

    @property
    def turn(self) -> int:
        """The round a request begun now belongs to; see ``too_many``."""
        return self._round

    async def run(
        self, items: Sequence[Item], do: Callable[[Item], Awaitable[Result]]
    ) -> list[Result]:
        """Do each item once; the results in the items' order.

        Several callers take turns, item by item, so that an answer to one person does not wait behind
        a window of five hundred. What ``do`` raises is raised here, though other items may still be
        under way. When the caller is cancelled, what is under way goes on, unheard; no more is begun.
        """
        if not items:
            return []
        done = asyncio.get_running_loop().create_future()
        errand: _Errand[Item, Result] = _Errand(items, do, [None] * len(items), done, len(items))
        self._waiting.append(errand)
        self._open_lanes()
        try:
            await done
        finally:
            if errand.taken < len(items):
                self._waiting.remove(errand)
        return errand.results  # type: ignore[return-value] # each was noted before done was set

    def too_many(self, at_turn: int) -> None:
        """The provider refused a request of that turn for coming too fast.

        All refusals of one round count as one, else twenty requests answered 429 together would
        bring twenty lanes down to one.
        """
        if at_turn != self._round:
            return
        self.allowed -= self.allowed // 2
        self._round += 1
        self._calm = 0

    def went_well(self) -> None:
        """One more good answer; as many as are allowed at once make room for one more lane."""
        if self.allowed == self._most:
            return
        self._calm += 1
        if self._calm >= self.allowed:
            self._calm = 0
            self.allowed += 1
            self._open_lanes()

    async def close(self) -> None:
        """Cancel what is under way and what waits; nothing can be sent any more."""
        for lane in self._tasks:
            lane.cancel()
        for errand in self._waiting:
            errand.done.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _open_lanes(self) -> None:
        waiting = sum(len(errand.items) - errand.taken for errand in self._waiting)
        for _ in range(min(waiting, self.allowed - self._open)):
            lane = asyncio.create_task(self._drive())
            self._open += 1
            self._tasks.add(lane)
            lane.add_done_callback(self._tasks.discard)

    async def _drive(self) -> None:
        """Take items in turn from all who wait, until there are none or this lane is one too many."""
        waiting = self._waiting
        try:
            while waiting and self._open <= self.allowed:
                errand = waiting.popleft()
                if errand.taken + 1 < len(errand.items):
                    waiting.append(errand)
                await errand.do_next()
        finally:
            self._open -= 1
