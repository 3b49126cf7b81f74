"""The console's first page: what is going on, and what waits."""

from __future__ import annotations

from aiohttp import web

from alerts.proposals import open_proposals
from messages.models import MessageStatus
from web.console import overviews
from web.console.first_steps import first_steps
from web.console.lately import lately
from web.console.unknown_copies import unknown_count
from web.console.viewing import VIEWER, now, page, read
from web.pages import language_of


async def show(request: web.Request) -> web.Response:
    """Alerts in progress and the latest that are over, replies waiting, emails to come."""
    within, language = request[VIEWER].within, language_of(request)
    live = await read(
        request, overviews.alerts, within, language=language, statuses=overviews.IN_PROGRESS
    )
    drafts = await read(
        request,
        overviews.alerts,
        within,
        language=language,
        statuses=[MessageStatus.DRAFT],
        limit=5,
    )
    emails = await read(request, overviews.emails, within, language=language)
    past = await read(request, lately, within, language=language, now=now(request))
    steps = await read(request, first_steps, within)
    unknown = await read(request, unknown_count, within)
    values = {
        "proposals": await read(request, open_proposals, within),
        "live": live,
        "drafts": drafts,
        "emails": emails,
        "past": past,
        "steps": steps,
        "unknown": unknown,
    }
    return await page(request, "home.html", values)
