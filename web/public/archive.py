"""A project's public archive: the emails that it shows to everybody, as a page and as a feed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from aiohttp import web
from feedgenerator import Rss201rev2Feed
from sqlalchemy import Connection

from alerts.archiving import archived, archived_in
from messages.links import archived_url
from messages.shown_emails import Listed, NoSuchEmail, ShownEmail, archive_of
from web.keys import CLOCK, DATABASE, SITE, Site
from web.pages import LANGUAGE, language_of, rendered, translator
from web.public.emails import FRESH, Wanted, read_shown

NAMES = {"en": "English", "es": "Español"}
IN_FEED = 10
EXCERPT = 600  # characters of an email in the feed
# What XML 1.0 has no way to write (section 2.2), and no reader could show.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Archive:
    """What a page lists."""

    project: str
    years: Sequence[int]  # of which there is something to read, newest first
    year: int  # of the emails; 0 = there are none
    emails: Sequence[Listed]


async def choose(request: web.Request) -> NoReturn:
    """Lead to the archive in the language of the browser."""
    raise web.HTTPFound(
        f"{request.path}/{language_of(request)}", headers={"Vary": "Accept-Language"}
    )


async def show(request: web.Request) -> web.Response:
    """The list of a year; without one, of the newest."""
    slug, language, site = request.match_info["slug"], _language(request), request.app[SITE]
    year, at = request.match_info.get("year", ""), request.app[CLOCK]()
    found = await request.app[DATABASE].read(
        read_archive, slug, language, int(year) if year else None, now=at
    )
    rest = f"/{year}" if year else ""
    request[LANGUAGE] = language
    values = {
        "archive": found,
        "slug": slug,
        "languages": [
            (each, NAMES.get(each, each), f"/archive/{slug}/{each}{rest}")
            for each in site.languages
            if each != language
        ],
        "addresses": {
            each.message_id: f"{archived_url('', site.links_secret, each.message_id)}/{language}"
            for each in found.emails
        },
    }
    text = rendered(request, "public/archive.html", values)
    return web.Response(
        text=text, content_type="text/html", charset="utf-8", headers={"Cache-Control": FRESH}
    )


async def feed(request: web.Request) -> web.Response:
    """The newest of it for feed readers (RSS 2.0)."""
    slug, language, site = request.match_info["slug"], _language(request), request.app[SITE]
    request[LANGUAGE] = language
    project, emails = await request.app[DATABASE].read(
        _read_feed, slug, language, site, now=request.app[CLOCK]()
    )
    here = f"{site.public_url}/archive/{slug}/{language}"
    made = Rss201rev2Feed(
        title=_plain(project),
        link=here,
        description=_plain(translator(request)("Emails of %(project)s", project=project)),
        language=language,
        feed_url=f"{here}.xml",
    )
    for each, email in emails:
        wanted = Wanted(each.message_id, from_archive=True)
        address = f"{wanted.address(site)}/{email.language}"
        made.add_item(
            title=_plain(email.subject),
            link=address,
            description=_excerpt(_plain(email.text)),
            pubdate=each.sent_at.astimezone(UTC) if each.sent_at else None,
            unique_id=address,
        )
    return web.Response(
        text=made.writeString("utf-8"),
        content_type="application/rss+xml",
        charset="utf-8",
        headers={"Cache-Control": FRESH},
    )


def read_archive(
    conn: Connection, slug: str, language: str, year: int | None, *, now: datetime
) -> Archive:
    """What a project shows of a year. Raises NoSuchEmail where there is no archive, or nothing of that year."""
    project_id, name = archive_of(conn, slug)
    years, emails = archived_in(conn, project_id, year, language=language, now=now)
    return Archive(name, years, year or next(iter(years), 0), emails)


def _read_feed(
    conn: Connection, slug: str, language: str, site: Site, *, now: datetime
) -> tuple[str, list[tuple[Listed, ShownEmail]]]:
    project_id, name = archive_of(conn, slug)
    found = []
    for each in archived(conn, project_id, language=language, now=now)[:IN_FEED]:
        wanted = Wanted(each.message_id, from_archive=True)
        try:
            found.append((each, read_shown(conn, wanted, language, site, now=now)[1]))
        except NoSuchEmail:  # it is not in this language
            continue
    return name, found


def _language(request: web.Request) -> str:
    language = request.match_info["language"]
    if language not in request.app[SITE].languages:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    return language


def _plain(text: str) -> str:
    return _NOT_IN_XML.sub(" ", text)


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rsplit(None, 1)[0]} …"
