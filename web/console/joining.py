"""Come in by a link: an invitation, or the way to a new password. And ask for such a way."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web
from sqlalchemy import Connection

from organizers import access, attempts, audit, links
from organizers.access import TRIES_ADDRESS, OrganizerExists
from organizers.attempts import TooManyAttempts
from organizers.links import BadLink, Purpose
from organizers.passwords import WeakPassword, hashed
from organizers.sessions import Proof
from web.console.signing import browser_of, with_cookie
from web.console.viewing import now, read, write
from web.pages import render
from web.security import address_hash

WRONG = (BadLink, OrganizerExists, WeakPassword, TooManyAttempts)


async def invitation(request: web.Request) -> web.Response:
    """What an invited person sees: choose a name and a password."""
    return await _link_page(request, Purpose.INVITATION)


async def accept(request: web.Request) -> web.Response:
    """Become an organizer, as the invitation says and not as the form does."""
    form = await request.post()
    try:
        password_hash = await _new_password(request, Purpose.INVITATION)
        token = await write(
            request, _accept, request, name=str(form.get("name", "")), password_hash=password_hash
        )
    except WRONG as error:
        return await _link_page(request, Purpose.INVITATION, problem=str(error))
    return with_cookie(request, token, "/console/account?notice=welcome")


async def new_password(request: web.Request) -> web.Response:
    """Choose a new password."""
    return await _link_page(request, Purpose.RESET)


async def reset(request: web.Request) -> web.Response:
    """Set it. Whoever has a second step still needs it to sign in."""
    try:
        password_hash = await _new_password(request, Purpose.RESET)
        await write(request, _reset, request.match_info["token"], password_hash, request)
    except WRONG as error:
        return await _link_page(request, Purpose.RESET, problem=str(error))
    return render(request, "console/told.html", {"told": "reset"})


async def forgot(request: web.Request) -> web.Response:
    """Ask for a letter with a link to a new password."""
    return render(request, "console/forgot.html", {"problem": ""})


async def ask(request: web.Request) -> web.Response:
    """Say the same to everybody, whether the address is known or not."""
    form = await request.post()
    email = str(form.get("email", ""))[:320]
    try:
        await write(request, links.ask_reset, email, address_hash(request), now(request))
    except TooManyAttempts as error:
        values = {"problem": str(error)}
        return render(request, "console/forgot.html", values, status=HTTPStatus.TOO_MANY_REQUESTS)
    return render(request, "console/told.html", {"told": "asked"})


async def _new_password(request: web.Request, purpose: Purpose) -> str:
    """The hash of a new password, for a link that is good. Raises what ``WRONG`` names.

    The link is looked at first: hashing is slow, and not for strangers.
    """
    await write(request, _count, request)
    await read(request, links.look, request.match_info["token"], purpose, now(request))
    form = await request.post()
    return await asyncio.to_thread(hashed, str(form.get("password", "")))


def _count(conn: Connection, request: web.Request) -> None:
    attempts.count(conn, {f"link from {address_hash(request)}": TRIES_ADDRESS}, now(request))


def _accept(conn: Connection, request: web.Request, *, name: str, password_hash: str) -> str:
    at, token = now(request), request.match_info["token"]
    organizer_id = links.accept(conn, token, name=name, password_hash=password_hash, now=at)
    me = f"organizer:{organizer_id}"
    audit.note(conn, "organizer.join", actor=me, about=me, now=at)
    return access.enter(conn, organizer_id, at, proof=Proof.PASSWORD, browser=browser_of(request))


def _reset(conn: Connection, token: str, password_hash: str, request: web.Request) -> None:
    organizer_id = links.reset(conn, token, password_hash, now(request))
    me = f"organizer:{organizer_id}"
    audit.note(conn, "organizer.reset", actor=me, about=me, now=now(request))


async def _link_page(request: web.Request, purpose: Purpose, *, problem: str = "") -> web.Response:
    """The form behind a link; for one that opens nothing, a sentence and no form."""
    token = request.match_info["token"]
    try:
        link = await read(request, links.look, token, purpose, now(request))
    except BadLink as error:
        values = {"link": None, "problem": str(error), "token": ""}
        return render(request, f"console/{purpose}.html", values, status=HTTPStatus.NOT_FOUND)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    shown = {"link": link, "problem": problem, "token": token}
    return render(request, f"console/{purpose}.html", shown, status=status)
