"""One conversation, and the box to answer in: measured while it is written, and never lost when it is refused."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from aiohttp import web
from sqlalchemy import Connection

from messages import answering, caring, conversing, suggesting
from messages.answering import (
    AlreadyAnswered,
    AnsweredMeanwhile,
    BadAnswer,
    MayNotAnswer,
    Wanted,
    filled,
)
from messages.caring import Until, wakes_at
from messages.conversing import Way
from messages.house import HouseRules
from messages.sms import Measure, measure, plain_twin
from organizers.roles import May
from organizers.sessions import Viewer
from web.console import canned, inboxes
from web.console.assigning import candidates
from web.console.conversations import Conversation, conversation, neighbours
from web.console.guard import NotYours
from web.console.inbox import INBOX
from web.console.inboxes import Show
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import JOBS, SITE
from web.pages import eastern, language_of, render

LONGEST = 10_000  # characters of what is typed
BACK = "back"  # the words of an answer that was called back


@dataclass(frozen=True)
class Typed:
    """What stands in the box, and what its organizer had seen when they opened it."""

    words: str = ""
    channel: str = ""
    key: str = ""
    seen: str = ""


@dataclass(frozen=True)
class Weighed:
    """What the words in the box would take as a text."""

    measure: Measure
    plain: Measure
    problem: str = ""


@dataclass(frozen=True)
class Around:
    """What stands around the box."""

    ways: Sequence[Way]
    answering: tuple[str, datetime | None] | None  # who else is at it, and since when
    candidates: Sequence[tuple[int, str]]
    canned: Sequence[canned.Ready]
    neighbours: tuple[int | None, int | None]
    last: inboxes.LastAct | None
    first_name: str  # "" where we do not know it
    seen: str  # what stands in the conversation by now: see ``answering.seen_so_far``


async def show(request: web.Request) -> web.Response:
    """The whole conversation."""
    words = ""
    if request.query.get("words") == BACK:
        words = await read(
            request, answering.called_back, _reply_id(request), request[VIEWER].organizer_id
        )
    return await _show(request, Typed(words=words))


async def answer(request: web.Request) -> web.Response:
    """Send what is in the box, once."""
    typed, reply_id = await _typed(request), _reply_id(request)
    wanted = Wanted(
        words=typed.words,
        channel=typed.channel,
        key=typed.key,
        seen=typed.seen,
        by=request[VIEWER].organizer_id,
        within=request[VIEWER].may_in(May.WRITE),
    )
    jobs, house = request.config_dict[JOBS], _house(request)
    try:
        # The second press of the same button is told what the first is: it is on its way.
        with contextlib.suppress(AlreadyAnswered):
            await write(
                request, answering.write_answer, jobs, reply_id, wanted, house, now=now(request)
            )
    except MayNotAnswer as error:
        return await _show(request, typed, refused=error.reason)
    except AnsweredMeanwhile as error:
        # A new form: what it sends is another answer than the one whose key is used up.
        return await _show(request, Typed(typed.words, typed.channel), problem=str(error))
    except BadAnswer as error:
        return await _show(request, typed, problem=str(error))
    raise web.HTTPSeeOther(f"{INBOX}/{reply_id}?notice=answered#end")


async def draft(request: web.Request) -> web.Response:
    """Put other words into the box: a suggestion, an answer kept ready, the same in plain characters."""
    typed, reply_id = await _typed(request), _reply_id(request)
    use = str((await request.post()).get("use", ""))
    await _at_it(request, reply_id)
    words = await read(
        request, _words_for, reply_id, use, typed.words, request[VIEWER].within, _house(request)
    )
    return await _show(request, Typed(words, typed.channel, typed.key, typed.seen))


async def weigh(request: web.Request) -> web.Response:
    """What the words in the box take; asking so also shows others that somebody is at it."""
    typed, reply_id = await _typed(request), _reply_id(request)
    await _at_it(request, reply_id)
    name = await read(request, answering.first_name_of, reply_id)
    values = {"weighed": _weighed(typed, name), "viewer": request[VIEWER], "reply_id": reply_id}
    return render(request, "console/weighed.html", values)


def _words_for(
    conn: Connection,
    reply_id: int,
    use: str,
    typed: str,
    within: Sequence[int],
    house: HouseRules,
) -> str:
    """The words that a button beside the box stands for; unknown ones change nothing."""
    kind, _, which = use.partition(":")
    if kind == "plain":
        return plain_twin(typed)
    body, spoken = answering.asked(conn, reply_id, house)
    if kind == "suggest":
        told = suggesting.suggestions(body, spoken, network=house.identity.network)
        return next((each.words for each in told if each.topic == which), typed)
    if kind == "canned" and which.isdecimal():
        name = answering.first_name_of(conn, reply_id)
        kept = canned.ready(conn, within, spoken, first_name=name)
        return next((each.words for each in kept if each.id == int(which)), typed)
    return typed


async def _at_it(request: web.Request, reply_id: int) -> None:
    """Let others see who is writing an answer."""
    me, at = request[VIEWER].organizer_id, now(request)
    if await read(request, caring.is_unsaid, reply_id, me, now=at):
        await write(request, caring.begin_answer, reply_id, me, now=at)


async def _typed(request: web.Request) -> Typed:
    form = await request.post()
    said: Mapping[str, str] = {
        name: str(form.get(name, "")) for name in ("words", "channel", "key", "seen")
    }
    # Browsers send a line's end as two characters, and count it as one.
    words = said["words"].replace("\r\n", "\n")
    return Typed(words[:LONGEST], said["channel"][:8], said["key"][:64], said["seen"][:40])


async def _show(
    request: web.Request, typed: Typed, *, problem: str = "", refused: str = ""
) -> web.Response:
    viewer, at, reply_id = request[VIEWER], now(request), _reply_id(request)
    house, language = _house(request), language_of(request)
    talk, around = await read(request, _all, reply_id, viewer, house, language, at)
    spoken = talk.reply.language or house.default_language
    values = {
        "talk": talk,
        "around": around,
        "typed": Typed(
            words=typed.words,
            channel=typed.channel
            or next((each.channel for each in around.ways if not each.refusal), ""),
            key=typed.key or secrets.token_urlsafe(24),
            seen=typed.seen or around.seen,
        ),
        "spoken": spoken,
        "weighed": _weighed(typed, around.first_name) if typed.words else None,
        "suggestions": suggesting.suggestions(
            talk.reply.body, spoken, network=house.identity.network
        ),
        "sleeps": [each for each in Until if wakes_at(each, at, eastern())],
        "reply_id": reply_id,
        "problem": problem,
        "refused": refused,
    }
    code = HTTPStatus.UNPROCESSABLE_ENTITY if problem or refused else HTTPStatus.OK
    return await page(request, "conversation.html", values, status=code)


def _all(
    conn: Connection,
    reply_id: int,
    viewer: Viewer,
    house: HouseRules,
    language: str,
    at: datetime,
) -> tuple[Conversation, Around]:
    """The conversation with what stands around the box, of one moment. Raises NotYours."""
    talk = conversation(conn, reply_id, viewer.within, house, language=language, now=at)
    if talk is None:
        raise NotYours(NotYours.__doc__)
    return talk, _around(conn, talk, viewer, house, at)


def _around(
    conn: Connection, talk: Conversation, viewer: Viewer, house: HouseRules, at: datetime
) -> Around:
    reply_id, within = talk.reply.id, viewer.within
    listed = inboxes.listed(conn, within, Show.WAITING, organizer_id=viewer.organizer_id, now=at)
    reply, first_name = talk.reply, answering.first_name_of(conn, reply_id)
    at_it = reply.answering_by not in (None, viewer.organizer_id)
    return Around(
        ways=conversing.ways(conn, reply_id, house, now=at),
        answering=(talk.names.get(f"organizer:{reply.answering_by}", ""), reply.answering_since)
        if at_it
        else None,
        candidates=candidates(conn, reply_id),
        canned=canned.ready(
            conn,
            within,
            reply.language or house.default_language,
            first_name=first_name,
        ),
        neighbours=neighbours(listed, reply_id),
        last=inboxes.last_act(conn, within, reply_id, actor=viewer.actor),
        first_name=first_name,
        seen=answering.seen_so_far(conn, reply_id),
    )


def _weighed(typed: Typed, first_name: str) -> Weighed:
    """Measured with the person's own name in it, as it would leave."""
    try:
        words, problem = filled(typed.words, first_name), ""
    except BadAnswer as error:
        words, problem = typed.words, str(error)
    return Weighed(
        measure(words), measure(plain_twin(words)), problem if typed.words.strip() else ""
    )


def _reply_id(request: web.Request) -> int:
    return int(request.match_info["reply_id"])


def _house(request: web.Request) -> HouseRules:
    return request.config_dict[SITE].house
