"""A campaign's public page: what it is about, what anybody can do now, what it has won, what happened when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web
from sqlalchemy import Connection

from alerts.at_risk import Lists
from alerts.campaigning import Asked, Discreet, asked_of_all
from campaigns import measures, timeline
from campaigns.keeping import Kept, NoSuchCampaign, Told, find_public
from campaigns.measures import Measure
from campaigns.timeline import Moment
from web.keys import CLOCK, DATABASE
from web.pages import LANGUAGE, language_of, render

FRESH = 60  # seconds for which anybody between may keep it
NOTHING = Told("", "")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A campaign as anybody may read of it, in one language."""

    kept: Kept
    words: Told
    language: str  # of the words
    asked: Sequence[Asked]  # that ask for calls now
    measures: Sequence[Measure]
    moments: Sequence[Moment]


async def show(request: web.Request) -> web.Response:
    """The page. Raises NoSuchCampaign unless its organizers show it."""
    request[LANGUAGE] = request.query.get("lang", "")
    slug, language = request.match_info["slug"], language_of(request)
    at = request.app[CLOCK]()
    seen = await request.app[DATABASE].read(shown, slug, language, now=at)
    response = render(request, "public/campaign.html", {"seen": seen})
    response.headers["Cache-Control"] = f"public, max-age={FRESH}"
    return response


def shown(conn: Connection, slug: str, language: str, *, now: datetime) -> Shown:
    """Read what everybody may. Raises NoSuchCampaign."""
    kept = find_public(conn, slug)
    words, spoken = _in_language(kept.texts, language)
    # Somebody may have come on a list of people at risk since it was written.
    discreet = Discreet(conn, kept.project_id)
    if not discreet.is_told(words.title):
        raise NoSuchCampaign(NoSuchCampaign.__doc__)
    return Shown(
        kept=kept,
        words=words if discreet.is_told(words.summary) else replace(words, summary=""),
        language=spoken,
        asked=_asked(conn, kept.id, now),
        measures=[
            each
            for each in measures.measures(conn, kept.id, public_only=True)
            if discreet.is_told(*each.words.values())
        ],
        moments=[
            each
            for each in timeline.moments(conn, kept.id, public_only=True)
            if discreet.is_told(*each.words.values(), each.source)
        ],
    )


def _asked(conn: Connection, campaign_id: int, now: datetime) -> list[Asked]:
    """What asks for calls now, without those alerts whose titles name somebody by now."""
    lists = Lists(conn)
    return [
        each
        for each in asked_of_all(conn, campaign_id)
        if each.is_open(now)
        and lists.is_told(*each.titles.values(), case_id=each.case_id, owner=each.project_id)
    ]


def _in_language(texts: Mapping[str, Told], language: str) -> tuple[Told, str]:
    if language in texts:
        return texts[language], language
    return next(((told, code) for code, told in texts.items()), (NOTHING, language))
