"""Instant 201 and 202, for measuring a sender and not a provider.

    python -m tests.fakes.stub --port 0     prints: ready http://127.0.0.1:PORT

Every POST to a path ending in ``Messages.json`` answers as Twilio does (201), any other as SendGrid
(202). ``GET /count`` tells how many requests came. It journals nothing and posts no webhooks.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class Stub:
    """Answers before it thinks."""

    def __init__(self) -> None:
        self.requests = 0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        await request.read()
        if request.method == "GET":
            return web.json_response({"requests": self.requests})
        self.requests += 1
        sid = f"SM{self.requests:032x}"
        if request.path.endswith("Messages.json"):
            body = f'{{"sid": "{sid}", "status": "queued", "error_code": null}}'
            return web.Response(status=201, text=body, content_type="application/json")
        return web.Response(status=202, headers={"X-Message-Id": sid})


@asynccontextmanager
async def running(port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback until the block is left; gives the address."""
    runner = web.ServerRunner(web.Server(Stub().answer, access_log=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _serve(port: int) -> None:
    async with running(port) as url:
        sys.stdout.write(f"ready {url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    try:
        asyncio.run(_serve(parser.parse_args().port))
    except KeyboardInterrupt:
        sys.exit(0)
