"""An email in the browser: what everybody may read of it, in any of its languages, and its events for a calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn
from urllib.parse import urlsplit

import icalendar
from aiohttp import web
from sqlalchemy import Connection, select

from alerts.models import Alert
from messages.links import read_email_token
from messages.shown_emails import ShownEmail, StoredEmail, event_of, find_email, shown
from web.keys import CLOCK, DATABASE, SITE, Site
from web.pages import language_of
from web.security import EMAIL, NOBODY

FRESH = "public, max-age=300"  # nothing of it is anybody's own
LASTS = timedelta(hours=2)  # of an event of which only the beginning is known


async def choose(request: web.Request) -> NoReturn:
    """Lead to the email in the language of the browser."""
    email = await request.app[DATABASE].read(find_email, _message(request))
    wanted = language_of(request)
    language = wanted if wanted in email.texts else next(iter(email.texts))
    raise web.HTTPFound(f"{request.path}/{language}", headers={"Vary": "Accept-Language"})


async def show(request: web.Request) -> web.Response:
    """The email as everybody may read it."""
    email = await request.app[DATABASE].read(
        read_shown, _message(request), request.match_info["language"], request.app[SITE]
    )
    return email_page(email.page, framed_by=NOBODY, cached=FRESH)


async def event(request: web.Request) -> web.Response:
    """One of its events as a file for a calendar; the hour is that of the place, wherever it is read."""
    number, language = int(request.match_info["number"]), request.match_info["language"]
    message_id, site = _message(request), request.app[SITE]
    database = request.app[DATABASE]
    stored = await database.read(find_email, message_id)
    email = await database.read(read_shown, message_id, language, site)
    entry = icalendar.Event()
    found = event_of(stored, language, number)
    entry.add("uid", f"email-{message_id}-{number}@{urlsplit(site.public_url).hostname}")
    entry.add("dtstamp", stored.sent_at or request.app[CLOCK]())
    entry.add("dtstart", found.at)
    entry.add("dtend", found.at + LASTS)
    entry.add("summary", email.subject)
    entry.add("location", found.place)
    entry.add("url", f"{site.public_url}{request.path.rpartition('/')[0]}")
    return _calendar(entry, number)


def _calendar(entry: icalendar.Event, number: int) -> web.Response:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Llamado//EN")
    calendar.add("version", "2.0")
    calendar.add_component(entry)
    attached = f'attachment; filename="event-{number}.ics"'
    return web.Response(
        body=calendar.to_ical(),
        content_type="text/calendar",
        charset="utf-8",
        headers={"Cache-Control": FRESH, "Content-Disposition": attached},
    )


def read_shown(conn: Connection, message_id: int, language: str, site: Site) -> ShownEmail:
    """An email with what its button leads everybody to. Raises NoSuchEmail."""
    email = find_email(conn, message_id)
    return shown(email, language, site.house.identity, link=_link(conn, email, site))


def email_page(page: str, *, framed_by: str, cached: str = "no-store") -> web.Response:
    """Answer with an email's own page."""
    answer = web.Response(
        text=page, content_type="text/html", charset="utf-8", headers={"Cache-Control": cached}
    )
    answer[EMAIL] = framed_by
    return answer


def _link(conn: Connection, email: StoredEmail, site: Site) -> str:
    """The public page of what it asks for; else our front door."""
    slug = None
    if email.action_id is not None:
        slug = conn.scalar(select(Alert.slug).where(Alert.action_id == email.action_id))
    return f"{site.public_url}/p/{slug}" if slug else site.public_url


def _message(request: web.Request) -> int:
    return read_email_token(request.app[SITE].links_secret, request.match_info["token"])
