"""Campaigns and their scheduled emails."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection

from alerts.planned_names import require_discreet
from campaigns import calendar
from campaigns.calendar import create_campaign
from campaigns.models import ScheduleStatus
from campaigns.reports import brief, sent_of
from organizers.roles import May
from web.console import overviews, planned
from web.console.choices import projects
from web.console.email_writing import beside, writing_page
from web.console.emails import WRONG, drafted, form_values, leads_to, written
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, number, page, read, write
from web.pages import language_of


async def index(request: web.Request) -> web.Response:
    """The campaigns, and the emails to come."""
    return await _index(request, {})


async def create(request: web.Request) -> web.Response:
    """Begin a campaign."""
    form, viewer = await request.post(), request[VIEWER]
    typed = {name: str(value) for name, value in form.items()}
    project_id = require_project(viewer, number(typed, "project"))
    name = typed.get("name", "").strip()
    if not name:
        return await _index(request, typed, problem="A campaign needs a name.")
    campaign_id = await write(
        request,
        create_campaign,
        name=name,
        goal=typed.get("goal", "").strip(),
        project_id=project_id,
        created_by=viewer.actor,
        now=now(request),
    )
    raise web.HTTPSeeOther(f"/console/campaigns/{campaign_id}")


async def show(request: web.Request) -> web.Response:
    """A campaign: its emails, and a form for the next one."""
    return await _show(request, MultiDict())


async def schedule(request: web.Request) -> web.Response:
    """Schedule an email, keep it as a draft, or only show the dates it would go on."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    campaign_id = int(request.match_info["campaign_id"])
    row = await read(request, overviews.campaign, campaign_id)
    if form.get("act") == "preview":
        return await _show(request, form)
    try:
        pages = await leads_to(request, campaign_id)
        draft = drafted(request, form, row.project_id, pages)
        await read(request, require_discreet, row.project_id, written(draft))
        by, at = request[VIEWER].actor, now(request)
        email_id, _ = await write(
            request, calendar.schedule, campaign_id, draft, created_by=by, now=at
        )
    except WRONG as error:
        return await _show(request, form, problem=str(error))
    raise web.HTTPSeeOther(f"/console/emails/{email_id}")


def _went(conn: Connection, campaign_id: int) -> dict[int, tuple[int, int]]:
    """How often each email of a campaign has left, and how many copies that was."""
    found: dict[int, tuple[int, int]] = {}
    for each in brief(conn, sent_of(conn, campaign_id=campaign_id)).values():
        times, left = found.get(each.sent.email_id, (0, 0))
        found[each.sent.email_id] = times + 1, left + each.left
    return found


async def _index(request: web.Request, typed: dict[str, str], *, problem: str = "") -> web.Response:
    within, language = request[VIEWER].within, language_of(request)
    values = {
        "campaigns": await read(request, overviews.campaigns, within),
        "held": await read(request, planned.held, within, language=language),
        "projects": await read(request, projects, request[VIEWER].may_in(May.WRITE)),
        "typed": typed,
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "campaigns.html", values, status=status)


async def _show(
    request: web.Request, typed: MultiMapping[str], *, problem: str = ""
) -> web.Response:
    campaign_id = int(request.match_info["campaign_id"])
    campaign = await read(request, overviews.campaign, campaign_id)
    values = {
        "campaign": campaign,
        **await beside(request, campaign, typed),
        "emails": await read(
            request,
            planned.emails,
            request[VIEWER].within,
            language=language_of(request),
            statuses=tuple(ScheduleStatus),
            campaign_id=campaign_id,
        ),
        "went": await read(request, _went, campaign_id),
        "pages": await leads_to(request, campaign_id),
        **await form_values(request, typed, campaign.project_id, problem),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if values["problem"] else HTTPStatus.OK
    return await writing_page(request, "campaign.html", values, status=status)
