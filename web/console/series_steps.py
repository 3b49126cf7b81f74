"""The steps of a series: the form of one, and the answers about whom it waits for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web
from multidict import MultiDict, MultiMapping
from sqlalchemy import Row

from alerts import halted_mail
from alerts.planned_names import NamesForbidden, require_discreet
from campaigns import series as writing
from campaigns import step_answers
from campaigns.series import BadSeries, StepDraft
from web.console.campaign_forms import Unwritten, read_words, typed_words
from web.console.email_writing import beside, writing_page
from web.console.series_leads import chosen, pages_of
from web.console.viewing import VIEWER, now, number, read, write
from web.keys import JOBS, SITE

WRONG = (Unwritten, BadSeries, NamesForbidden)
HOUR = "09:00"


async def new(request: web.Request) -> web.Response:
    """The form of a next step."""
    series = await read(request, writing.look_at, int(request.match_info["series_id"]))
    steps = await read(request, writing.steps_of, series.id)
    days = steps[-1].days + 7 if steps else 1
    return await _form(request, series, None, MultiDict(days=str(days), hour=HOUR))


async def add(request: web.Request) -> web.Response:
    """Add a step."""
    form = await _posted(request)
    series = await read(request, writing.look_at, int(request.match_info["series_id"]))
    try:
        draft = await _draft(request, form, series, None)
        by, at = request[VIEWER].actor, now(request)
        await write(request, writing.add_step, series.id, draft, by=by, now=at)
    except WRONG as error:
        return await _form(request, series, None, form, problem=str(error))
    raise _back(series.id)


async def edit(request: web.Request) -> web.Response:
    """The form of a step."""
    series, step = await read(request, writing.step_and_series, _step(request))
    leads = str(step.action_id or "")
    typed = MultiDict(
        days=str(step.days), hour=step.hour, leads_to=leads, **typed_words(step.texts)
    )
    return await _form(request, series, step, typed)


async def change(request: web.Request) -> web.Response:
    """Replace its day and its words, for whoever has not had it."""
    form = await _posted(request)
    series, step = await read(request, writing.step_and_series, _step(request))
    try:
        draft = await _draft(request, form, series, step.action_id)
        await write(request, writing.change_step, step.id, draft, by=request[VIEWER].actor)
    except WRONG as error:
        return await _form(request, series, step, form, problem=str(error))
    raise _back(series.id)


async def send_held(request: web.Request) -> NoReturn:
    """The answer "send it now" about a group of people."""
    await _answer(request, send=True)
    raise await _back_from(request)


async def leave_out(request: web.Request) -> NoReturn:
    """The answer "leave it out" about a group of people."""
    await _answer(request, send=False)
    raise await _back_from(request)


async def ask_again(request: web.Request) -> NoReturn:
    """Undo that a step was left out for people."""
    await write(request, step_answers.put_back, _step(request))
    raise await _back_from(request)


async def go_on(request: web.Request) -> NoReturn:
    """Let its mail that was paused for a name leave after all."""
    jobs = request.config_dict[JOBS]
    await write(request, halted_mail.go_on, jobs, _step(request), now=now(request))
    raise await _back_from(request)


async def call_off(request: web.Request) -> NoReturn:
    """Call that mail off, and have its people be due again."""
    await write(request, halted_mail.call_off, _step(request), now=now(request))
    raise await _back_from(request)


async def strike(request: web.Request) -> NoReturn:
    """Take a step out of its series, or put it back."""
    if request.match_info["off"] == "strike":
        await write(request, writing.retire_step, _step(request), now=now(request))
    else:
        await write(request, writing.restore_step, _step(request))
    raise await _back_from(request)


async def _answer(request: web.Request, *, send: bool) -> None:
    form = await _posted(request)
    await write(
        request,
        step_answers.answer,
        _step(request),
        str(form.get("reason", ""))[:32],
        upto=number(form, "upto") or 0,
        send=send,
        by=request[VIEWER].actor,
        now=now(request),
    )


async def _draft(
    request: web.Request, form: MultiMapping[str], series: Row[Any], leads_to: int | None
) -> StepDraft:
    """What the form says; ``leads_to`` is where it led. Raises Unwritten, BadSeries, NamesForbidden."""
    days = number(form, "days")
    if days is None:
        raise BadSeries("Write after how many days it goes; 0 is at once.")
    texts = read_words(form, request.config_dict[SITE].languages)
    await read(request, require_discreet, series.project_id, [texts])
    pages = await pages_of(request, series.project_id, keep=leads_to)
    page = chosen(str(form.get("leads_to", "")), pages)
    hour = str(form.get("hour", "")) or HOUR
    return StepDraft(days=days, hour=hour, texts=texts, action_id=page)


async def _form(
    request: web.Request,
    series: Row[Any],
    step: Row[Any] | None,
    typed: MultiMapping[str],
    *,
    problem: str = "",
) -> web.Response:
    at = f"/console/series/{series.id}"
    written = await beside(request, series, typed, at=at)
    keep = step.action_id if step is not None else None
    pages = await pages_of(request, series.project_id, keep=keep)
    about = {"series": series, "step": step, "pages": pages}
    values = {**about, "typed": typed, "problem": problem, **written}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await writing_page(request, "series_step.html", values, status=status)


async def _posted(request: web.Request) -> MultiMapping[str]:
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    return form


def _step(request: web.Request) -> int:
    return int(request.match_info["step_id"])


async def _back_from(request: web.Request) -> web.HTTPSeeOther:
    return _back(await read(request, writing.of_step, _step(request)))


def _back(series_id: int) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/console/series/{series_id}")
