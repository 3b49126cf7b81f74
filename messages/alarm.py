"""An alarm clock for a whole process: however many ask for it, it rings once, for the earliest."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import timedelta


class Alarm:
    """Calls ``ring`` once, when the first of those who asked is to be woken."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._handle: asyncio.Handle | None = None
        # Kept here, for not every loop's handle knows when it rings, and some ring a moment early.
        self._at = math.inf

    def ring_in(self, wait: timedelta) -> None:
        """Ring after so long, unless it rings before."""
        loop = asyncio.get_running_loop()
        at = loop.time() + wait.total_seconds()
        if at >= self._at:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._at = loop.call_at(at, self._wake), at

    def _wake(self) -> None:
        self._at = math.inf
        self._ring()
