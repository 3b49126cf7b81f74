"""The console's first page: what needs whoever looks, what is going on, what is ahead, how all fare."""

from __future__ import annotations

from aiohttp import web

from organizers.access import names
from organizers.roles import May
from web.console import approval_lists, overviews
from web.console.first_steps import first_steps
from web.console.health import COUNTS, Healths, healths
from web.console.lately import lately
from web.console.month import month
from web.console.urgent import urgent
from web.console.viewing import VIEWER, now, page, read
from web.keys import SITE
from web.pages import language_of


async def show(request: web.Request) -> web.Response:
    """What to do now; alerts in progress and the latest that are over; the month; everybody's health."""
    viewer, site, language = request[VIEWER], request.config_dict[SITE], language_of(request)
    within, at = viewer.within, now(request)
    values = {
        "alone": await read(request, approval_lists.unreviewed, viewer),
        "names": await read(request, names),
        "urgent": await read(
            request,
            urgent,
            viewer,
            language=language,
            cents_per_segment=site.cents_per_segment,
            second_step=site.second_step,
            now=at,
        ),
        "live": await read(
            request, overviews.alerts, within, language=language, statuses=overviews.IN_PROGRESS
        ),
        "past": await read(request, lately, within, language=language, now=at),
        "steps": await read(request, first_steps, within),
        "month": await read(
            request,
            month,
            within,
            writes=viewer.may_in(May.WRITE),
            wanted=request.query.get("month", ""),
            language=language,
            now=at,
        ),
        "health": await _health(request),
    }
    return await page(request, "home.html", values)


async def _health(request: web.Request) -> Healths:
    """How all fare; how many people there are is counted every few minutes."""
    counts, at = request.app[COUNTS], now(request)
    async with counts.counting:
        found = await read(
            request,
            healths,
            request[VIEWER],
            countries=request.config_dict[SITE].countries,
            known=counts.fresh(at),
            now=at,
        )
        counts.keep(found.counted, at)
    return found
