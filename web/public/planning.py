"""What is planned and dated, of an organizer, for their own calendar: whoever knows the address reads it."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from alerts import calendar_feed
from campaigns.feeds import NoSuchFeed
from web.keys import CLOCK, DATABASE, SITE


async def read(request: web.Request) -> web.Response:
    """The calendar; one answer for what never was and what was ended."""
    site = request.config_dict[SITE]
    try:
        body = await request.config_dict[DATABASE].read(
            calendar_feed.calendar,
            request.match_info["feed"],
            site=urlsplit(site.public_url).netloc,
            name=site.network_name,
            now=request.config_dict[CLOCK](),
        )
    except NoSuchFeed:
        return web.Response(status=HTTPStatus.NOT_FOUND)
    return web.Response(
        body=body,
        content_type="text/calendar",
        charset="utf-8",
        headers={"Cache-Control": "private, max-age=300"},
    )
