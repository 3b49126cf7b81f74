"""The Census Bureau's geocoder, played on loopback: answers, slowness and nonsense, by address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


def match(
    state: str, district: str, *, congress: int = 119, also: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One address as the geocoder found it; ``state`` is a FIPS code."""
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(congress % 10, "th")
    name = f"{congress}{suffix} Congressional Districts"
    district_record = {"STATE": state, f"CD{congress}": district, "GEOID": f"{state}{district}"}
    return {
        "matchedAddress": "1 MAIN ST",
        "addressComponents": {"state": "??"},
        "geographies": {
            "States": [{"STATE": state, "BASENAME": "Somewhere"}],
            name: [district_record],
            **(also or {}),
        },
    }


@dataclass
class FakeGeocoder:
    """What it is to answer next, and which addresses it was asked about."""

    matches: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    body: str | None = None  # instead of an answer in form
    seconds: float = 0.0  # until it answers
    redirect: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one question."""
        self.asked.append(dict(request.query))
        await asyncio.sleep(self.seconds)
        if self.redirect:
            raise web.HTTPFound(self.redirect)
        if self.body is not None:
            return web.Response(text=self.body, status=self.status, content_type="application/json")
        told = {"result": {"input": {}, "addressMatches": self.matches}}
        return web.json_response(told, status=self.status)


@asynccontextmanager
async def geocoder() -> AsyncIterator[FakeGeocoder]:
    """Serve on loopback until the block is left."""
    fake = FakeGeocoder()
    app = web.Application()
    app.router.add_get("/geographies/onelineaddress", fake.answer)
    server = TestServer(app)
    await server.start_server(access_log=None)  # what is logged shall be what we log
    fake.url = str(server.make_url("/geographies/onelineaddress"))
    try:
        yield fake
    finally:
        await server.close()
