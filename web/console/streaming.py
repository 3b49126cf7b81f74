"""A launched alert's page, kept current by server-sent events."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from organizers.sessions import NotSignedIn, viewer
from web.console.lives import Live, live
from web.console.paces import Pace, pace_of
from web.console.viewing import TOKEN, VIEWER, now, read
from web.pages import rendered

TICK = 1.0  # seconds
LONGEST = timedelta(minutes=15)  # then the browser comes back, and its session is checked again
STREAMS = 6  # that one organizer may have open
OPEN: web.AppKey[Counter[int]] = web.AppKey("streams", Counter[int])


@dataclass(frozen=True)
class Pieces:
    """The parts of the page that change; the buttons' own countdown is the browser's to count."""

    shown: str = ""  # names the buttons' state
    controls: str = ""
    progress: str = ""


class TooManyPages(Exception):
    """Too many pages of yours are following alerts. Close some of them."""


async def events(request: web.Request) -> web.StreamResponse:
    """Send the pieces of the page that change, whenever they have changed."""
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
    alert_id, within = int(request.match_info["alert_id"]), request[VIEWER].within
    until, before = now(request) + LONGEST, Pieces(shown=_shown(request))
    while stream.is_connected() and now(request) < until and await _still_in(request):
        seen = await read(request, live, alert_id, within=within, now=now(request))
        pieces = _pieces(request, alert_id, seen, await pace_of(request, seen))
        if pieces.shown != before.shown:
            await stream.send(pieces.controls, event="controls", id=pieces.shown)
        if pieces.progress != before.progress:
            await stream.send(pieces.progress, event="progress")
        if seen.over:
            await stream.send("", event="finished")
            return
        before = pieces
        await asyncio.sleep(TICK)


async def _still_in(request: web.Request) -> bool:
    """Whether the session that opened the page still does: it may have been ended elsewhere."""
    try:
        await read(request, viewer, request[TOKEN], now(request))
    except NotSignedIn:
        return False
    return True


def _shown(request: web.Request) -> str:
    """Which buttons the page shows already: it says so, and a browser that comes back knows better.

    Buttons are replaced only when they change, never under a finger.
    """
    return request.headers.get("Last-Event-ID") or request.query.get("shown", "")


def _pieces(request: web.Request, alert_id: int, seen: Live, pace: Pace) -> Pieces:
    values = {"seen": seen, "pace": pace, "alert_id": alert_id, "viewer": request[VIEWER]}
    return Pieces(
        shown=seen.controls_state(now(request)),
        controls=rendered(request, "console/controls.html", values),
        progress=rendered(request, "console/progress.html", values),
    )
