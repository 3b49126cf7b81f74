"""What people may ask of us: to be told everything held on them, and to be erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from sqlalchemy import Connection

from contacts.people import contact
from database.opening import scrubbed
from messages import erasing
from messages.control import NotNow
from messages.holdings import held_on
from organizers.roles import NETWORKS, May
from organizers.sessions import Viewer
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import DATABASE, SITE
from web.pages import paper

WORDS = ("ERASE", "BORRAR")  # what must be typed, in either language of the console
TYPE_IT = "Nothing was erased. Type the word as it stands there, then press the button again."
OTHERS_TOO = (
    "this person belongs to a project that is not yours as well; ask whoever has the right there"
)


async def export(request: web.Request) -> web.Response:
    """Everything held on a person as a file: to read in their language, or as data."""
    form, contact_id = await request.post(), int(request.match_info["contact_id"])
    held = await write(request, _told, contact_id, request[VIEWER])
    if form.get("as") == "json":
        return _file(as_json(held), "application/json", f"person-{contact_id}.json")
    language = str(held["person"]["language"])
    text = paper(request.config_dict[SITE], language, "holdings.html", {"held": held})
    return _file(text.encode(), "text/html", f"person-{contact_id}.html")


async def ask(request: web.Request) -> web.Response:
    """What erasing means, and the word to type."""
    return await _form(request)


async def erase(request: web.Request) -> web.Response:
    """Erase a person, if the word was typed; then leave no trace in the file either."""
    form, contact_id = await request.post(), int(request.match_info["contact_id"])
    if str(form.get("word", "")).strip().upper() not in WORDS:
        return await _form(request, problem=TYPE_IT)
    try:
        await write(request, _erase, contact_id, request[VIEWER], at=now(request))
    except NotNow as error:
        return await _form(request, problem=str(error))
    clean = await scrubbed(request.config_dict[DATABASE])
    return await page(request, "erased.html", {"clean": clean})


def as_json(held: Mapping[str, Any]) -> bytes:
    """The same as data, for a program or another organization to take in."""
    return orjson.dumps(held, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def _told(conn: Connection, contact_id: int, viewer: Viewer) -> dict[str, Any]:
    _require_whole(conn, contact_id, viewer, May.EXPORT)
    return held_on(conn, contact_id)


def _erase(conn: Connection, contact_id: int, viewer: Viewer, *, at: datetime) -> None:
    _require_whole(conn, contact_id, viewer, May.ADMIN)
    erasing.erase(conn, contact_id, now=at)


def _require_whole(conn: Connection, contact_id: int, viewer: Viewer, may: May) -> None:
    """Raise NotNow unless the viewer may do that in every project that a person belongs to."""
    belongs = contact(conn, contact_id).projects or (NETWORKS,)
    if not set(belongs) <= set(viewer.may_in(may)):
        raise NotNow(OTHERS_TOO)


async def _form(request: web.Request, *, problem: str = "") -> web.Response:
    known = await read(request, contact, int(request.match_info["contact_id"]))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "erase.html", {"known": known, "problem": problem}, status=status)


def _file(body: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
