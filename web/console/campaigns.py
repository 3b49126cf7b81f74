"""Campaigns and their scheduled emails."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from multidict import MultiDict, MultiMapping

from campaigns import calendar
from campaigns.calendar import AlreadyPast, create_campaign
from campaigns.models import ScheduleStatus
from messages.wallclock import BadTime
from organizers.roles import May
from web.console import overviews, planned
from web.console.campaign_forms import ZONES, Unwritten, read_email
from web.console.choices import projects
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import SITE
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
    """Schedule an email."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    campaign_id = int(request.match_info["campaign_id"])
    row = await read(request, overviews.campaign, campaign_id)
    try:
        draft = read_email(
            form,
            languages=request.config_dict[SITE].languages,
            projects=[row.project_id] if row.project_id else None,
        )
        await write(
            request,
            calendar.schedule,
            campaign_id,
            draft,
            created_by=request[VIEWER].actor,
            now=now(request),
        )
    except (Unwritten, BadTime, AlreadyPast) as error:
        return await _show(request, form, problem=str(error))
    raise web.HTTPSeeOther(f"/console/campaigns/{campaign_id}")


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
    values = {
        "campaign": await read(request, overviews.campaign, campaign_id),
        "emails": await read(
            request,
            planned.emails,
            request[VIEWER].within,
            language=language_of(request),
            statuses=tuple(ScheduleStatus),
            campaign_id=campaign_id,
        ),
        "zones": ZONES,
        "typed": typed,
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "campaign.html", values, status=status)
