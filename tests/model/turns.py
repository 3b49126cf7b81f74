"""Virtual time and a loop that only moves when it is told to: nothing here waits, nothing is random."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch


@dataclass
class VirtualTime:
    """The wall clock, which a person or NTP may set, and the monotonic one, which nobody can."""

    wall: datetime
    monotonic: float = 1_000.0
    settings: int = 0  # how often somebody set the wall clock

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds

    def set_by(self, seconds: float) -> None:
        """Set the wall clock forward or back; no time passes."""
        self.wall += timedelta(seconds=seconds)
        self.settings += 1


class TurnLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time that runs until everybody in it waits for somebody outside."""

    def __init__(self, at: VirtualTime) -> None:
        super().__init__()
        self._at = at

    def time(self) -> float:
        return self._at.monotonic

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin a task and let it come as far as it can."""
        task = self.create_task(work)
        self.settle()
        return task

    def settle(self) -> None:
        """Run what can run. The sender asks this machine's monotonic clock: it gets ours."""
        with patch.object(time, "monotonic", self.time):
            self._turn()
            while self._ready or self._timer_is_due():  # type: ignore[attr-defined] # asyncio has no public question for it
                self._turn()

    def end(self) -> None:
        """Cancel every task and close."""
        for _ in range(10):  # a task may begin another while it ends
            tasks = asyncio.all_tasks(self)
            if not tasks:
                break
            for task in tasks:
                task.cancel()
            self.settle()
        self.close()

    def _turn(self) -> None:
        self.call_soon(self.stop)
        self.run_forever()

    def _timer_is_due(self) -> bool:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined] # as above
        return bool(timers) and timers[0].when() <= self.time()


@dataclass
class Parked:
    """Something a sender wants to do, at the point where it may be killed or fall asleep."""

    what: str  # write, request or answer
    act: Callable[[], Any]
    future: asyncio.Future[Any]
    about: Any = None

    @property
    def waits(self) -> bool:
        """Whether anybody still waits for it."""
        return not self.future.done()

    def go_on(self) -> None:
        """Do it, and hand on what came of it."""
        try:
            result = self.act()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
