"""A launched alert's page, kept current by server-sent events."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from web.console.lives import Live, live
from web.console.viewing import VIEWER, now, read
from web.pages import rendered

TICK = 1.0  # seconds
LONGEST = timedelta(minutes=15)  # then the browser comes back, and its session is checked again
STREAMS = 6  # that one organizer may have open
OPEN: web.AppKey[Counter[int]] = web.AppKey("streams", Counter[int])


class TooManyPages(Exception):
    """Too many pages of yours are following alerts. Close some of them."""


async def events(request: web.Request) -> web.StreamResponse:
    """Send the piece of the page that changes, whenever it has changed."""
    opened, organizer_id = request.app[OPEN], request[VIEWER].organizer_id
    if opened[organizer_id] >= STREAMS:
        raise TooManyPages(TooManyPages.__doc__)
    opened[organizer_id] += 1
    try:
        async with sse_response(request) as stream:
            with suppress(ConnectionResetError):  # the page was closed
                await _follow(request, stream)
    finally:
        opened[organizer_id] -= 1
    return stream


async def _follow(request: web.Request, stream: EventSourceResponse) -> None:
    alert_id = int(request.match_info["alert_id"])
    until, before = now(request) + LONGEST, ""
    while stream.is_connected() and now(request) < until:
        seen = await read(request, live, alert_id, within=request[VIEWER].within, now=now(request))
        piece = progress_piece(request, alert_id, seen)
        if piece != before:
            await stream.send(piece, event="progress")
            before = piece
        if seen.over:
            await stream.send("", event="finished")
            return
        await asyncio.sleep(TICK)


def progress_piece(request: web.Request, alert_id: int, seen: Live) -> str:
    """The part of the page that changes."""
    values = {"seen": seen, "alert_id": alert_id, "viewer": request[VIEWER]}
    return rendered(request, "console/progress.html", values)
