"""How many requests may be under way at once: halved when a provider says "too many", regrown slowly."""

from __future__ import annotations

import asyncio


class Throttle:
    """A semaphore whose size adapts: additive increase, multiplicative decrease.

    Entering gives the round the request belongs to. All refusals of one round count as one, else
    twenty requests answered 429 together would bring twenty down to one.
    """

    def __init__(self, most: int) -> None:
        self.allowed = most
        self._most = most
        self._permits = asyncio.Semaphore(most)
        self._surplus = 0  # permits to take out of circulation as they come back
        self._round = 0
        self._calm = 0  # good answers since the size last changed

    async def __aenter__(self) -> int:
        await self._permits.acquire()
        return self._round

    async def __aexit__(self, *exc: object) -> None:
        if self._surplus:
            self._surplus -= 1
        else:
            self._permits.release()

    def too_many(self, at_round: int) -> None:
        """The provider refused a request of that round for coming too fast."""
        if at_round != self._round:
            return
        cut = self.allowed // 2
        self.allowed -= cut
        self._surplus += cut
        self._round += 1
        self._calm = 0

    def went_well(self) -> None:
        """One more good answer; as many as are allowed at once make room for one more."""
        if self.allowed == self._most:
            return
        self._calm += 1
        if self._calm >= self.allowed:
            self._grow()

    def _grow(self) -> None:
        self._calm = 0
        self.allowed += 1
        if self._surplus:
            self._surplus -= 1
        else:
            self._permits.release()
