"""A project's public archive: the emails that it shows to everybody, as a page and as a feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import NoReturn

from aiohttp import web
from feedgenerator import Rss201rev2Feed
from sqlalchemy import Connection

from alerts.archiving import archived
from messages.links import email_url
from messages.shown_emails import Listed, NoSuchEmail, ShownEmail, archive_of
from web.keys import DATABASE, SITE, Site
from web.pages import LANGUAGE, language_of, rendered, translator
from web.public.emails import FRESH, read_shown

NAMES = {"en": "English", "es": "Español"}
IN_FEED = 20
EXCERPT = 600  # characters of an email in the feed


@dataclass(frozen=True)
class Archive:
    """What the page lists."""

    project: str
    emails: Sequence[Listed]


async def choose(request: web.Request) -> NoReturn:
    """Lead to the archive in the language of the browser."""
    raise web.HTTPFound(
        f"{request.path}/{language_of(request)}", headers={"Vary": "Accept-Language"}
    )


async def show(request: web.Request) -> web.Response:
    """The list."""
    slug, language, site = request.match_info["slug"], _language(request), request.app[SITE]
    found = await request.app[DATABASE].read(read_archive, slug, language)
    request[LANGUAGE] = language
    values = {
        "archive": found,
        "slug": slug,
        "languages": [
            (each, NAMES.get(each, each), f"/archive/{slug}/{each}")
            for each in site.languages
            if each != language
        ],
        "addresses": {
            each.message_id: f"{email_url('', site.links_secret, each.message_id)}/{language}"
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
    project, emails = await request.app[DATABASE].read(_read_feed, slug, language, site)
    here = f"{site.public_url}/archive/{slug}/{language}"
    made = Rss201rev2Feed(
        title=project,
        link=here,
        description=translator(request)("Emails of %(project)s", project=project),
        language=language,
        feed_url=f"{here}.xml",
    )
    for each, email in emails:
        address = (
            f"{email_url(site.public_url, site.links_secret, each.message_id)}/{email.language}"
        )
        made.add_item(
            title=email.subject,
            link=address,
            description=_excerpt(email.text),
            pubdate=each.sent_at.astimezone(UTC) if each.sent_at else None,
            unique_id=address,
        )
    return web.Response(
        text=made.writeString("utf-8"),
        content_type="application/rss+xml",
        charset="utf-8",
        headers={"Cache-Control": FRESH},
    )


def read_archive(conn: Connection, slug: str, language: str) -> Archive:
    """What a project shows. Raises NoSuchEmail for one that has no archive."""
    project_id, name = archive_of(conn, slug)
    return Archive(name, archived(conn, project_id, language=language))


def _read_feed(
    conn: Connection, slug: str, language: str, site: Site
) -> tuple[str, list[tuple[Listed, ShownEmail]]]:
    archive = read_archive(conn, slug, language)
    found = []
    for each in archive.emails[:IN_FEED]:
        try:
            found.append((each, read_shown(conn, each.message_id, language, site)))
        except NoSuchEmail:  # it is not in this language
            continue
    return archive.project, found


def _language(request: web.Request) -> str:
    language = request.match_info["language"]
    if language not in request.app[SITE].languages:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    return language


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rsplit(None, 1)[0]} …"
