"""Every address of the console; each ``{…_id}`` is checked by ``guard`` before its page runs."""

from __future__ import annotations

from aiohttp import web

from web.console import home, signing

ROUTES = [
    web.get("/", home.show),
    web.get("/sign-in", signing.show),
    web.post("/sign-in", signing.enter),
    web.post("/sign-out", signing.leave),
    web.post("/language", signing.speak),
]
