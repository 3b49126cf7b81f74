"""The console's first page: what needs whoever looks, what is going on, what is ahead, how all fare."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from organizers.access import names
from organizers.roles import May
from organizers.sessions import Viewer
from representatives.status import Age, data_age
from web.console import approval_lists, overviews, reach_view
from web.console.first_steps import first_steps
from web.console.health import COUNTS, Healths, healths
from web.console.lately import lately
from web.console.month import month
from web.console.urgent import urgent
from web.console.viewing import VIEWER, now, page, read
from web.keys import SITE, Site
from web.pages import language_of


async def show(request: web.Request) -> web.Response:
    """What to do now; alerts in progress and the latest that are over; the month; everybody's health."""
    at = now(request)
    values = await read(
        request,
        _overview,
        request[VIEWER],
        request.config_dict[SITE],
        wanted=request.query.get("month", ""),
        language=language_of(request),
        now=at,
    )
    values["health"] = await _health(request, values["age"], at)
    return await page(request, "home.html", values)


def _overview(
    conn: Connection, viewer: Viewer, site: Site, *, wanted: str, language: str, now: datetime
) -> dict[str, Any]:
    """All but the health, which is counted by one look at a time."""
    within = viewer.within
    running = overviews.alerts(conn, within, language=language, statuses=overviews.IN_PROGRESS)
    age = data_age(conn, now=now)
    return {
        "alone": approval_lists.unreviewed(conn, viewer),
        "names": names(conn),
        "urgent": urgent(
            conn,
            viewer,
            running=running,
            age=age,
            language=language,
            house=site.house,
            cents_per_segment=site.cents_per_segment,
            second_step=site.second_step,
            now=now,
        ),
        "live": running,
        "past": lately(conn, within, language=language),
        "steps": first_steps(conn, within),
        "month": month(
            conn,
            within,
            writes=viewer.may_in(May.WRITE),
            wanted=wanted,
            language=language,
            now=now,
        ),
        "age": age,
        "mail": reach_view.told(conn, viewer, sender=site.email_sender),
    }


async def _health(request: web.Request, age: Age | None, at: datetime) -> Healths:
    """How all fare; how many people there are is counted every few minutes."""
    counts = request.app[COUNTS]
    async with counts.counting:
        found = await read(
            request,
            healths,
            request[VIEWER],
            countries=request.config_dict[SITE].countries,
            known=counts.fresh(at),
            age=age,
            now=at,
        )
        counts.keep(found.counted, at)
    return found
