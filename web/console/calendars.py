"""The address at which an organizer's own calendar reads what is planned."""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from campaigns import feeds
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import SITE


async def show(request: web.Request) -> web.Response:
    """Whether there is one, and how to get it."""
    return await _show(request, "")


async def make(request: web.Request) -> web.Response:
    """A new address, told this once."""
    organizer_id = request[VIEWER].organizer_id
    token = await write(request, feeds.make, organizer_id, now=now(request))
    return await _show(request, f"{request.config_dict[SITE].public_url}/calendar/{token}.ics")


async def end(request: web.Request) -> NoReturn:
    """End it."""
    await write(request, feeds.end, request[VIEWER].organizer_id)
    raise web.HTTPSeeOther("/console/account/calendar")


async def _show(request: web.Request, address: str) -> web.Response:
    since = await read(request, feeds.made_at, request[VIEWER].organizer_id)
    return await page(request, "calendar.html", {"since": since, "address": address})
