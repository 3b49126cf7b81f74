"""What is done about a scheduled email and its occurrences."""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from campaigns import changing, firing, occurrences
from campaigns.models import Reason, RunStatus
from web.console.viewing import VIEWER, now, page, write
from web.keys import JOBS, SITE


async def send_held(request: web.Request) -> web.Response:
    """The answer "send it now" about what was held."""
    email_id, at = await _which(request)
    fired = await write(
        request,
        firing.send_held,
        request.config_dict[JOBS],
        email_id,
        at,
        house=request.config_dict[SITE].house,
        by=request[VIEWER].actor,
        now=now(request),
    )
    if fired.status is RunStatus.HELD and fired.reason is Reason.BLOCKED:
        return await page(request, "campaign_held.html", {"findings": fired.held_because})
    raise web.HTTPSeeOther("/console/campaigns")


async def leave_out(request: web.Request) -> NoReturn:
    """Leave one occurrence out."""
    email_id, at = await _which(request)
    await write(
        request, occurrences.leave_out, email_id, at, by=request[VIEWER].actor, now=now(request)
    )
    raise web.HTTPSeeOther("/console/campaigns")


async def cancel(request: web.Request) -> NoReturn:
    """Call all of it off."""
    email_id, _ = await _which(request)
    await write(request, changing.cancel, email_id, by=request[VIEWER].actor, now=now(request))
    raise web.HTTPSeeOther("/console/campaigns")


async def _which(request: web.Request) -> tuple[int, str]:
    """The email, and the occurrence that the form names."""
    form = await request.post()
    return int(request.match_info["email_id"]), str(form.get("at", ""))
