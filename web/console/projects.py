"""Projects: the list, and adding one."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from contacts.projects import BadProject, ProjectDraft, ProjectExists, add_project, projects
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, page, read, write

FIELDS = ("name", "us_city", "us_state", "community", "region", "sms_sender", "email_sender")


async def index(request: web.Request) -> web.Response:
    """The projects an organizer serves."""
    return await _page(request)


async def add(request: web.Request) -> web.Response:
    """Add a project: for the network's staff."""
    require_project(request[VIEWER], None)
    form = await request.post()
    typed = {name: str(form.get(name, "")) for name in FIELDS}
    since = str(form.get("since", "")).strip()
    year = int(since) if since.isdecimal() and len(since) <= 4 else None  # noqa: PLR2004 - a year
    try:
        await write(request, add_project, ProjectDraft(**typed, since=year), now(request))
    except (BadProject, ProjectExists) as error:
        return await _page(request, {**typed, "since": since}, problem=str(error))
    raise web.HTTPSeeOther("/console/projects")


async def _page(
    request: web.Request, typed: dict[str, str] | None = None, *, problem: str = ""
) -> web.Response:
    found = await read(request, projects, request[VIEWER].within)
    values = {"projects": found, "typed": typed or {}, "problem": problem}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "projects.html", values, status=status)
