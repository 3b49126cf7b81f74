"""A stretch of network between two programs of a test, which can be cut, go silent or turn slow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

PIECE = 65_536


class Line(StrEnum):
    """How the network is just now."""

    GOOD = "good"
    CUT = "cut"  # connections are reset, and new ones too
    SILENT = "silent"  # connections stay open; nothing arrives any more, in either direction
    DEAF = "deaf"  # what we ask arrives, the answers do not


class Proxy:
    """Passes bytes on to ``upstream``: a port on loopback, or the path of a Unix socket."""

    def __init__(self, upstream: int | Path, *, delay: float = 0.0) -> None:
        self.port = 0
        self.line = Line.GOOD
        self.delay = delay  # seconds that every piece takes, each way
        self.held = 0  # pieces that the line swallowed
        self.resets = 0  # connections that were torn down or refused
        self._upstream = upstream
        self._open: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        """Listen on a free port of loopback until the block is left."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self._reset_all()

    def become(self, line: Line) -> None:
        """Change the line; a cut tears down what is open, and so does the end of a silence.

        For what was swallowed in between never arrives, and neither side could go on.
        """
        torn = line is Line.CUT or self.line in (Line.SILENT, Line.DEAF)
        self.line = line
        if torn:
            self._reset_all()

    async def _connected(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._open.add(back)
        if self.line is Line.CUT:
            self._reset_all()
            return
        try:
            far, there = await self._reach()
        except OSError:  # nobody listens behind us just now
            self._reset(back)
            return
        self._open.add(there)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pass(near, there, answers=False))
            both.create_task(self._pass(far, back, answers=True))

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, Path):
            return await asyncio.open_unix_connection(self._upstream)
        return await asyncio.open_connection("127.0.0.1", self._upstream)

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self.line is Line.SILENT or (answers and self.line is Line.DEAF):
                    self.held += 1
                    continue
                target.write(piece)
                await target.drain()
        if self.line is Line.GOOD:
            target.close()
            self._open.discard(target)

    def _reset_all(self) -> None:
        for writer in list(self._open):
            self._reset(writer)

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        self.resets += 1
        self._open.discard(writer)
        writer.transport.abort()
