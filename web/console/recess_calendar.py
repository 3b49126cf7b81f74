"""The recesses of the House and the Senate, as the network's office keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection

from organizers.roles import May
from representatives.recesses import BadRecess, drop, keep, read_days, read_list, recesses
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, page, read, write

HOME = "/console/recesses"
BEHIND, AHEAD = timedelta(days=60), timedelta(days=800)  # what the page shows


async def show(request: web.Request) -> web.Response:
    """What is noted."""
    return await _page(request, {})


async def note(request: web.Request) -> web.Response:
    """Note one recess, or a list of them."""
    require_project(request[VIEWER], None, May.ADMIN)
    typed = {name: str(value) for name, value in (await request.post()).items()}
    try:
        await write(request, _note, request, typed)
    except BadRecess as error:
        return await _page(request, typed, problem=str(error))
    raise web.HTTPSeeOther(f"{HOME}?notice=noted")


async def remove(request: web.Request) -> NoReturn:
    """Take one off the list."""
    await write(request, drop, int(request.match_info["recess_id"]))
    raise web.HTTPSeeOther(f"{HOME}?notice=removed")


def _note(conn: Connection, request: web.Request, typed: Mapping[str, str]) -> list[int]:
    listed = typed.get("list", "").strip()
    one = [typed.get(name, "") for name in ("chamber", "first", "last", "source")]
    days = read_list(listed) if listed else [read_days(*one)]
    return keep(conn, days, by=request[VIEWER].actor, now=now(request))


async def _page(
    request: web.Request, typed: Mapping[str, str], *, problem: str = ""
) -> web.Response:
    today = now(request).date()
    known = await read(request, recesses, today - BEHIND, today + AHEAD)
    values = {"recesses": known, "typed": typed, "problem": problem, "today": today}
    code = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "recesses.html", values, status=code)
