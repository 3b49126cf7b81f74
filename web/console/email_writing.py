"""What stands beside a campaign's email while it is written: what is wrong, what could endanger somebody, how it looks.

Nothing is stored. Only people of the organizer's own projects are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy import Connection

from alerts.foreseeing import addressed
from alerts.models import Level
from alerts.weighing import Weighed, weigh
from campaigns.series import look_at
from messages import audience as audiences
from messages import composing, links, rendering
from messages.audience import Audience, Filter
from messages.cautions import Said
from messages.composing import Compositions
from messages.control import Words
from messages.eligibility import Terms
from messages.email_checks import KILOBYTE, pictures_gone, size_of
from messages.email_page import CLIPPED, LARGE, lit
from messages.findings import Finding, finding
from messages.house import HouseRules
from messages.identity import letterhead
from messages.links import person_token
from messages.looks import Look, look_of
from messages.models import MessageKind, Reach
from messages.pictures import pictures_for
from messages.providers.provider import fill
from messages.seeing import STAND_IN, see
from messages.templates import BadTemplate
from organizers.sessions import Viewer
from web.console import overviews
from web.console.half_written import Unsaved, readable
from web.console.previews import invented
from web.console.viewing import VIEWER, now, page, read
from web.keys import SITE
from web.pages import render, rendered
from web.public.emails import email_page
from web.security import FRAMES_EMAIL, OURSELVES

Form = MultiMapping[str]
LEADS_ON = re.compile(r"\{\{\s*link\s*\}\}|^:{3,}\s*(?:call|llamada)\b", re.MULTILINE)


@dataclass(frozen=True)
class Written:
    """An email in one language, as it stands."""

    language: str
    kilobytes: int  # of the finished page with the longest values; 0 = it cannot be read yet
    large: bool
    clipped: bool
    problem: str


@dataclass(frozen=True)
class LiveEmail:
    """What stands beside the words."""

    written: Sequence[Written]
    weighed: Weighed
    findings: Sequence[Finding]  # besides


async def beside(
    request: web.Request, about: Any, typed: Form, *, at: str = ""
) -> dict[str, object]:
    """What a template wants beside an email's words; ``about`` is its campaign, or an email of it.

    ``at`` is the address under which the words are looked at, where that is not a campaign.
    """
    house = request.config_dict[SITE].house
    campaign_id = getattr(about, "campaign_id", about.id)
    return {
        "live": await read(request, live_email, typed, about.project_id, house=house),
        "pictures": await read(request, pictures_for, about.project_id),
        "email_at": at or f"/console/campaigns/{campaign_id}",
    }


async def writing_page(
    request: web.Request, template: str, values: Mapping[str, object], *, status: int
) -> web.Response:
    """A page on which an email is written, and seen in a frame."""
    shown = await page(request, template, values, status=status)
    shown[FRAMES_EMAIL] = True
    return shown


async def measure(request: web.Request) -> web.Response:
    """What is to be said of the words in the form, as the piece of the page that shows it."""
    form, project_id = await _asked(request)
    house = request.config_dict[SITE].house
    values = {"live": await read(request, live_email, form, project_id, house=house)}
    return render(request, "console/live_email.html", values)


async def preview(request: web.Request) -> web.Response:
    """The email as somebody real gets it, in a language, by light or dark: a page for a frame."""
    form, project_id = await _asked(request)
    house = request.config_dict[SITE].house
    html = await read(
        request, shown, form, project_id, request[VIEWER], house=house, now=now(request)
    )
    return framed(request, html or rendered(request, "console/no_preview.html", {}), form)


def framed(request: web.Request, page: str, form: Mapping[str, object]) -> web.Response:
    """A finished email by light or dark, with our pictures from here: they may not be where the public finds us yet."""
    ours = f'src="{request.config_dict[SITE].public_url}/i/'
    lighted = lit(page, dark=form.get("theme") == "dark")
    return email_page(lighted.replace(ours, 'src="/i/'), framed_by=OURSELVES)


def live_email(
    conn: Connection, form: Form, project_id: int | None, *, house: HouseRules
) -> LiveEmail:
    """Read a form as it stands."""
    words, look = typed_words(form, house.languages), look_of(conn, project_id)
    said = [
        Said(place, language, text)
        for language, each in words.items()
        for place, text in (("subject", each.subject), ("body", each.body))
    ]
    return LiveEmail(
        written=list(sizes(words, house, look)),
        weighed=weigh(conn, None, project_id, said),
        findings=[*pictures_gone(conn, words, project_id), *_without_page(form, words)],
    )


def shown(
    conn: Connection,
    form: Form,
    project_id: int | None,
    viewer: Viewer,
    *,
    house: HouseRules,
    now: datetime,
) -> str:
    """The finished page for somebody who would get it in the language that is asked for; "" if there is none yet."""
    language = str(form.get("see", house.default_language))
    chosen = Filter(projects=(project_id,) if project_id else ())
    to_whom, terms = addressed(
        conn,
        Audience(include=chosen),
        project_id=project_id,
        reach=Reach.EMAIL,
        level=Level.GREEN,
        house=house,
        now=now,
    )
    words = typed_words(form, house.languages)
    message = _compiled(words, to_whom, house, look_of(conn, project_id))
    if language not in message.email_versions:
        return ""
    only = audiences.seen_by(to_whom, viewer.within)
    terms = replace(terms, kind=MessageKind.CAMPAIGN)
    return page_seen(conn, message, only, terms, language, house=house, now=now)


def page_seen(
    conn: Connection,
    message: Compositions,
    only: Audience,
    terms: Terms,
    language: str,
    *,
    house: HouseRules,
    now: datetime,
) -> str:
    """The finished page of an email for one of these people who reads a language, or for somebody who might."""
    seen = see(conn, message, only, terms, house.identity, wanted=language, now=now)
    if seen is not None and seen.language == language and seen.page:
        return seen.page
    version = message.email_versions[language]  # nobody reads this language yet
    token = person_token(house.identity.secret, STAND_IN)
    return fill(version.words.html, invented(version, token), escape=True)


def typed_words(form: Form, languages: Sequence[str]) -> dict[str, Words]:
    """The subject and the text of each language."""
    return {
        each: Words(
            subject=str(form.get(f"subject_{each}", "")).strip(),
            body=str(form.get(f"body_{each}", "")).replace("\r\n", "\n").strip(),
        )
        for each in languages
    }


async def _asked(request: web.Request) -> tuple[Form, int | None]:
    form: Form = await request.post()  # type: ignore[assignment]
    named = request.match_info
    if "series_id" in named:
        series = await read(request, look_at, int(named["series_id"]))
        return form, series.project_id
    campaign = await read(request, overviews.campaign, int(named["campaign_id"]))
    return form, campaign.project_id


def sizes(words: Mapping[str, Words], house: HouseRules, look: Look) -> Iterator[Written]:
    """How each language's email stands: what it takes, or why it cannot be read yet."""
    head = letterhead(house.identity, look=look)
    for language, each in words.items():
        if not each.body:
            continue
        try:
            made = rendering.email_words(
                each.subject or "…", each.body, language=language, letterhead=head
            )
        except BadTemplate as error:
            yield Written(language, 0, large=False, clipped=False, problem=str(error))
            continue
        size = size_of(made.words.html)
        kilobytes = -(-size // KILOBYTE)
        yield Written(language, kilobytes, large=size >= LARGE, clipped=size >= CLIPPED, problem="")


def _without_page(form: Form, words: Mapping[str, Words]) -> Iterator[Finding]:
    """The emails that lead to an action page, where none is chosen."""
    for language, each in words.items():
        if not form.get("leads_to") and LEADS_ON.search(each.body):
            yield finding("leads_nowhere", language=language)


def _compiled(
    words: Mapping[str, Words], to_whom: Audience, house: HouseRules, look: Look
) -> Compositions:
    typed = {each: replace(said, subject=said.subject or "…") for each, said in words.items()}
    texts = [readable(each, said, house.identity) for each, said in typed.items()]
    url = house.identity.public_url
    urls = (found for each in texts for found in links.urls_in(each.body, public_url=url))
    tracked = {address: n for n, address in enumerate(dict.fromkeys(urls), 1)}
    message = Unsaved(
        kind=MessageKind.CAMPAIGN,
        default_language=house.default_language,
        audience=audiences.write(to_whom),
    )
    return composing.compiled(message, texts, tracked, house.identity, look=look)
