"""The pictures that emails may show: what there is, adding one, deleting one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from http import HTTPStatus

from aiohttp import web
from aiohttp.web_request import FileField
from sqlalchemy import Connection, select

from alerts.own_starts import shows_picture
from campaigns.picturing import needed
from messages import pictures as kept
from messages.email_models import Picture
from messages.pictures import BadPicture, PictureInUse, Prepared, pictures_of, prepare
from organizers.roles import NETWORKS, May
from web.console.choices import projects
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, number, page, read, write

# Held while a picture is drawn: one at a time, for each takes much memory.
DRAWING: web.AppKey[asyncio.Lock] = web.AppKey("drawing", asyncio.Lock)


async def index(request: web.Request) -> web.Response:
    """The pictures of an organizer's projects, and a form for the next one."""
    return await _page(request)


async def add(request: web.Request) -> web.Response:
    """Keep a picture, without what it says besides what it shows."""
    form = await request.post()
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    project_id = require_project(request[VIEWER], number(typed, "project"))
    file = form.get("file")
    name = file.filename if isinstance(file, FileField) else ""
    try:
        picture = await _drawn(request, file)
    except BadPicture as error:
        return await _page(request, problem=str(error))
    by = request[VIEWER].actor
    await write(request, _keep, project_id, picture, name=name, by=by, now=now(request))
    notice = "place" if picture.told_place else "kept"
    raise web.HTTPSeeOther(f"/console/pictures?notice={notice}")


async def _drawn(request: web.Request, file: object) -> Prepared:
    """What was uploaded, drawn anew when it is its turn. Raises BadPicture."""
    async with request.app[DRAWING]:
        content = b""
        if isinstance(file, FileField):
            with file.file:
                content = await asyncio.to_thread(file.file.read)
        return await asyncio.to_thread(prepare, content)


async def remove(request: web.Request) -> web.Response:
    """Delete a picture that nothing shows."""
    try:
        await write(request, _remove, int(request.match_info["picture_id"]), now=now(request))
    except PictureInUse as error:
        return await _page(request, problem=str(error))
    raise web.HTTPSeeOther("/console/pictures?notice=removed")


def _remove(conn: Connection, picture_id: int, *, now: datetime) -> None:
    kept.remove(conn, picture_id, elsewhere=partial(_planned_or_kept, now=now))


def _planned_or_kept(conn: Connection, address: str, *, now: datetime) -> bool:
    """Whether a planned email or a starting text of the network's own shows it."""
    return needed(conn, address, now=now) or shows_picture(conn, address)


def _keep(
    conn: Connection,
    project_id: int | None,
    picture: Prepared,
    *,
    name: str,
    by: str,
    now: datetime,
) -> int:
    """Keep it; return its number, for the record."""
    address = kept.keep(conn, project_id, picture, name=name, by=by, now=now)
    return conn.execute(select(Picture.id).where(Picture.address == address)).scalar_one()


async def _page(request: web.Request, *, problem: str = "") -> web.Response:
    own = request[VIEWER].may_in(May.WRITE)
    values = {
        "pictures": await read(request, pictures_of, own),
        "projects": await read(request, projects, own),
        "networks": NETWORKS in own,
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "pictures.html", values, status=status)
