"""One's own phone: noted, proved by a code that went to it, and then good for approvals by text."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from aiohttp import web
from sqlalchemy import Connection

from contacts.addresses import BadPhone, persons_phone
from contacts.countries import textable
from database.jobs import Jobs
from messages.answers import blot_out
from organizers import audit, phones
from organizers.attempts import TooManyAttempts
from organizers.phones import EnoughToday, NoPhone, NoPhoneCode
from web.console import posting
from web.console.account import HOME, shown
from web.console.posting import Post
from web.console.viewing import VIEWER, now, write
from web.keys import JOBS, SITE
from web.pages import language_of

ABROAD = "Texts do not go to numbers of that country from here. Write another number, or none."
WRONG = "That is not the code of the latest text. Look again, and type its six digits."
STOPPED = (
    "That phone has said STOP to us, so no code can go to it. Text START from it to our number, then have"
    " the code sent again."
)
DIGITS = re.compile(r"\b[0-9]{6}\b")
CODE = (
    "%(network)s: %(code)s is the code for your account. It is good for 10 minutes. If you did not ask for"
    " it, do nothing, and tell nobody."
)


async def note(request: web.Request) -> web.Response:
    """Note their own number, or that they have none; a code goes to a new one."""
    typed, site = str((await request.post()).get("phone", "")).strip(), request.config_dict[SITE]
    try:
        number = persons_phone(typed, site.region) if typed else ""
    except BadPhone as error:
        return await shown(request, problem=str(error), phone=typed)
    if number and not textable(number, site.countries):
        return await shown(request, problem=ABROAD, phone=typed)
    if await write(request, _note_it, request, number):
        return await _send(request)
    raise web.HTTPSeeOther(f"{HOME}?notice=phone")


async def send(request: web.Request) -> web.Response:
    """Send a code to the phone that is noted."""
    return await _send(request)


async def confirm(request: web.Request) -> web.Response:
    """Take the code: from now on the phone is theirs."""
    typed = str((await request.post()).get("code", ""))
    try:
        right = await write(request, _confirm, request, typed)
    except (NoPhone, NoPhoneCode) as error:
        return await shown(request, problem=str(error))
    if not right:
        return await shown(request, problem=WRONG)
    raise web.HTTPSeeOther(f"{HOME}?notice=confirmed")


async def _send(request: web.Request) -> web.Response:
    try:
        sent = await write(
            request,
            _send_code,
            request,
            request.config_dict[JOBS],
        )
    except (NoPhone, TooManyAttempts, EnoughToday) as error:
        return await shown(request, problem=str(error))
    if not sent:
        return await shown(request, problem=STOPPED)
    raise web.HTTPSeeOther(f"{HOME}?notice=code")


def _send_code(conn: Connection, request: web.Request, jobs: Jobs) -> bool:
    site, me, at = request.config_dict[SITE], request[VIEWER].organizer_id, now(request)
    phone, code = phones.new_code(conn, me, key=site.links_secret, now=at)
    words = posting.words_in(site, language_of(request))
    said = words(CODE, network=site.network_name, code=code)
    _forget(conn, me, at)
    purpose = f"{_texts_of(me)}{secrets.token_hex(8)}"  # every text is one of its own
    return posting.text(conn, jobs, Post(purpose, phone, words.language, said), at)


def _note_it(conn: Connection, request: web.Request, number: str) -> bool:
    me = request[VIEWER].organizer_id
    waits = phones.set_phone(conn, me, number)
    _forget(conn, me, now(request))
    _record(conn, request, "organizer.phone", has_phone=bool(number))
    return waits


def _confirm(conn: Connection, request: web.Request, typed: str) -> bool:
    key, me = request.config_dict[SITE].links_secret, request[VIEWER].organizer_id
    right = phones.confirm(conn, me, typed, key=key, now=now(request))
    if right:
        _forget(conn, me, now(request))
        _record(conn, request, "organizer.phone_confirmed")
    return right


def forget_codes(conn: Connection, *, now: datetime) -> None:
    """Make the codes unreadable whose time is over."""
    for organizer_id in phones.end_codes(conn, now):
        _forget(conn, organizer_id, now)


def _forget(conn: Connection, organizer_id: int, at: datetime) -> None:
    """Nobody reads a code any more that is used, over, or followed by another."""
    blot_out(conn, _texts_of(organizer_id), DIGITS, now=at)


def _texts_of(organizer_id: int) -> str:
    """What the purpose of their codes begins with."""
    return f"phone:{organizer_id}:"


def _record(conn: Connection, request: web.Request, act: str, **after: object) -> None:
    me = request[VIEWER].actor
    audit.note(conn, act, actor=me, about=me, after=after, now=now(request))
