"""The inbox: replies that wait for a person."""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from web.console import inboxes
from web.console.viewing import VIEWER, now, page, read, write

INBOX = "/console/inbox"


async def show(request: web.Request) -> web.Response:
    """The replies that wait; those that may mean stop come first."""
    within = request[VIEWER].within
    replies = await read(request, inboxes.waiting_replies, within, now=now(request))
    return await page(request, "inbox.html", {"replies": replies})


async def handled(request: web.Request) -> NoReturn:
    """Take a reply out of the inbox."""
    reply_id = int(request.match_info["reply_id"])
    actor = request[VIEWER].actor
    await write(request, inboxes.mark_handled, reply_id, actor=actor, now=now(request))
    raise web.HTTPSeeOther(INBOX)


async def note(request: web.Request) -> NoReturn:
    """Take a reply for the outcome it seems to tell."""
    reply_id = int(request.match_info["reply_id"])
    actor = request[VIEWER].actor
    await write(request, inboxes.note_call, reply_id, actor=actor, now=now(request))
    raise web.HTTPSeeOther(INBOX)


async def settle(request: web.Request) -> NoReturn:
    """Decide whether a sentence that may mean stop does."""
    stop = (await request.post()).get("opted_out") == "yes"
    reply_id = int(request.match_info["reply_id"])
    actor = request[VIEWER].actor
    await write(request, inboxes.settle, reply_id, opted_out=stop, actor=actor, now=now(request))
    raise web.HTTPSeeOther(INBOX)


async def opt_out(request: web.Request) -> NoReturn:
    """Opt out somebody whose reply means stop though we did not see it."""
    reply_id = int(request.match_info["reply_id"])
    actor = request[VIEWER].actor
    await write(request, inboxes.opt_out, reply_id, actor=actor, now=now(request))
    raise web.HTTPSeeOther(INBOX)
