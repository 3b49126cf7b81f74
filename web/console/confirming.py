"""Show again who you are, before what an open laptop must not do by itself: launch, export, keys, roles.

What was being sent waits in the page that asks, and goes on to where it was going once it is answered.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import hdrs, web
from sqlalchemy import Connection

from organizers import access, passkeys, sessions
from organizers.attempts import TooManyAttempts
from organizers.passkeys import BadPasskey
from organizers.passwords import matches
from organizers.sessions import Proof, Viewer
from web.console.signing import passkey_house, with_cookie
from web.console.viewing import TOKEN, VIEWER, now, page, read, write
from web.security import SAFE, local_path

CONFIRM = "/console/confirm"
ACCOUNT = "/console/account"
# This page's own fields; the others are of the form that waits.
OWN = ("to", "by", "password", "code", "credential")
MINE = frozenset({"csrf", *(f"confirm_{name}" for name in OWN)})
WRONG = "That was not right. Check it and try again."
Fields = list[tuple[str, str]]


async def ask_again(request: web.Request) -> web.Response:
    """Answer a request that asks for certainty with the question who it is."""
    if request.method in SAFE:
        raise web.HTTPSeeOther(f"{CONFIRM}?to={quote(request.path_qs, safe='')}")
    form = await request.post()
    fields = [(name, value) for name, value in form.items() if isinstance(value, str)]
    return await _page(request, request.path_qs, by=hdrs.METH_POST, fields=fields)


async def ask_for_second_step(request: web.Request) -> web.Response:
    """Say that a password alone does not do for this, and what does."""
    return await page(request, "weak.html", status=HTTPStatus.FORBIDDEN)


async def show(request: web.Request) -> web.Response:
    """The question, on the way to a page."""
    return await _page(request, request.query.get("to", ""), by=hdrs.METH_GET)


async def confirm(request: web.Request) -> web.Response:
    """Take the answer, and go on."""
    form = await request.post()
    sent = {name: str(form.get(f"confirm_{name}", "")) for name in OWN}
    fields = [(name, value) for name, value in form.items() if isinstance(value, str)]
    try:
        proof = await _proof(request, sent)
    except (TooManyAttempts, BadPasskey) as error:
        return await _page(request, sent["to"], by=sent["by"], fields=fields, problem=str(error))
    if proof is None:
        return await _page(request, sent["to"], by=sent["by"], fields=fields, problem=WRONG)
    fresh = await write(request, sessions.renew, request[TOKEN], now(request), proof=proof)
    target = local_path(sent["to"], "/console/")
    # 307: the browser sends the same form again, to where it was going first.
    status = HTTPStatus.TEMPORARY_REDIRECT if sent["by"] == hdrs.METH_POST else HTTPStatus.SEE_OTHER
    return with_cookie(request, fresh, target, status=status)


async def _proof(request: web.Request, sent: dict[str, str]) -> Proof | None:
    """What was shown: a passkey, a code, or the password of somebody who has neither; None for wrong."""
    viewer = request[VIEWER]
    if sent["credential"]:
        return await write(request, _by_passkey, viewer, sent["credential"], request)
    if viewer.has_second_step:
        at = now(request)
        return await write(request, access.prove_by_code, viewer.organizer_id, sent["code"], at)
    known = await write(request, access.count_confirmation, viewer.organizer_id, now(request))
    right = await asyncio.to_thread(matches, sent["password"], known)
    return viewer.proof if right else None


def _by_passkey(conn: Connection, viewer: Viewer, answer: str, request: web.Request) -> Proof:
    house = passkey_house(request)
    if passkeys.prove(conn, answer, house=house, now=now(request)) != viewer.organizer_id:
        raise BadPasskey(BadPasskey.__doc__)
    return Proof.PASSKEY


async def _page(
    request: web.Request, target: str, *, by: str, fields: Fields | None = None, problem: str = ""
) -> web.Response:
    viewer = request[VIEWER]
    values = {
        "to": target,
        "by": by,
        "fields": [(name, value) for name, value in fields or [] if name not in MINE],
        "keys": await read(request, passkeys.held, viewer.organizer_id),
        "problem": problem,
    }
    status = HTTPStatus.FORBIDDEN if by == hdrs.METH_POST or problem else HTTPStatus.OK
    return await page(request, "confirm.html", values, status=status)
