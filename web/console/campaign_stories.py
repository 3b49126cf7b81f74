"""A campaign beyond its emails: its goal, what happened, what it counts, what it asks, how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection

from alerts.campaigning import (
    Asked,
    MonthOfCalls,
    NamesSomebody,
    asked_in,
    calls_by_month,
    campaign_of,
    could_join,
    put_in,
    require_no_names,
)
from campaigns import keeping, measures, timeline
from campaigns.keeping import BadCampaign, Kept, Told
from campaigns.measures import BadMeasure, Measure
from campaigns.timeline import BadMoment, Moment, MomentDraft
from organizers.roles import May
from organizers.sessions import Viewer
from web.console.alert_forms import BadForm, day_typed, text_of
from web.console.curves import bars
from web.console.guard import require_project, require_visible
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import SITE
from web.pages import language_of

Form = MultiMapping[str]
NUMBER = re.compile(r"[0-9]{1,12}")
NO_DAY = "The day is a date, such as 2026-12-04."
NO_NUMBER = "How many there are is a number, such as 12."
NO_TARGET = "What is hoped for is a number, such as 262, or left open."
NO_ALERT = "Choose an alert."


@dataclass(frozen=True, kw_only=True)
class Story:
    """A campaign as its page of goal, timeline and asks shows it."""

    kept: Kept
    moments: list[Moment]
    measures: list[Measure]
    asked: list[Asked]
    months: list[MonthOfCalls]
    could_join: list[tuple[int, str]]
    may_write: bool
    may_send: bool


async def show(request: web.Request) -> web.Response:
    """The page."""
    return await _show(request, MultiDict())


async def change(request: web.Request) -> web.Response:
    """Its name, goal, beginning and public words."""
    form, campaign_id, site = await _form(request), _campaign(request), request.config_dict[SITE]
    kept = await read(request, keeping.find, campaign_id)
    is_public = text_of(form, "is_public") == "yes"
    _may_publish(request, kept, is_public=is_public or kept.is_public)
    texts = {
        code: Told(text_of(form, f"title_{code}"), text_of(form, f"summary_{code}"))
        for code in site.languages
    }
    said = [words for each in texts.values() for words in (each.title, each.summary)]
    try:
        await _require_no_names(request, kept, said if is_public else [])
        await write(
            request,
            keeping.change,
            campaign_id,
            name=text_of(form, "name"),
            goal=text_of(form, "goal"),
            begun_on=_day(form, "begun_on") if text_of(form, "begun_on") else None,
            texts=texts,
            is_public=is_public,
        )
    except (BadCampaign, BadForm, NamesSomebody) as error:
        return await _show(request, form, problem=str(error))
    raise _to(campaign_id, "changed")


async def close(request: web.Request) -> NoReturn:
    """Say that it is over, and what came of it."""
    campaign_id, form = _campaign(request), await _form(request)
    closing, at = text_of(form, "closing"), now(request)
    await write(request, keeping.close, campaign_id, closing=closing, now=at)
    raise _to(campaign_id, "closed")


async def reopen(request: web.Request) -> NoReturn:
    """Go on with it."""
    campaign_id = _campaign(request)
    await write(request, keeping.reopen, campaign_id)
    raise _to(campaign_id, "changed")


async def note(request: web.Request) -> web.Response:
    """Note what happened."""
    form, campaign_id = await _form(request), _campaign(request)
    languages = tuple(request.config_dict[SITE].languages)
    kept = await read(request, keeping.find, campaign_id)
    try:
        draft = _moment(request, form)
        _may_publish(request, kept, is_public=draft.is_public)
        await _require_no_names(request, kept, _told(draft))
        await write(
            request,
            timeline.note,
            campaign_id,
            draft,
            languages=languages,
            by=request[VIEWER].actor,
            now=now(request),
        )
    except (BadMoment, BadForm, NamesSomebody) as error:
        return await _show(request, form, problem=str(error))
    raise _to(campaign_id, "noted", "h-timeline")


async def edit(request: web.Request) -> web.Response:
    """The form of something that happened."""
    moment_id = int(request.match_info["moment_id"])
    moment = await read(request, timeline.find, moment_id)
    return await _edit(request, moment, MultiDict())


async def amend(request: web.Request) -> web.Response:
    """Note better what happened."""
    form, moment_id = await _form(request), int(request.match_info["moment_id"])
    moment = await read(request, timeline.find, moment_id)
    kept = await read(request, keeping.find, moment.campaign_id)
    languages = tuple(request.config_dict[SITE].languages)
    try:
        draft = _moment(request, form)
        _may_publish(request, kept, is_public=draft.is_public or moment.is_public)
        await _require_no_names(request, kept, _told(draft))
        at = now(request)
        await write(request, timeline.change, moment_id, draft, languages=languages, now=at)
    except (BadMoment, BadForm, NamesSomebody) as error:
        return await _edit(request, moment, form, problem=str(error))
    raise _to(moment.campaign_id, "noted", "h-timeline")


async def strike(request: web.Request) -> NoReturn:
    """Take off what did not happen, or put it back."""
    moment_id, off = int(request.match_info["moment_id"]), request.match_info["off"] == "strike"
    moment = await read(request, timeline.find, moment_id)
    kept = await read(request, keeping.find, moment.campaign_id)
    _may_publish(request, kept, is_public=moment.is_public)
    await write(request, timeline.strike, moment_id, now=now(request) if off else None)
    raise _to(moment.campaign_id, "struck" if off else "noted", "h-timeline")


async def measure(request: web.Request) -> web.Response:
    """Begin to count something."""
    form, campaign_id = await _form(request), _campaign(request)
    languages = request.config_dict[SITE].languages
    kept = await read(request, keeping.find, campaign_id)
    is_public = text_of(form, "measure_public") == "yes"
    _may_publish(request, kept, is_public=is_public)
    named = {code: text_of(form, f"measure_{code}") for code in languages}
    try:
        await _require_no_names(request, kept, named.values() if is_public else [])
        await write(
            request,
            measures.add_measure,
            campaign_id,
            named,
            target=_number(form, "target", NO_TARGET) if text_of(form, "target") else None,
            is_public=is_public,
            languages=languages,
        )
    except (BadMeasure, NamesSomebody) as error:
        return await _show(request, form, problem=str(error))
    raise _to(campaign_id, "noted", "h-measures")


async def read_off(request: web.Request) -> web.Response:
    """Note how many there are."""
    form, measure_id = await _form(request), int(request.match_info["measure_id"])
    counted = await read(request, measures.find, measure_id)
    kept = await read(request, keeping.find, counted.campaign_id)
    _may_publish(request, kept, is_public=counted.is_public)
    try:
        await write(
            request,
            measures.read_off,
            measure_id,
            _day(form, "read_on"),
            _number(form, "value", NO_NUMBER),
            by=request[VIEWER].actor,
            now=now(request),
        )
    except (BadMeasure, BadForm) as error:
        return await _show(request, form, problem=str(error), campaign_id=kept.id)
    raise _to(kept.id, "noted", "h-measures")


async def strike_measure(request: web.Request) -> NoReturn:
    """Stop counting something, or go on."""
    measure_id, off = int(request.match_info["measure_id"]), request.match_info["off"] == "strike"
    counted = await read(request, measures.find, measure_id)
    kept = await read(request, keeping.find, counted.campaign_id)
    _may_publish(request, kept, is_public=counted.is_public)
    await write(request, measures.strike, measure_id, now=now(request) if off else None)
    raise _to(kept.id, "struck" if off else "noted", "h-measures")


async def join(request: web.Request) -> web.Response:
    """Let an alert belong to it."""
    form, campaign_id = await _form(request), _campaign(request)
    alert_id = number(form, "alert")
    if alert_id is None:
        return await _show(request, form, problem=NO_ALERT)
    named = {"alert_id": str(alert_id)}
    await read(request, require_visible, request[VIEWER], named, May.WRITE)
    for each in (campaign_id, await read(request, campaign_of, alert_id)):
        await _may_change_asks(request, each)
    await write(request, put_in, alert_id, campaign_id)
    raise _to(campaign_id, "noted", "h-asks")


async def leave(request: web.Request) -> NoReturn:
    """Let an alert belong to no campaign."""
    alert_id, form = int(request.match_info["alert_id"]), await _form(request)
    await _may_change_asks(request, await read(request, campaign_of, alert_id))
    await write(request, put_in, alert_id, None)
    campaign_id = number(form, "campaign")
    if campaign_id is None:
        raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")
    raise _to(campaign_id, "noted", "h-asks")


def story(
    conn: Connection, campaign_id: int, viewer: Viewer, *, language: str, now: datetime
) -> Story:
    """Read all of it; the caller knows that it exists."""
    kept = keeping.find(conn, campaign_id)
    asked = asked_in(conn, campaign_id, viewer.within)
    may_write = viewer.may(May.WRITE, kept.project_id)
    return Story(
        kept=kept,
        moments=timeline.moments(conn, campaign_id),
        measures=measures.measures(conn, campaign_id),
        asked=asked,
        months=calls_by_month(conn, [each.action_id for each in asked], now=now),
        could_join=could_join(conn, viewer.may_in(May.WRITE), language=language)
        if may_write
        else [],
        may_write=may_write,
        may_send=viewer.may(May.SEND, kept.project_id),
    )


async def _show(
    request: web.Request, typed: Form, *, problem: str = "", campaign_id: int | None = None
) -> web.Response:
    viewer, language = request[VIEWER], language_of(request)
    wanted = campaign_id or _campaign(request)
    seen = await read(request, story, wanted, viewer, language=language, now=now(request))
    pictured = bars([each.calls for each in seen.months])
    values = {"seen": seen, "bars": pictured, "typed": typed, "problem": problem}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "campaign_story.html", values, status=status)


async def _edit(
    request: web.Request, moment: Moment, typed: Form, *, problem: str = ""
) -> web.Response:
    kept = await read(request, keeping.find, moment.campaign_id)
    values = {
        "moment": moment,
        "kept": kept,
        "typed": typed or _typed(moment),
        "may_send": request[VIEWER].may(May.SEND, kept.project_id),
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "campaign_moment.html", values, status=status)


def _typed(moment: Moment) -> MultiDict[str]:
    """What stands in the form of something that is noted."""
    form = MultiDict({f"happened_{code}": text for code, text in moment.words.items()})
    form["happened_on"] = moment.happened_on.isoformat()
    form["source"] = moment.source
    form["moment_public"] = "yes" if moment.is_public else ""
    return form


def _may_publish(request: web.Request, kept: Kept, *, is_public: bool) -> None:
    """What everybody may read is changed by who may also send. Raises NotAllowed."""
    if is_public:
        require_project(request[VIEWER], kept.project_id, May.SEND)


async def _may_change_asks(request: web.Request, campaign_id: int | None) -> None:
    """What a public campaign asks stands on its page. Raises NotYours, NotAllowed."""
    if campaign_id is not None:
        kept = await read(request, keeping.find, campaign_id)
        _may_publish(request, kept, is_public=kept.is_public)


async def _require_no_names(request: web.Request, kept: Kept, said: Iterable[str]) -> None:
    """Names of people at risk are on no public page. Raises NamesSomebody."""
    await read(request, require_no_names, kept.project_id, list(said))


def _told(draft: MomentDraft) -> list[str]:
    """What everybody would read of it."""
    return [*draft.words.values(), draft.source] if draft.is_public else []


def _moment(request: web.Request, form: Form) -> MomentDraft:
    return MomentDraft(
        happened_on=_day(form, "happened_on"),
        words={
            code: text_of(form, f"happened_{code}") for code in request.config_dict[SITE].languages
        },
        source=text_of(form, "source"),
        is_public=text_of(form, "moment_public") == "yes",
    )


def _day(form: Form, name: str) -> date:
    day = day_typed(form, name)
    if day is None:
        raise BadForm([NO_DAY])
    return day


def _number(form: Form, name: str, otherwise: str) -> int:
    typed = text_of(form, name).replace(",", "")
    if not NUMBER.fullmatch(typed):
        raise BadMeasure(otherwise)
    return int(typed)


def _campaign(request: web.Request) -> int:
    return int(request.match_info["campaign_id"])


async def _form(request: web.Request) -> Form:
    return await request.post()  # type: ignore[return-value]


def _to(campaign_id: int, notice: str, place: str = "") -> web.HTTPSeeOther:
    """Back to the page, with a sentence on what was done."""
    mark = f"#{place}" if place else ""
    return web.HTTPSeeOther(f"/console/campaigns/{campaign_id}/story?notice={notice}{mark}")
