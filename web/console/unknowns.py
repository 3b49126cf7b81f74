"""Copies whose fate nobody knows: what is known of each, and what a person can do."""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from web.console import unknown_copies
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import JOBS
from web.pages import language_of

PAGE = "/console/unknown"


async def show(request: web.Request) -> web.Response:
    """Every unknown copy the organizer may see, or those of one message."""
    within = request[VIEWER].within
    message_id = number(request.query, "message")
    copies = await read(
        request,
        unknown_copies.unknown_copies,
        within,
        language=language_of(request),
        message_id=message_id,
    )
    count = await read(request, unknown_copies.unknown_count, within)
    return await page(
        request, "unknown.html", {"copies": copies, "count": count, "message_id": message_id}
    )


async def again(request: web.Request) -> NoReturn:
    """Send a copy once more, because a person says so."""
    viewer = request[VIEWER]
    await write(
        request,
        unknown_copies.send_again,
        request.config_dict[JOBS],
        int(request.match_info["delivery_id"]),
        within=viewer.within,
        by=viewer.actor,
        now=now(request),
    )
    raise web.HTTPSeeOther(PAGE)


async def settle(request: web.Request) -> NoReturn:
    """Take a person's word, who looked it up at the provider."""
    viewer = request[VIEWER]
    await write(
        request,
        unknown_copies.settle,
        int(request.match_info["delivery_id"]),
        sent=(await request.post()).get("sent") == "yes",
        within=viewer.within,
        by=viewer.actor,
        now=now(request),
    )
    raise web.HTTPSeeOther(PAGE)


async def look(request: web.Request) -> NoReturn:
    """Have the provider asked at the sender's next turn."""
    await write(
        request,
        unknown_copies.ask_now,
        int(request.match_info["delivery_id"]),
        within=request[VIEWER].within,
        now=now(request),
    )
    raise web.HTTPSeeOther(PAGE)
