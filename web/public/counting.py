"""The page of an alert's numbers, for anybody to read and to pass on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from alerts.numbers import public_numbers
from alerts.pages import page_by_slug
from alerts.weighing import require_discreet
from web.keys import CLOCK, DATABASE
from web.pages import LANGUAGE, language_of, render
from web.public.telling import story
from web.public.tiles import HEIGHT, SIDE, WIDTH, tiles

FRESH = 60  # seconds for which anybody between may keep it


async def show(request: web.Request) -> web.Response:
    """How many people reached whom, by state. Raises NoSuchPage unless its organizers show it, and Withheld."""
    request[LANGUAGE] = request.query.get("lang", "")
    language = language_of(request)
    slug = request.match_info["slug"]
    values = await request.app[DATABASE].read(_read, slug, language, request.app[CLOCK]())
    response = render(request, "public/numbers.html", {**values, "slug": slug})
    response.headers["Cache-Control"] = f"public, max-age={FRESH}"
    return response


def _read(conn: Connection, slug: str, language: str, now: datetime) -> dict[str, Any]:
    numbers = public_numbers(conn, slug, now=now)
    page = page_by_slug(conn, slug, now=now)
    require_discreet(conn, page)
    shown = tiles(numbers.states, language)
    return {
        "numbers": numbers,
        "title": story(page, language).title,
        "over": page.ended_at(now) is not None,
        "tiles": shown,
        "told": sorted((each for each in shown if each.count != 0), key=lambda each: each.name),
        "size": (WIDTH, HEIGHT, SIDE),
    }
