"""The fake Twilio and SendGrid in a thread of the test's own process, to be told and asked directly."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from tests.fakes import provider
from tests.fakes.faults import Fault, FaultPlan
from tests.fakes.journal import Entry
from tests.fakes.provider import FakeProvider, Options
from tests.fakes.proxy import Line, Proxy

T = TypeVar("T")


class FakeThread:
    """Both providers, and the proxies before them or before a database, on one loop of their own."""

    def __init__(self, options: Options) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._stack = AsyncExitStack()
        self.fake: FakeProvider = self._call(
            self._stack.enter_async_context(provider.running(options))
        )
        # A plan for each, so that a fault can be about one channel.
        self.plans = {"sms": self._plan(options), "email": self._plan(options)}
        self.fake.twilio.faults = self.plans["sms"]
        self.fake.sendgrid.faults = self.plans["email"]

    @property
    def port(self) -> int:
        return int(self.fake.url.rpartition(":")[2])

    @property
    def entries(self) -> Sequence[Entry]:
        """The journal so far."""
        return list(self.fake.journal.entries)

    @property
    def accepted(self) -> int:
        return len(self.fake.journal.of("accepted"))

    def spoil(self, channel: str, fault: Fault, times: int) -> None:
        """The next requests of a channel go wrong."""
        self.plans[channel].script.extend([fault] * times)

    def relent(self) -> None:
        """Nothing goes wrong any more."""
        for plan in self.plans.values():
            plan.script.clear()
            plan.by_address.clear()

    def spoilt(self, channel: str) -> Counter[str]:
        """How many copies of a channel met which fault, or were refused with which status."""
        name = {"sms": "twilio", "email": "sendgrid"}[channel]
        return Counter(
            str(entry.get("status", entry.get("fault")))
            for entry in self.entries
            if entry.get("provider") == name and entry["kind"] in ("accepted", "refused")
        )

    def proxy(self, upstream: int | Path) -> Proxy:
        """A stretch of network before ``upstream``."""
        return self._call(self._stack.enter_async_context(Proxy(upstream).running()))

    def turn(self, proxy: Proxy, line: Line) -> None:
        """Change a stretch of network."""

        async def become() -> None:
            proxy.become(line)

        self._call(become())

    def drain(self, seconds: float) -> int:
        """Wait for webhooks under way; how many are left."""
        return self._call(self.fake.courier.drain(seconds))

    def close(self) -> None:
        self._call(self._stack.aclose())
        self._call(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cancel_all(self) -> None:
        """Whoever still hangs on purpose, or passes bytes on."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _plan(self, options: Options) -> FaultPlan:
        return FaultPlan(
            hang_seconds=options.hang_seconds,
            slow_seconds=options.slow_seconds,
            retry_after=options.retry_after,
        )

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(90)
