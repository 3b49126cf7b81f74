"""Projects: the list, adding one, and what one shares with the network."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web

from contacts.projects import (
    BadProject,
    ProjectDraft,
    ProjectExists,
    add_project,
    change_project,
    project_by_id,
    projects,
)
from organizers.roles import May
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, page, read, write


async def index(request: web.Request) -> web.Response:
    """The projects an organizer serves."""
    return await _page(request)


async def add(request: web.Request) -> web.Response:
    """Add a project: for the network's staff."""
    require_project(request[VIEWER], None, May.ADMIN)
    form = await request.post()
    typed = {name: str(value) for name, value in form.items()}
    since = str(form.get("since", "")).strip()
    year = int(since) if since.isdecimal() and len(since) <= 4 else None  # noqa: PLR2004 - a year
    try:
        await write(request, add_project, _draft(typed, since=year), now(request))
    except (BadProject, ProjectExists) as error:
        return await _page(request, {**typed, "since": since}, problem=str(error))
    raise web.HTTPSeeOther("/console/projects")


async def show(request: web.Request) -> web.Response:
    """A project's settings."""
    project_id = int(request.match_info["project_id"])
    found = await read(request, project_by_id, project_id)
    return await page(request, "project.html", {"project": found})


async def save(request: web.Request) -> NoReturn:
    """Change them."""
    project_id, form = int(request.match_info["project_id"]), await request.post()
    typed = {name: str(value) for name, value in form.items()}
    await write(request, change_project, project_id, _draft(typed))
    raise web.HTTPSeeOther(f"/console/projects/{project_id}?notice=saved")


def _draft(typed: Mapping[str, str], *, since: int | None = None) -> ProjectDraft:
    return ProjectDraft(
        name=typed.get("name", ""),
        us_city=typed.get("us_city", ""),
        us_state=typed.get("us_state", ""),
        community=typed.get("community", ""),
        region=typed.get("region", ""),
        since=since,
        sms_sender=typed.get("sms_sender", ""),
        email_sender=typed.get("email_sender", ""),
        shares_list=typed.get("shares_list") == "yes",
        joins_red=typed.get("joins_red") == "yes",
    )


async def _page(
    request: web.Request, typed: dict[str, str] | None = None, *, problem: str = ""
) -> web.Response:
    found = await read(request, projects, request[VIEWER].within)
    values = {"projects": found, "typed": typed or {}, "problem": problem}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "projects.html", values, status=status)
