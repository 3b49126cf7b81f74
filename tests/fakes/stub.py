"""Instant 201 and 202, for measuring a sender and not a provider.

    python -m tests.fakes.stub --port 0     prints: ready http://127.0.0.1:PORT

Every POST to a path ending in ``Messages.json`` answers as Twilio does (201), any other as SendGrid
(202). ``GET`` anything tells how many requests came. It journals nothing and posts no webhooks, and
it reads no more of HTTP than where a request ends: a sender must not wait for it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import uvloop

END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Stub:
    """How many requests came."""

    def __init__(self) -> None:
        self.requests = 0

    def answer(self, head: bytes) -> bytes:
        """The whole answer to a request with this head."""
        if head.startswith(b"GET"):
            return _response(b"200 OK", b'{"requests": %d}' % self.requests)
        self.requests += 1
        sid = b"SM%032x" % self.requests
        if b"Messages.json HTTP" in head.split(b"\r\n", 1)[0]:
            body = b'{"sid": "%s", "status": "queued", "error_code": null}' % sid
            return _response(b"201 Created", body)
        return _response(b"202 Accepted", b"", b"X-Message-Id: %s\r\n" % sid)


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._held = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._held = self._held + data if self._held else data
        while (end := self._held.find(END)) >= 0:
            head = self._held[:end]
            whole = end + len(END) + _length(head)
            if len(self._held) < whole:
                return
            self._held = self._held[whole:]
            self._transport.write(self._stub.answer(head))


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(LENGTH)
    if at < 0:
        return 0
    return int(lowered[at + len(LENGTH) :].split(b"\r\n", 1)[0])


def _response(status: bytes, body: bytes, more: bytes = b"") -> bytes:
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
        % (status, len(body), more)
    ) + body


@asynccontextmanager
async def running(port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback until the block is left; gives the address."""
    stub = Stub()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(stub), "127.0.0.1", port
    )
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _serve(port: int) -> None:
    async with running(port) as url:
        sys.stdout.write(f"ready {url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    try:
        uvloop.run(_serve(parser.parse_args().port))
    except KeyboardInterrupt:
        sys.exit(0)
