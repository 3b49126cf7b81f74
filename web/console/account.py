"""One's own account: password, second step, passkeys, signed-in browsers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NoReturn

import segno
from aiohttp import web
from sqlalchemy import Connection

from organizers import access, audit, factors, links, passkeys, sessions
from organizers.attempts import TooManyAttempts
from organizers.factors import WrongCode
from organizers.passkeys import BadPasskey
from organizers.passwords import WeakPassword, hashed, matches
from organizers.sessions import Proof
from web.console import own_words
from web.console.choices import projects
from web.console.signing import passkey_house, with_cookie
from web.console.viewing import TOKEN, VIEWER, now, page, read, write
from web.keys import SITE

HOME = "/console/account"
WRONG_PASSWORD = "Your present password is not right. Nothing was changed."  # noqa: S105 - a sentence


async def show(request: web.Request) -> web.Response:
    """What there is, and how to change it."""
    return await shown(request)


async def change_password(request: web.Request) -> web.Response:
    """A new password ends every other session."""
    form, viewer = await request.post(), request[VIEWER]
    try:
        known = await write(request, access.count_confirmation, viewer.organizer_id, now(request))
        if not await asyncio.to_thread(matches, str(form.get("password", "")), known):
            return await shown(request, problem=WRONG_PASSWORD)
        fresh_hash = await asyncio.to_thread(hashed, str(form.get("new_password", "")))
    except (TooManyAttempts, WeakPassword) as error:
        return await shown(request, problem=str(error))
    token = await write(
        request,
        _change_password,
        request,
        fresh_hash,
    )
    return with_cookie(request, token, f"{HOME}?notice=password")


async def new_app(request: web.Request) -> web.Response:
    """A secret for an app that makes codes, as a picture and in letters."""
    return await _app_page(request, factors.new_secret())


async def add_app(request: web.Request) -> web.Response:
    """Ask for the app's codes from now on, once it has made a right one."""
    form = await request.post()
    secret, code = str(form.get("secret", "")), str(form.get("code", ""))
    try:
        token, codes = await write(request, _add_app, request, secret, code)
    except WrongCode as error:
        kept = secret if factors.SECRET.fullmatch(secret) else factors.new_secret()
        return await _app_page(request, kept, problem=str(error))
    return await _codes_page(request, codes, token)


async def remove_app(request: web.Request) -> NoReturn:
    """Ask for no more codes."""
    viewer = request[VIEWER]
    await write(request, _weaker, request, factors.remove_app, viewer.organizer_id)
    raise web.HTTPSeeOther(f"{HOME}?notice=second")


async def passkey_question(request: web.Request) -> web.Response:
    """What a browser needs to make a passkey, for its script."""
    organizer_id, house = request[VIEWER].organizer_id, passkey_house(request)
    asked = await write(request, passkeys.question_for_new, organizer_id, house, now(request))
    return web.json_response(text=asked)


async def add_passkey(request: web.Request) -> web.Response:
    """Keep a passkey that the browser has just made."""
    form = await request.post()
    typed = {name: str(form.get(name, "")) for name in ("credential", "name")}
    try:
        token, codes = await write(request, _add_passkey, request, typed)
    except BadPasskey as error:
        return await shown(request, problem=str(error))
    if codes:
        return await _codes_page(request, codes, token)
    return with_cookie(request, token, f"{HOME}?notice=second")


async def remove_passkey(request: web.Request) -> NoReturn:
    """Forget a passkey, such as that of a lost phone."""
    viewer, form = request[VIEWER], await request.post()
    chosen = str(form.get("passkey", ""))
    if chosen.isdecimal() and len(chosen) <= 15:  # noqa: PLR2004 - what a database holds
        await write(request, _weaker, request, passkeys.remove, viewer.organizer_id, int(chosen))
    raise web.HTTPSeeOther(f"{HOME}?notice=second")


async def new_codes(request: web.Request) -> web.Response:
    """New codes to write down, in the place of the old ones."""
    codes = await write(request, _new_codes, request)
    return await _codes_page(request, codes, request[TOKEN])


async def end_session(request: web.Request) -> NoReturn:
    """Sign another browser out, or all others."""
    chosen = str((await request.post()).get("session", ""))
    only = int(chosen) if chosen.isdecimal() and len(chosen) <= 15 else None  # noqa: PLR2004 - as above
    await write(request, _end, request, only)
    raise web.HTTPSeeOther(f"{HOME}?notice=ended")


def _change_password(conn: Connection, request: web.Request, fresh_hash: str) -> str:
    viewer = request[VIEWER]
    links.change_password(conn, viewer.organizer_id, fresh_hash)
    sessions.end(conn, viewer.organizer_id, but=viewer.session_id)
    _note(conn, request, "organizer.password")
    return sessions.renew(conn, request[TOKEN], now(request))


def _new_codes(conn: Connection, request: web.Request) -> list[str]:
    _note(conn, request, "organizer.recovery_codes")
    return factors.new_recovery_codes(conn, request[VIEWER].organizer_id)


def _end(conn: Connection, request: web.Request, only: int | None) -> None:
    viewer = request[VIEWER]
    ended = sessions.end(conn, viewer.organizer_id, only=only, but=viewer.session_id)
    _note(conn, request, "session.end_others", ended=ended)


def _weaker(
    conn: Connection, request: web.Request, remove: Callable[..., None], *what: int
) -> None:
    """Take a second step away; every other session ends."""
    viewer = request[VIEWER]
    remove(conn, *what)
    sessions.end(conn, viewer.organizer_id, but=viewer.session_id)
    _note(conn, request, "organizer.second_step_less")


def _note(conn: Connection, request: web.Request, act: str, **after: object) -> None:
    """Put on the record what somebody did to their own account."""
    me = request[VIEWER].actor
    audit.note(conn, act, actor=me, about=me, after=after, now=now(request))


def _add_app(
    conn: Connection, request: web.Request, secret: str, code: str
) -> tuple[str, list[str]]:
    viewer = request[VIEWER]
    factors.add_app(conn, viewer.organizer_id, secret, code, now(request))
    return _stronger(conn, request, Proof.CODE), factors.new_recovery_codes(
        conn, viewer.organizer_id
    )


def _add_passkey(
    conn: Connection, request: web.Request, typed: Mapping[str, str]
) -> tuple[str, list[str]]:
    """The first second step brings codes for a lost phone."""
    viewer, house = request[VIEWER], passkey_house(request)
    first = not factors.has_any(conn, viewer.organizer_id)
    answer, name = typed["credential"], typed["name"]
    passkeys.add(conn, viewer.organizer_id, answer, name=name, house=house, now=now(request))
    codes = factors.new_recovery_codes(conn, viewer.organizer_id) if first else []
    return _stronger(conn, request, Proof.PASSKEY), codes


def _stronger(conn: Connection, request: web.Request, proof: Proof) -> str:
    """Every other session ends, and this one has shown more than it had."""
    viewer = request[VIEWER]
    sessions.end(conn, viewer.organizer_id, but=viewer.session_id)
    _note(conn, request, "organizer.second_step_more", proof=proof)
    return sessions.renew(conn, request[TOKEN], now(request), proof=proof)


async def shown(request: web.Request, *, problem: str = "", phone: str = "") -> web.Response:
    """The page; with what is wrong, and the phone as it was typed."""
    viewer = request[VIEWER]
    values = {
        "has_app": await read(request, factors.has_app, viewer.organizer_id),
        "keys": await read(request, passkeys.held, viewer.organizer_id),
        "codes_left": await read(request, factors.recovery_codes_left, viewer.organizer_id),
        "sessions": await read(request, sessions.open_sessions, viewer.organizer_id, now(request)),
        "own": await read(request, own_words.own, viewer.organizer_id),
        "projects": dict(await read(request, projects, None)),
        "problem": problem,
        "typed_phone": phone,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "account.html", values, status=status)


async def _app_page(request: web.Request, secret: str, *, problem: str = "") -> web.Response:
    email = await read(request, access.email_of, request[VIEWER].organizer_id)
    name = request.config_dict[SITE].network_name
    address = factors.address_for_app(secret, email=email, network=name)
    values = {"secret": secret, "picture": _picture(address), "address": address}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "app_codes.html", {**values, "problem": problem}, status=status)


async def _codes_page(request: web.Request, codes: list[str], token: str) -> web.Response:
    response = await page(request, "recovery_codes.html", {"codes": codes})
    sent = with_cookie(request, token, HOME)
    response.cookies.update(sent.cookies)
    return response


def _picture(address: str) -> str:
    """A QR code as an SVG without any style of its own, which our policy would refuse."""
    target = io.BytesIO()
    options = {
        "xmldecl": False,
        "svgns": True,
        "svgclass": "qr",
        "lineclass": None,
        "omitsize": True,
    }
    segno.make(address, error="m").save(target, kind="svg", **options)
    return target.getvalue().decode()
