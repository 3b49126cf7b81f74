"""How a project's emails look, and which of those that were sent everybody may read."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy import Connection, select

from alerts import archiving
from alerts.archiving import NamesSomebody
from contacts.projects import ProjectRow, project_by_id
from messages import rendering, wording
from messages.email_colors import BadColor, is_moved, read_color
from messages.email_page import Letterhead
from messages.identity import letterhead
from messages.links import email_url
from messages.looks import Look, look_of, save_look
from messages.models import Message
from messages.pictures import missing, pictures_for
from messages.providers.provider import fill
from messages.shown_emails import (
    MOST,
    NotForEverybody,
    hide_again,
    sent_emails,
)
from organizers.roles import NETWORKS, May
from web.console.choices import projects
from web.console.email_writing import framed
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import SITE, Site
from web.pages import language_of, translator
from web.security import FRAMES_EMAIL


class ForeignLogo(ValueError):
    """This logo is not one of your pictures, or it was deleted: choose another one."""


async def show(request: web.Request) -> web.Response:
    """The look of a project, and its sent emails."""
    return await _page(request, request.query)


async def save(request: web.Request) -> web.Response:
    """Keep the look."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    project_id = require_project(request[VIEWER], number(form, "project"), May.ADMIN)
    try:
        await write(request, _save, project_id, form)
    except (BadColor, ForeignLogo) as error:
        return await _page(request, form, problem=str(error))
    raise web.HTTPSeeOther(f"/console/look?project={project_id or ''}&notice=saved")


async def preview(request: web.Request) -> web.Response:
    """A letter that shows the look which is chosen: a page for a frame."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    project_id = require_project(request[VIEWER], number(form, "project"), May.ADMIN)
    look = await read(request, _chosen, project_id, form)
    site, words = request.config_dict[SITE], translator(request)
    body = words(
        "# A heading\n\nWords to read, and [a link](https://example.org).\n\n::: call\n:::\n\n"
        "::: facts\n- Something that is known.\n:::"
    )
    html = _sample(site, look, body, language_of(request))
    return framed(request, html, form)


async def archive(request: web.Request) -> web.Response:
    """Show a sent email to everybody, or no longer."""
    sent_id = int(request.match_info["sent_id"])
    form = await request.post()
    project_id = await read(request, _project, sent_id)
    to = {"project": str(project_id or "")}
    try:
        if form.get("act") == "hide":
            await write(request, hide_again, sent_id)
        else:
            by, at = request[VIEWER].actor, now(request)
            await write(request, archiving.show, sent_id, by=by, now=at)
    except NotForEverybody as error:
        return await _page(request, to, problem=str(error))
    except NamesSomebody as error:
        said = " ".join(each.words(language_of(request)) for each in error.findings)
        return await _page(request, to, problem=said)
    raise web.HTTPSeeOther(f"/console/look?project={to['project']}&notice=archive#h-sent")


def _project(conn: Connection, message_id: int) -> int | None:
    found: int | None = conn.scalar(select(Message.project_id).where(Message.id == message_id))
    return found


def _save(conn: Connection, project_id: int | None, form: Mapping[str, str]) -> int:
    """Keep it; return whose it is, for the record."""
    logo = form.get("logo", "")
    if logo and missing(conn, [logo], project_id):
        raise ForeignLogo(ForeignLogo.__doc__)
    archived = form.get("archive") == "yes" and project_id is not None
    save_look(conn, project_id, accent=form.get("accent", ""), logo=logo, archive=archived)
    return project_id or NETWORKS


def _chosen(conn: Connection, project_id: int | None, form: Mapping[str, str]) -> Look:
    """The look that a form describes, as far as it can be read."""
    kept = look_of(conn, project_id)
    try:
        accent = read_color(form.get("accent", ""))
    except BadColor:
        accent = kept.accent
    logo = form.get("logo", "")
    if logo and missing(conn, [logo], project_id):
        logo = ""
    return Look(project=kept.project, accent=accent, logo=logo)


def _sample(site: Site, look: Look, body: str, language: str) -> str:
    head: Letterhead = letterhead(site.house.identity, look)
    made = rendering.email_words("…", body, language=language, letterhead=head)
    values = dict.fromkeys(made.words.html[1::2], "#") | dict(wording.anybody(language))
    return fill(made.words.html, values, escape=True)


async def _page(
    request: web.Request, typed: Mapping[str, str], *, problem: str = ""
) -> web.Response:
    viewer, site = request[VIEWER], request.config_dict[SITE]
    own = viewer.may_in(May.ADMIN)
    options = await read(request, projects, own)
    first = options[0][0] if options and NETWORKS not in own else None
    project_id = require_project(viewer, number(typed, "project") or first, May.ADMIN)
    language = language_of(request)
    look = await read(request, look_of, project_id)
    before = number(typed, "before")
    listed: dict[str, Any] = {"language": language, "only_shown": False, "before": before}
    emails = await read(request, sent_emails, project_id, **listed, now=now(request))
    pictures = await read(request, pictures_for, project_id)
    project: ProjectRow | None = (
        await read(request, project_by_id, project_id) if project_id else None
    )
    values = {
        "options": ([("", site.network_name)] if NETWORKS in own else []) + options,
        "project_id": project_id,
        "slug": project.slug if project else "",
        "look": look,
        "before": before,
        "older": emails[-1].message_id if len(emails) == MOST else None,
        "accent": typed.get("accent", look.accent),
        "logo": typed.get("logo", look.logo),
        "moved": is_moved(look.accent),
        "named": [(each.address, each.name) for each in pictures],
        "emails": emails,
        "addresses": {
            each.message_id: email_url("", site.links_secret, each.message_id) for each in emails
        },
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    shown = await page(request, "look.html", values, status=status)
    shown[FRAMES_EMAIL] = True
    return shown
