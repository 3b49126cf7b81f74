"""People at risk of a case: putting somebody on the list, saying what may be said of them, taking them off.

And, on the page of a draft, why it may name somebody all the same.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection, select

from alerts.at_risk import (
    AtRisk,
    BadRisk,
    NoSuchPerson,
    NoWhy,
    RiskDraft,
    find_person,
    outvotes,
    says_more,
)
from alerts.halting import add_person, change_person, remove_person
from alerts.models import Case
from alerts.risk_models import Cleared, MaySay
from alerts.weighing import let_stand
from organizers.roles import May
from organizers.sessions import Viewer
from web.console.alert_forms import choice_of, text_of
from web.console.alerts import alert_page
from web.console.cases import seen
from web.console.guard import NotAllowed
from web.console.viewing import VIEWER, now, number, page, read, write
from web.pages import language_of

SENDERS_CLEAR = "Who may send for this case says that more of a name may be said; ask one of them."


async def new(request: web.Request) -> web.Response:
    """An empty form."""
    return await _form(request, MultiDict(), int(request.match_info["case_id"]))


async def add(request: web.Request) -> web.Response:
    """Put somebody on the list."""
    case_id = int(request.match_info["case_id"])
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    viewer, at = request[VIEWER], now(request)
    try:
        await write(request, _add, case_id, read_person(form), viewer=viewer, now=at)
    except (BadRisk, NotAllowed) as error:
        return await _form(request, form, case_id, problems=[str(error)])
    raise web.HTTPSeeOther(f"/console/cases/{case_id}?notice=listed#h-risk")


async def edit(request: web.Request) -> web.Response:
    """The form of somebody on the list."""
    person = await read(request, find_person, int(request.match_info["risk_id"]))
    return await _form(request, write_person(person), person.case_id, person=person)


async def change(request: web.Request) -> web.Response:
    """Note what may be said of somebody now."""
    person = await read(request, find_person, int(request.match_info["risk_id"]))
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    viewer, at = request[VIEWER], now(request)
    try:
        await write(request, _change, person.id, read_person(form), viewer=viewer, now=at)
    except (BadRisk, NotAllowed) as error:
        problems = [str(error)]
        return await _form(request, form, person.case_id, person=person, problems=problems)
    raise web.HTTPSeeOther(f"/console/cases/{person.case_id}?notice=listed#h-risk")


async def remove(request: web.Request) -> NoReturn:
    """Take somebody off the list."""
    person = await read(request, find_person, int(request.match_info["risk_id"]))
    await write(request, remove_person, person.id, now=now(request))
    raise web.HTTPSeeOther(f"/console/cases/{person.case_id}?notice=unlisted#h-risk")


async def may_stand(request: web.Request) -> web.Response:
    """Keep why an alert may name somebody all the same: a draft, or what waits of one."""
    alert_id = int(request.match_info["alert_id"])
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    why, by, at = text_of(form, "stands"), request[VIEWER].actor, now(request)
    person_id = number(form, "person") or 0
    try:
        await write(request, let_stand, alert_id, person_id, why=why, by=by, now=at)
    except (NoWhy, NoSuchPerson) as error:
        return await alert_page(request, alert_id, problem=str(error), stands=why)
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}#h-launch")


def read_person(form: MultiMapping[str]) -> RiskDraft:
    """What was typed of somebody."""
    cleared = text_of(form, "cleared_by")
    names = {
        part: " ".join(text_of(form, part).split())
        for part in ("given_names", "family_names", "also_called")
    }
    return RiskDraft(
        **names,
        may_say=choice_of(form, "may_say", MaySay, MaySay.NOTHING),
        cleared_by=Cleared(cleared) if cleared in list(Cleared) else None,
        note=text_of(form, "note"),
    )


def write_person(person: AtRisk) -> MultiDict[str]:
    """What stands in the form of somebody on the list."""
    return MultiDict(
        given_names=person.given_names,
        family_names=person.family_names,
        also_called=person.also_called,
        may_say=person.may_say,
        cleared_by=person.cleared_by or "",
        note=person.note,
    )


def _add(
    conn: Connection, case_id: int, draft: RiskDraft, *, viewer: Viewer, now: datetime
) -> None:
    """Raises NotAllowed where a name that another list keeps would be said by one who may not send."""
    owner = conn.scalar(select(Case.project_id).where(Case.id == case_id))
    if outvotes(conn, case_id, draft) and not viewer.may(May.SEND, owner):
        raise NotAllowed(SENDERS_CLEAR)
    add_person(conn, case_id, draft, by=viewer.actor, now=now)


def _change(
    conn: Connection, person_id: int, draft: RiskDraft, *, viewer: Viewer, now: datetime
) -> None:
    """Raises NotAllowed where more of a name would be said by one who may not send."""
    person = find_person(conn, person_id)
    owner = conn.scalar(select(Case.project_id).where(Case.id == person.case_id))
    if says_more(draft, person) and not viewer.may(May.SEND, owner):
        raise NotAllowed(SENDERS_CLEAR)
    change_person(conn, person_id, draft, by=viewer.actor, now=now)


async def _form(
    request: web.Request,
    typed: MultiMapping[str],
    case_id: int,
    *,
    person: AtRisk | None = None,
    problems: object = (),
) -> web.Response:
    viewer, language = request[VIEWER], language_of(request)
    values = {
        "typed": typed,
        "person": person,
        "seen": await read(request, seen, case_id, viewer, language=language, counts=False),
        "problems": problems,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return await page(request, "risk_form.html", values, status=status)
