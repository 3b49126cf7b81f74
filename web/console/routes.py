"""Every address of the console; each ``{…_id}`` is checked by ``guard`` before its page runs."""

from __future__ import annotations

from aiohttp import web

from web.console import home, inbox, signing

ROUTES = [
    web.get("/", home.show),
    web.get("/sign-in", signing.show),
    web.post("/sign-in", signing.enter),
    web.post("/sign-out", signing.leave),
    web.post("/language", signing.speak),
    web.get("/inbox", inbox.show),
    web.post("/inbox/{reply_id:\\d{1,15}}/handled", inbox.handled),
    web.post("/inbox/{reply_id:\\d{1,15}}/settle", inbox.settle),
    web.post("/inbox/{reply_id:\\d{1,15}}/opt-out", inbox.opt_out),
]
