"""The inbox: replies that wait for a person, and what is done with them."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlencode

from aiohttp import web

from messages import answering, caring
from messages.caring import LeftAlready, NothingToUndo, Until, wakes_at
from messages.control import NotNow
from organizers.access import names
from web.console import inboxes, settling
from web.console.assigning import NOT_OF_THEM, candidates
from web.console.inboxes import Show
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import JOBS, SITE
from web.pages import eastern

INBOX = "/console/inbox"
LONGEST_NAME = 100
NO_TIME = "Choose until when it shall wait: an hour, tonight, or tomorrow."
OVER = "It is past 18:00 ET already; choose another time."


async def show(request: web.Request) -> web.Response:
    """The replies that wait; those that may mean stop come first."""
    viewer, at = request[VIEWER], now(request)
    shown = request.query.get("show", "")
    which = Show(shown) if shown in set(Show) else Show.WAITING
    name = request.query.get("q", "").strip()[:LONGEST_NAME]
    acted, me = number(request.query, "acted") or 0, viewer.organizer_id
    values = {
        "which": which,
        "name": name,
        "replies": await read(
            request, inboxes.replies, viewer.within, which, organizer_id=me, name=name, now=at
        ),
        "tallies": await read(request, inboxes.tallies, viewer.within, me, now=at),
        "names": await read(request, names),
        "last": await read(request, inboxes.last_act, viewer.within, acted, actor=viewer.actor),
        "most": inboxes.MOST,
    }
    return await page(request, "inbox.html", values)


async def handled(request: web.Request) -> NoReturn:
    """Take a reply out of the inbox."""
    reply_id, by = _which(request)
    await write(request, caring.handle, reply_id, by=by, now=now(request))
    raise done(reply_id)


async def reopen(request: web.Request) -> NoReturn:
    """Put one back."""
    reply_id, by = _which(request)
    await write(request, caring.reopen, reply_id, by=by, now=now(request))
    raise done(reply_id)


async def note(request: web.Request) -> NoReturn:
    """Take a reply for the outcome it seems to tell."""
    reply_id, by = _which(request)
    await write(request, caring.note_call, reply_id, by=by, now=now(request))
    raise done(reply_id)


async def assign(request: web.Request) -> NoReturn:
    """Let an organizer look after it, or nobody; those who may are asked again."""
    reply_id, by = _which(request)
    to = number(await request.post(), "to") or None
    if to is not None and to not in dict(await read(request, candidates, reply_id)):
        raise NotNow(NOT_OF_THEM)
    await write(request, caring.assign, reply_id, to, by=by, now=now(request))
    raise done(reply_id)


async def snooze(request: web.Request) -> NoReturn:
    """Put it off, or bring it back."""
    (reply_id, by), at = _which(request), now(request)
    chosen = str((await request.post()).get("until", ""))
    until = None
    if chosen != "now":
        if chosen not in set(Until):
            raise NotNow(NO_TIME)
        until = wakes_at(Until(chosen), at, eastern())
        if until is None:
            raise NotNow(OVER)
    await write(request, caring.snooze, reply_id, until, by=by, now=at)
    raise done(reply_id)


async def undo(request: web.Request) -> NoReturn:
    """Undo what was last done with it; words of an answer that is called back stand in the box again."""
    reply_id, by = _which(request)
    try:
        act = await write(request, caring.undo, reply_id, by=by, now=now(request))
    except (NothingToUndo, LeftAlready) as error:
        raise NotNow(str(error)) from error
    back = f"{INBOX}/{reply_id}?words=back" if act is caring.Act.ANSWER else INBOX
    raise web.HTTPSeeOther(back)


async def go_on(request: web.Request) -> NoReturn:
    """Let an answer that was paused leave."""
    reply_id, _by = _which(request)
    jobs, house = request.config_dict[JOBS], request.config_dict[SITE].house
    await write(request, answering.go_on, jobs, reply_id, house, now=now(request))
    raise web.HTTPSeeOther(f"{INBOX}/{reply_id}")


async def settle(request: web.Request) -> NoReturn:
    """Decide whether a sentence that may mean stop does; one that does not is still to be answered."""
    stop = (await request.post()).get("opted_out") == "yes"
    reply_id, by = _which(request)
    await write(request, settling.settle, reply_id, opted_out=stop, actor=by, now=now(request))
    raise web.HTTPSeeOther(INBOX if stop else f"{INBOX}/{reply_id}")


async def opt_out(request: web.Request) -> NoReturn:
    """Opt out somebody whose reply means stop though we did not see it."""
    reply_id, by = _which(request)
    await write(request, settling.opt_out, reply_id, actor=by, now=now(request))
    raise web.HTTPSeeOther(INBOX)


def done(reply_id: int) -> web.HTTPSeeOther:
    """Back to the list, with a line that can undo what was done."""
    return web.HTTPSeeOther(f"{INBOX}?{urlencode({'acted': reply_id})}")


def _which(request: web.Request) -> tuple[int, str]:
    return int(request.match_info["reply_id"]), request[VIEWER].actor
