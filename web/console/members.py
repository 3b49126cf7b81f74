"""The organizers of one's projects: their roles, inviting somebody, letting somebody in no more."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection

from contacts.addresses import BadEmail, normalise_email
from messages.control import NotNow
from organizers import links, members
from organizers.access import OrganizerExists
from organizers.members import LastOfOffice
from organizers.roles import NETWORKS, Grant, May, Role
from organizers.sessions import Viewer, grants_of
from web.console import clearing
from web.console.alert_forms import BadForm
from web.console.choices import projects
from web.console.guard import NotAllowed, NotYours, require_project
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import JOBS, SITE

HOME = "/console/members"
NO_PLACE = "Choose the project, or the network's office, that this is about."
NO_ROLE = "Choose a role."
NO_NAME = "Write the name of whom you invite."


async def index(request: web.Request) -> web.Response:
    """Who serves the projects that one is an admin of."""
    return await _page(request)


async def invite(request: web.Request) -> web.Response:
    """Make an invitation's link, shown once, to be passed on by a way one trusts."""
    form = await request.post()
    typed = {name: str(value) for name, value in form.items()}
    project = await _administered(request, typed)
    try:
        email = normalise_email(typed.get("email", ""))
        if not typed.get("name", "").strip():
            return await _page(request, typed, problem=NO_NAME)
        _, token = await write(request, _invite, request, typed, project, email)
    except (BadEmail, OrganizerExists) as error:
        return await _page(request, typed, problem=str(error))
    link = f"{request.config_dict[SITE].public_url}/console/join/{token}"
    values = {"link": link, "name": typed["name"], "hours": links.INVITATION_HOURS}
    return await page(request, "invited.html", values)


async def revoke(request: web.Request) -> NoReturn:
    """Take an invitation back."""
    await write(request, links.revoke, int(request.match_info["guest_id"]))
    raise web.HTTPSeeOther(HOME)


async def set_role(request: web.Request) -> web.Response:
    """Give an organizer a role in a project, or none."""
    form = await request.post()
    typed = {name: str(value) for name, value in form.items()}
    project = await _administered(request, typed)
    organizer_id = int(request.match_info["organizer_id"])
    try:
        await write(request, members.set_grant, organizer_id, project, _grant(typed, project))
    except LastOfOffice as error:
        return await _page(request, problem=str(error))
    raise web.HTTPSeeOther(f"{HOME}?notice=role")


async def disable(request: web.Request) -> web.Response:
    """Let somebody in no more."""
    try:
        organizer_id = int(request.match_info["organizer_id"])
        await write(request, _disable, request[VIEWER], organizer_id, request)
    except LastOfOffice as error:
        return await _page(request, problem=str(error))
    raise web.HTTPSeeOther(f"{HOME}?notice=role")


async def clear(request: web.Request) -> NoReturn:
    """Take the second steps of somebody who has lost them."""
    organizer_id = int(request.match_info["organizer_id"])
    await write(request, _clear, request[VIEWER], organizer_id, request)
    raise web.HTTPSeeOther(f"{HOME}?notice=role")


async def new_link(request: web.Request) -> web.Response:
    """A link to a new password, shown once, for somebody who is known to be who they say."""
    organizer_id = int(request.match_info["organizer_id"])
    token = await write(request, _new_link, request[VIEWER], organizer_id, request)
    link = f"{request.config_dict[SITE].public_url}/console/reset/{token}"
    values = {"link": link, "name": "", "hours": links.RESET_HOURS}
    return await page(request, "invited.html", values)


async def _administered(request: web.Request, typed: Mapping[str, str]) -> int:
    """The project that a form names, or ``NETWORKS``, if the viewer lets people in there.

    The office does so everywhere; whoever it lets in, and where, is on the record. Raises BadForm where
    none is named, NotYours and NotAllowed.
    """
    viewer, project = request[VIEWER], number(typed, "project")
    if project is None:
        raise BadForm([NO_PLACE])
    if NETWORKS not in viewer.may_in(May.ADMIN):
        require_project(viewer, project, May.ADMIN)
    elif project != NETWORKS and project not in dict(await read(request, projects, None)):
        raise NotYours(NotYours.__doc__)
    return project


def _grant(typed: Mapping[str, str], project: int) -> Grant | None:
    """The role that was chosen; in the office everybody is an admin."""
    role, exports = typed.get("role", ""), typed.get("exports") == "yes"
    if role not in list(Role):
        return None
    return Grant(Role.ADMIN if project == NETWORKS else Role(role), exports)


def _invite(
    conn: Connection, request: web.Request, typed: Mapping[str, str], project: int, email: str
) -> tuple[int, str]:
    grant = _grant(typed, project)
    if grant is None:
        raise BadForm([NO_ROLE])
    language, site = typed.get("language", ""), request.config_dict[SITE]
    return links.invite(
        conn,
        name=" ".join(typed["name"].split()),
        email=email,
        language=language if language in site.languages else site.default_language,
        project=project,
        grant=grant,
        by=request[VIEWER].actor,
        now=now(request),
    )


def _disable(conn: Connection, viewer: Viewer, organizer_id: int, request: web.Request) -> None:
    if organizer_id == viewer.organizer_id:
        raise NotNow("another admin has to lock you out; you can sign out of all your browsers")
    _require_whole(conn, viewer, organizer_id)
    members.disable(conn, organizer_id, now(request))


def _clear(conn: Connection, viewer: Viewer, organizer_id: int, request: web.Request) -> None:
    _require_whole(conn, viewer, organizer_id)
    members.clear_second_step(conn, organizer_id)
    jobs, site = request.config_dict[JOBS], request.config_dict[SITE]
    clearing.tell(conn, jobs, site, organizer_id, viewer, now(request))


def _new_link(conn: Connection, viewer: Viewer, organizer_id: int, request: web.Request) -> str:
    _require_whole(conn, viewer, organizer_id)
    return links.make_reset(conn, organizer_id, by=viewer.actor, now=now(request))


def _require_whole(conn: Connection, viewer: Viewer, organizer_id: int) -> None:
    """Raise NotAllowed unless the viewer is an admin wherever that organizer serves.

    Whoever can open somebody's account can do all that they can.
    """
    served = grants_of(conn, organizer_id)
    office = NETWORKS in viewer.may_in(May.ADMIN)
    if not office and not set(served) <= set(viewer.may_in(May.ADMIN)):
        raise NotAllowed(NotAllowed.__doc__)


async def _page(
    request: web.Request, typed: Mapping[str, str] | None = None, *, problem: str = ""
) -> web.Response:
    viewer = request[VIEWER]
    mine = viewer.may_in(May.ADMIN)
    # The office knows who serves where: it lets people in, and helps those who are locked out.
    within = None if NETWORKS in mine else mine
    values = {
        "members": await read(request, members.members, within),
        "guests": await read(request, links.guests, within, now(request)),
        "projects": await read(request, projects, within),
        "names": dict(await read(request, projects, None)),
        "roles": list(Role),
        "typed": typed or {},
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "members.html", values, status=status)
