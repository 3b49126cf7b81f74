"""One scheduled email: its page, its form, and what is done about its dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web
from multidict import MultiDict, MultiMapping

from alerts.at_risk import NoSuchPerson, NotYetSaid, NoWhy
from alerts.campaigning import asked_of_all
from alerts.planned_names import NamesForbidden, NotYetApproved, let_name_stand, require_discreet
from alerts.planned_names import steer as steer_email
from campaigns import changing, firing, occurrences
from campaigns.calendar import AlreadyPast, EmailDraft, look_at
from campaigns.clashes import clashes
from campaigns.experiments import StillTried
from campaigns.models import RunStatus
from campaigns.recurring import BadRule
from campaigns.steering import Steer
from campaigns.upcoming import preview
from campaigns.variants import BadExperiment
from messages.control import Words
from messages.wallclock import BadTime
from web.console.campaign_forms import (
    EVERY,
    Unwritten,
    read_email,
    read_rule,
    read_words,
    typed_of,
    typed_words,
)
from web.console.email_pages import email_page
from web.console.email_writing import beside, writing_page
from web.console.planned import findings
from web.console.viewing import VIEWER, now, number, page, read, write
from web.console.zone_choices import peoples_zones, zone_groups
from web.keys import JOBS, SITE
from web.pages import language_of, translator

DATES = 6  # that a form shows
WRONG = (Unwritten, BadTime, BadRule, AlreadyPast, BadExperiment, NamesForbidden, StillTried)


async def show(request: web.Request) -> web.Response:
    """The email, its dates, and what is asked about them."""
    return await _show(request)


async def edit(request: web.Request) -> web.Response:
    """The form of its plan."""
    row = await read(request, look_at, _email(request))
    return await form_page(request, typed_of(row._asdict(), row.texts), row=row)


async def change(request: web.Request) -> web.Response:
    """Replace the plan and its words."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    row = await read(request, look_at, _email(request))
    if form.get("act") == "preview":
        return await form_page(request, form, row=row)
    try:
        pages = await leads_to(request, row.campaign_id, keep=row.action_id)
        draft = drafted(request, form, row.project_id, pages)
        ways = written(draft)
        await read(request, require_discreet, row.project_id, ways, email_id=row.id)
        by, at = request[VIEWER].actor, now(request)
        await write(request, changing.change, row.id, draft, by=by, now=at)
    except WRONG as error:
        return await form_page(request, form, row=row, problem=str(error))
    raise web.HTTPSeeOther(f"/console/emails/{row.id}")


async def leads_to(
    request: web.Request, campaign_id: int, *, keep: int | None = None
) -> list[tuple[int, str]]:
    """The actions of a campaign that ask for calls now, each with the title of its page; and one to ``keep``."""
    found = await read(request, asked_of_all, campaign_id)
    language, at = language_of(request), now(request)
    return [
        (each.action_id, each.titles.get(language) or next(iter(each.titles.values()), ""))
        for each in found
        if each.is_open(at) or each.action_id == keep
    ]


def written(draft: EmailDraft) -> list[Mapping[str, Words]]:
    """Each way of writing of a draft."""
    return [draft.texts, *(draft.experiment.others if draft.experiment else ())]


def drafted(
    request: web.Request,
    form: MultiMapping[str],
    project_id: int | None,
    pages: Sequence[tuple[int, str]],
) -> EmailDraft:
    """What the form says; ``pages`` are those to which it may lead. Raises Unwritten, BadRule."""
    return read_email(
        form,
        languages=request.config_dict[SITE].languages,
        projects=[project_id] if project_id else None,
        pages=[number for number, _ in pages],
    )


async def form_page(
    request: web.Request, typed: MultiMapping[str], *, row: Any, problem: str = ""
) -> web.Response:
    """The form by itself, with the dates that it makes."""
    written = await beside(request, row, typed)
    pages = await leads_to(request, row.campaign_id, keep=row.action_id)
    plan = await form_values(request, typed, row.project_id, problem, but=row.id)
    values = {"email": row, "pages": pages, **written, **plan}
    status = _status(values["problem"])
    return await writing_page(request, "email_change.html", values, status=status)


async def form_values(
    request: web.Request,
    typed: MultiMapping[str],
    project_id: int | None,
    problem: str = "",
    *,
    but: int = 0,
) -> dict[str, Any]:
    """What the form's template wants: the choices, what was typed, the dates that it makes, and what else
    its people get on those; ``but`` is the email itself.
    """
    dates: list[Any] = []
    if typed.get("day") and not problem:
        try:
            at = f"{typed.get('day')}T{typed.get('hour', '')}"
            dates = preview(read_rule(typed), at, str(typed.get("zone", "")), DATES)
        except WRONG as error:
            problem = str(error)
    ours = await read(request, peoples_zones)
    goes = [instant for instant, _, _ in dates]
    return {
        "typed": typed,
        "dates": dates,
        "clashes": await read(request, clashes, project_id, goes, but=but, now=now(request)),
        "problem": problem,
        "zones": zone_groups(
            ours, str(typed.get("zone", "")), translator(request), now=now(request)
        ),
        "every_choices": [(str(each), str(each)) for each in range(1, EVERY + 1)],
    }


async def send_held(request: web.Request) -> web.Response:
    """The answer "send it now" about what was held."""
    email_id, at = await _which(request)
    fired = await write(
        request,
        firing.send_held,
        request.config_dict[JOBS],
        email_id,
        at,
        house=request.config_dict[SITE].house,
        by=request[VIEWER].actor,
        now=now(request),
    )
    if fired.status is RunStatus.HELD and fired.held_because:
        return await page(request, "campaign_held.html", {"findings": fired.held_because})
    raise _back(email_id)


async def leave_out(request: web.Request) -> NoReturn:
    """Leave one date out."""
    email_id, at = await _which(request)
    by = request[VIEWER].actor
    await write(request, changing.leave_out, email_id, at, by=by, now=now(request))
    raise _back(email_id)


async def move(request: web.Request) -> web.Response:
    """Have one date go at another time."""
    email_id, at = await _which(request)
    form = await request.post()
    to, by = f"{form.get('day', '')}T{form.get('hour', '')}", request[VIEWER].actor
    try:
        await write(request, changing.move, email_id, at, to, by=by, now=now(request))
    except (BadTime, AlreadyPast) as error:
        return await _show(request, problem=str(error))
    raise _back(email_id)


async def put_back(request: web.Request) -> NoReturn:
    """Undo what was done to one date."""
    email_id, at = await _which(request)
    by = request[VIEWER].actor
    await write(request, changing.put_back, email_id, at, by=by, now=now(request))
    raise _back(email_id)


async def words(request: web.Request) -> web.Response:
    """A form for the words of one date only."""
    return await _words(request, request.query.get("at", ""))


async def change_words(request: web.Request) -> web.Response:
    """Give one date words of its own, or those of its email again."""
    email_id, at = await _which(request)
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    languages, by = request.config_dict[SITE].languages, request[VIEWER].actor
    try:
        texts = None if form.get("act") == "same" else read_words(form, languages)
        row = await read(request, look_at, email_id)
        await read(request, require_discreet, row.project_id, [texts or {}], email_id=email_id)
        await write(request, occurrences.change_words, email_id, at, texts, by=by)
    except (Unwritten, NamesForbidden) as error:
        return await _words(request, at, form, problem=str(error))
    raise _back(email_id)


async def steer(request: web.Request) -> web.Response:
    """Pause, resume or stop what one date is sending."""
    email_id, at = await _which(request)
    act, jobs = Steer(request.match_info["steer"]), request.config_dict[JOBS]
    house = request.config_dict[SITE].house
    try:
        await write(request, steer_email, jobs, email_id, at, act, house=house, now=now(request))
    except (NotYetSaid, NotYetApproved) as error:
        return await _show(request, problem=str(error))
    raise _back(email_id)


async def may_stand(request: web.Request) -> web.Response:
    """Keep why it may name somebody all the same."""
    email_id, form = _email(request), await request.post()
    person_id, why = number(form, "person") or 0, str(form.get("stands", ""))
    try:
        by = request[VIEWER].actor
        await write(request, let_name_stand, email_id, person_id, why=why, by=by)
    except (NoWhy, NoSuchPerson) as error:
        return await _show(request, problem=str(error), stands=why)
    raise web.HTTPSeeOther(f"/console/emails/{email_id}#h-named")


async def cancel(request: web.Request) -> NoReturn:
    """Call all of it off."""
    email_id, by = _email(request), request[VIEWER].actor
    await write(request, changing.cancel, email_id, by=by, now=now(request))
    raise _back(email_id)


async def take_up(request: web.Request) -> web.Response:
    """Schedule a draft, or what was called off."""
    email_id = _email(request)
    try:
        await write(request, changing.take_up, email_id, now=now(request))
    except (AlreadyPast, BadRule) as error:
        return await _show(request, problem=str(error))
    raise _back(email_id)


async def show_with(request: web.Request, problem: str = "", *, note: str = "") -> web.Response:
    """The email, with what is wrong with what somebody wants done; their note is not lost."""
    return await _show(request, problem, note=note)


async def _show(
    request: web.Request, problem: str = "", *, note: str = "", stands: str = ""
) -> web.Response:
    house = request.config_dict[SITE].house
    compared = request.query.get("effect", "")
    found = await read(
        request,
        email_page,
        _email(request),
        house=house,
        now=now(request),
        effect_at=compared,
    )
    values = {
        "it": found,
        "problem": problem,
        "note": note,
        "stands": stands,
        "findings": findings,
    }
    return await page(request, "email.html", values, status=_status(problem))


async def _words(
    request: web.Request, at: str, typed: MultiMapping[str] | None = None, *, problem: str = ""
) -> web.Response:
    email_id, house = _email(request), request.config_dict[SITE].house
    found = await read(request, email_page, email_id, house=house, now=now(request))
    which = next((each for each in found.ahead if each.local_time == at), None)
    if which is None:
        raise occurrences.NotOneOfItsDates(occurrences.NotOneOfItsDates.__doc__)
    leads = {"leads_to": str(found.email.action_id or "")}
    typed = MultiDict({**typed_words(which.texts), **leads}) if typed is None else typed
    values = {
        "it": found,
        "which": which,
        "typed": typed,
        "problem": problem,
        **await beside(request, found.email, typed),
    }
    return await writing_page(request, "email_words.html", values, status=_status(problem))


def _status(problem: str) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK


def _email(request: web.Request) -> int:
    return int(request.match_info["email_id"])


async def _which(request: web.Request) -> tuple[int, str]:
    """The email, and the date that the form names."""
    form = await request.post()
    return _email(request), str(form.get("at", ""))


def _back(email_id: int) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/console/emails/{email_id}")
