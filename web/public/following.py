"""Short links of our own that lead to the ones a message names."""

from __future__ import annotations

from aiohttp import web

from messages.clicks import Asked, follow
from web.keys import CLOCK, DATABASE
from web.public.acting import delivery_of


async def lead_on(request: web.Request) -> web.Response:
    """Record the click and redirect; only to addresses stored with the message."""
    link_id = int(request.match_info["link_id"])
    now = request.app[CLOCK]()
    url = await request.app[DATABASE].write(
        follow, delivery_of(request), link_id, asked=asked_of(request), now=now
    )
    raise web.HTTPFound(url)


def asked_of(request: web.Request) -> Asked:
    """What tells a scanner from a person; read, and not kept."""
    return Asked(request.method, request.headers.get("User-Agent", ""))
