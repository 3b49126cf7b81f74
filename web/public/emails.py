"""An email in the browser: what everybody may read of it, in any of its languages, and its events for a calendar.

Whoever got it comes by one address, a stranger from a public archive by another: the second ends with the archive,
and search engines are told to leave the first alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit

import icalendar
from aiohttp import web
from sqlalchemy import Connection, select

from alerts.archiving import readable
from alerts.models import Alert
from messages.links import (
    BadToken,
    archived_url,
    email_url,
    read_archive_token,
    read_email_token,
)
from messages.shown_emails import ShownEmail, StoredEmail, event_of, shown
from web.keys import CLOCK, DATABASE, SITE, Site
from web.pages import language_of
from web.security import EMAIL, NOBODY

FRESH = "public, max-age=300"  # nothing of it is anybody's own
LASTS = timedelta(hours=2)  # of an event of which only the beginning is known
NO_ROBOTS = {"X-Robots-Tag": "noindex"}


@dataclass(frozen=True)
class Wanted:
    """The email that an address names."""

    message_id: int
    from_archive: bool  # it is the archive's address, not that of whoever got it

    def address(self, site: Site) -> str:
        """The same address, in full."""
        named = archived_url if self.from_archive else email_url
        return named(site.public_url, site.links_secret, self.message_id)

    @property
    def headers(self) -> dict[str, str]:
        """Who may keep it: everybody for a while, but search engines only what an archive shows."""
        return {"Cache-Control": FRESH} | ({} if self.from_archive else NO_ROBOTS)


async def choose(request: web.Request) -> NoReturn:
    """Lead to the email in the language of the browser."""
    wanted, at = _wanted(request), request.app[CLOCK]()
    email = await request.app[DATABASE].read(
        readable, wanted.message_id, from_archive=wanted.from_archive, now=at
    )
    preferred = language_of(request)
    language = preferred if preferred in email.texts else next(iter(email.texts))
    raise web.HTTPFound(f"{request.path}/{language}", headers={"Vary": "Accept-Language"})


async def show(request: web.Request) -> web.Response:
    """The email as everybody may read it."""
    wanted = _wanted(request)
    _, email = await _read(request, wanted)
    answer = email_page(email.page, framed_by=NOBODY)
    answer.headers.update(wanted.headers)
    return answer


async def event(request: web.Request) -> web.Response:
    """One of its events as a file for a calendar; an hour without a zone is that of the place."""
    wanted, site, number = _wanted(request), request.app[SITE], int(request.match_info["number"])
    stored, email = await _read(request, wanted)
    entry = icalendar.Event()
    found = event_of(stored, email.language, number)
    host = urlsplit(site.public_url).hostname
    entry.add("uid", f"email-{wanted.message_id}-{number}@{host}")
    entry.add("dtstamp", stored.sent_at or request.app[CLOCK]())
    entry.add("dtstart", found.begins)
    entry.add("dtend", found.begins + LASTS)
    entry.add("summary", email.subject)
    entry.add("location", found.place)
    entry.add("url", f"{wanted.address(site)}/{email.language}")
    return _calendar(entry, number, wanted.headers)


async def _read(request: web.Request, wanted: Wanted) -> tuple[StoredEmail, ShownEmail]:
    language, site, at = request.match_info["language"], request.app[SITE], request.app[CLOCK]()
    return await request.app[DATABASE].read(read_shown, wanted, language, site, now=at)


def _calendar(entry: icalendar.Event, number: int, headers: dict[str, str]) -> web.Response:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Llamado//EN")
    calendar.add("version", "2.0")
    calendar.add_component(entry)
    attached = f'attachment; filename="event-{number}.ics"'
    return web.Response(
        body=calendar.to_ical(),
        content_type="text/calendar",
        charset="utf-8",
        headers={**headers, "Content-Disposition": attached},
    )


def read_shown(
    conn: Connection, wanted: Wanted, language: str, site: Site, *, now: datetime
) -> tuple[StoredEmail, ShownEmail]:
    """An email with what its button leads everybody to. Raises NoSuchEmail."""
    email = readable(conn, wanted.message_id, from_archive=wanted.from_archive, now=now)
    link, address = _link(conn, email, site), wanted.address(site)
    return email, shown(email, language, site.house.identity, link=link, address=address)


def email_page(page: str, *, framed_by: str) -> web.Response:
    """Answer with an email's own page; nobody keeps it unless the handler says so afterwards."""
    answer = web.Response(
        text=page, content_type="text/html", charset="utf-8", headers={"Cache-Control": "no-store"}
    )
    answer[EMAIL] = framed_by
    return answer


def _link(conn: Connection, email: StoredEmail, site: Site) -> str:
    """The public page of what it asks for; else our front door."""
    slug = None
    if email.action_id is not None:
        slug = conn.scalar(select(Alert.slug).where(Alert.action_id == email.action_id))
    return f"{site.public_url}/p/{slug}" if slug else site.public_url


def _wanted(request: web.Request) -> Wanted:
    secret, token = request.app[SITE].links_secret, request.match_info["token"]
    try:
        return Wanted(read_email_token(secret, token), from_archive=False)
    except BadToken:
        return Wanted(read_archive_token(secret, token), from_archive=True)
