"""Offices outside Congress: the list, adding and changing one, and saying that its number was checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection

from actions import custom_targets
from actions.custom_targets import BadTarget, NamedOffice, Standing, find_office, save_office
from actions.office_hours import WASHINGTON
from alerts.offices import TargetInUse, change_office, remove_office
from organizers.roles import May
from organizers.sessions import Viewer
from web.console import choices
from web.console.alert_forms import BadForm
from web.console.guard import require_project
from web.console.target_forms import lines_of, read_office, write_office
from web.console.viewing import VIEWER, now, number, page, read, write


@dataclass(frozen=True)
class Shown:
    """An office as the list shows it."""

    id: int
    office: NamedOffice
    standing: Standing
    project: str  # whose it is; "" = the network's
    changeable: bool  # by whoever looks


async def index(request: web.Request) -> web.Response:
    """The network's offices and those of one's projects."""
    return await _list(request)


async def new(request: web.Request) -> web.Response:
    """An empty form."""
    return await _form(request, MultiDict(time_zone=WASHINGTON))


async def add(request: web.Request) -> web.Response:
    """Store a new office; nobody has checked it yet."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    project_id = require_project(request[VIEWER], number(form, "project"))
    try:
        await write(request, save_office, read_office(form, project_id))
    except (BadForm, BadTarget) as error:
        return await _form(request, form, problems=_problems(error))
    raise web.HTTPSeeOther("/console/targets?notice=saved")


async def edit(request: web.Request) -> web.Response:
    """The form of an office."""
    target_id = int(request.match_info["target_id"])
    kept = await read(request, find_office, target_id)
    return await _form(request, write_office(kept.office), target_id=target_id)


async def save(request: web.Request) -> web.Response:
    """Change an office; another telephone number has to be checked anew."""
    target_id = int(request.match_info["target_id"])
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    try:
        office = read_office(form, None)  # whose it is stays as it was
        by = request[VIEWER].actor
        await write(request, change_office, office, target_id=target_id, by=by)
    except (BadForm, BadTarget) as error:
        return await _form(request, form, target_id=target_id, problems=_problems(error))
    raise web.HTTPSeeOther("/console/targets?notice=saved")


async def verify(request: web.Request) -> NoReturn:
    """Whoever presses the button checked the number today."""
    target_id, form = int(request.match_info["target_id"]), await request.post()
    by = request[VIEWER].name
    await write(request, custom_targets.verify, target_id, by=by, now=now(request))
    alert_id = number(form, "alert")
    raise web.HTTPSeeOther(
        f"/console/alerts/{alert_id}" if alert_id else "/console/targets?notice=checked"
    )


async def remove(request: web.Request) -> web.Response:
    """Forget an office that no alert needs any more."""
    target_id = int(request.match_info["target_id"])
    try:
        await write(request, remove_office, target_id, now=now(request))
    except TargetInUse as error:
        return await _list(request, problem=str(error))
    raise web.HTTPSeeOther("/console/targets?notice=removed")


def may_change(viewer: Viewer, project_id: int | None) -> bool:
    """Whether somebody may change an office: their project's own, and the network's office any."""
    return viewer.may(May.WRITE, project_id) or viewer.may(May.WRITE)


def shown(conn: Connection, viewer: Viewer, *, now: datetime) -> list[Shown]:
    """The offices that somebody sees, those to be looked after first."""
    names = dict(choices.projects(conn, None))
    today = custom_targets.today_of(now)
    found = [
        Shown(
            id=each.id,
            office=each.office,
            standing=each.office.standing(today),
            project=names.get(each.office.project_id or 0, ""),
            changeable=may_change(viewer, each.office.project_id),
        )
        for each in custom_targets.offices(conn, viewer.within)
    ]
    first = (Standing.EXPIRED, Standing.NEVER, Standing.SOON, Standing.VERIFIED)
    return sorted(found, key=lambda each: first.index(each.standing))


def changeable(conn: Connection, viewer: Viewer) -> set[int]:
    """The offices that somebody may change, by number."""
    found = custom_targets.offices(conn, viewer.within)
    return {each.id for each in found if may_change(viewer, each.office.project_id)}


def _problems(error: BadForm | BadTarget) -> list[str]:
    return list(error.problems) if isinstance(error, BadForm) else [str(error)]


async def _list(request: web.Request, *, problem: str = "") -> web.Response:
    found = await read(request, shown, request[VIEWER], now=now(request))
    status = HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    values = {"targets": found, "problem": problem}
    return await page(request, "targets.html", values, status=status)


async def _form(
    request: web.Request,
    typed: MultiMapping[str],
    *,
    target_id: int | None = None,
    problems: object = (),
) -> web.Response:
    own = await read(request, choices.projects, request[VIEWER].may_in(May.WRITE))
    values = {
        "typed": typed,
        "target_id": target_id,
        "lines": lines_of(typed),
        "own": own,
        "problems": problems,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return await page(request, "target_form.html", values, status=status)
