"""One office of an alert: what it says, whom to ask for there, the script, and a call of one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy import Connection, select

from actions.addressing import official, official_short
from actions.asks import Ask, OneAsk, read_action
from actions.models import Outcome, Response, TargetRule
from actions.office_models import OfficeReport, Source, Stance
from actions.reports import Report, confirm, dismiss, open_reports
from actions.responses import record
from actions.scripts import Addressee, Caller, Spoken, spoken
from actions.staffers import Aide, BadStaffer, save_staffer, withdraw
from actions.stances import Standing, history, note_stance
from actions.targets import CUSTOM, Role, Target
from alerts.coverage import Line, office_line
from alerts.models import Alert
from alerts.preflight import find_alert
from alerts.titles import titles_of
from messages.models import Message
from organizers.access import names
from web.console.lives import known_as
from web.console.viewing import VIEWER, now, number, page, read, write
from web.pages import language_of

NO_OUTCOME = "Say what came of the call: choose one of the answers."
NO_STANCE = "Say what the office says: choose one of the answers."
NOTHING: Mapping[str, object] = {}
SAID_BY = (Source.ORGANIZER, Source.PUBLISHED)
OFFICE = re.compile(r"[A-Za-z0-9:_-]{1,80}")
OF_CONGRESS = (Role.REPRESENTATIVE, Role.DELEGATE, Role.SENATOR)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything the page of an office shows."""

    titles: Mapping[str, str]  # of the alert, by language
    line: Line
    name: str
    history: Sequence[Standing]
    reports: Sequence[Report]
    names: Mapping[str, str]  # of organizers
    script: Spoken | None
    script_language: str


async def show(request: web.Request) -> web.Response:
    """What is known of an office, and the forms to say more."""
    return await _show(request)


async def note(request: web.Request) -> web.Response:
    """Write down what an office says."""
    form, alert_id, office = await _of(request)
    stance, source = str(form.get("stance", "")), str(form.get("source", ""))
    if stance not in set(Stance) or source not in SAID_BY:
        return await _show(request, form, problem=NO_STANCE)
    await write(
        request,
        _note,
        alert_id,
        office,
        Standing(
            stance=Stance(stance),
            source=Source(source),
            verified=bool(form.get("verified")),
            note=str(form.get("note", "")),
            actor=request[VIEWER].actor,
            at=now(request),
        ),
    )
    raise _back(request, "saved")


async def log(request: web.Request) -> web.Response:
    """Write down a call of the organizer's own; the next word on it corrects it."""
    form, alert_id, office = await _of(request)
    outcome = str(form.get("outcome", ""))
    if outcome not in set(Outcome):
        return await _show(request, form, problem=NO_OUTCOME)
    await write(
        request,
        _log,
        alert_id,
        office,
        Outcome(outcome),
        note=str(form.get("note", "")),
        by=request[VIEWER].actor,
        now=now(request),
    )
    raise _back(request, "saved")


async def add_aide(request: web.Request) -> web.Response:
    """Keep an aide whom callers should ask for."""
    form, alert_id, office = await _of(request)
    try:
        await write(
            request,
            _add_aide,
            alert_id,
            office,
            aide_of(form),
            by=request[VIEWER].actor,
            now=now(request),
        )
    except BadStaffer as error:
        return await _show(request, form, problem=str(error))
    raise _back(request, "saved")


async def withdraw_aide(request: web.Request) -> NoReturn:
    """Let callers ask for an aide no longer."""
    staffer_id, by = int(request.match_info["staffer_id"]), request[VIEWER].actor
    await write(request, withdraw, staffer_id, actor=by, now=now(request))
    raise web.HTTPSeeOther(await _from(request))


async def confirm_report(request: web.Request) -> web.Response:
    """Make a stance or an aide of what a caller heard; the office's page has what was typed, where it cannot be."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    report_id = int(request.match_info["report_id"])
    aide = aide_of(form) if "name" in form else None
    try:
        await write(request, _confirm, report_id, aide, by=request[VIEWER].actor, now=now(request))
    except BadStaffer as error:
        at = await read(request, place_of_report, report_id)
        return await _show(request, form, at=at, report_id=report_id, problem=str(error))
    raise web.HTTPSeeOther(await _from(request))


async def dismiss_report(request: web.Request) -> NoReturn:
    """Let what a caller heard be."""
    report_id, by = int(request.match_info["report_id"]), request[VIEWER].actor
    await write(request, dismiss, report_id, actor=by, now=now(request))
    raise web.HTTPSeeOther(await _from(request))


def aide_of(form: Mapping[str, object]) -> Aide:
    """An aide as a form says."""
    return Aide(**{each: str(form.get(each, "")) for each in ("name", "role", "phone", "email")})


def project_of(conn: Connection, alert_id: int) -> tuple[int, int | None]:
    """An alert's action, and whose alert it is."""
    alert = find_alert(conn, alert_id)
    owner = select(Message.project_id).where(Message.id == alert.message_id)
    return alert.action_id, conn.scalar(owner)


def owner_of_report(conn: Connection, report_id: int) -> int | None:
    """The project whose alert a caller's report is about; None for the network's."""
    owner = select(Message.project_id).join(Alert, Alert.message_id == Message.id)
    owner = owner.join(Response, Response.action_id == Alert.action_id)
    owner = owner.join(OfficeReport, OfficeReport.response_id == Response.id)
    return conn.scalar(owner.where(OfficeReport.id == report_id))


def place_of_report(conn: Connection, report_id: int) -> tuple[int, str]:
    """The alert and the office that a caller's report is about."""
    rows = select(Alert.id, Response.target)
    rows = rows.join(Response, Response.action_id == Alert.action_id)
    rows = rows.join(OfficeReport, OfficeReport.response_id == Response.id)
    alert_id, office = conn.execute(rows.where(OfficeReport.id == report_id)).one()
    return alert_id, office


def _note(conn: Connection, alert_id: int, office: str, said: Standing) -> int:
    office_line(conn, alert_id, office, now=said.at)
    action_id, _project = project_of(conn, alert_id)
    return note_stance(
        conn,
        action_id,
        office,
        said.stance,
        source=said.source,
        verified=said.verified,
        note=said.note,
        actor=said.actor,
        now=said.at,
    )


def _log(
    conn: Connection,
    alert_id: int,
    office: str,
    outcome: Outcome,
    *,
    note: str,
    by: str,
    now: datetime,
) -> int:
    office_line(conn, alert_id, office, now=now)
    action_id, _project = project_of(conn, alert_id)
    return record(
        conn,
        action_id,
        visitor=by,
        target=office,
        outcome=outcome,
        channel="by_hand",
        note=" ".join(note.split()),
        now=now,
    )


def _add_aide(
    conn: Connection, alert_id: int, office: str, aide: Aide, *, by: str, now: datetime
) -> int:
    office_line(conn, alert_id, office, now=now)
    _action, project_id = project_of(conn, alert_id)
    return save_staffer(
        conn, office, aide, project_id=project_id, source=Source.ORGANIZER, actor=by, now=now
    )


def _confirm(
    conn: Connection, report_id: int, aide: Aide | None, *, by: str, now: datetime
) -> None:
    confirm(
        conn, report_id, aide=aide, project_id=owner_of_report(conn, report_id), actor=by, now=now
    )


async def _of(request: web.Request) -> tuple[MultiMapping[str], int, str]:
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    return form, int(request.match_info["alert_id"]), request.match_info["office"]


def _back(request: web.Request, notice: str) -> web.HTTPSeeOther:
    alert_id, office = request.match_info["alert_id"], request.match_info["office"]
    return web.HTTPSeeOther(f"/console/alerts/{alert_id}/offices/{office}?notice={notice}")


async def _from(request: web.Request) -> str:
    """The page of an alert's coverage, or of the office, that a form stands on."""
    form = await request.post()
    alert_id, office = number(form, "alert"), str(form.get("office", ""))
    home = f"/console/alerts/{alert_id}" if alert_id else "/console/alerts"
    if alert_id and OFFICE.fullmatch(office):
        return f"{home}/offices/{office}?notice=saved"
    return f"{home}/coverage?notice=saved" if alert_id else home


async def _show(
    request: web.Request,
    typed: Mapping[str, object] = NOTHING,
    *,
    at: tuple[int, str] | None = None,
    report_id: int = 0,
    problem: str = "",
) -> web.Response:
    """The page of an office: ``at``, or the address's; ``typed`` into the form of a report, or into one of its own."""
    named = request.match_info
    alert_id, office = at or (int(named["alert_id"]), named["office"])
    seen = await read(request, _seen, alert_id, office, language_of(request), now(request))
    values = {"seen": seen, "alert_id": alert_id, "office": office, "problem": problem}
    values |= {"stances": list(Stance), "outcomes": list(Outcome)}
    values |= {"typed": typed, "report_id": report_id}
    code = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "office.html", values, status=code)


def _seen(conn: Connection, alert_id: int, office: str, language: str, now: datetime) -> Seen:
    line = office_line(conn, alert_id, office, now=now)
    ask = read_action(conn, find_alert(conn, alert_id).action_id)
    script, spoken_in = _script(ask, line, language)
    reports = [each for each in open_reports(conn, ask.action_id) if each.target == office]
    return Seen(
        titles=titles_of(conn, alert_id),
        line=line,
        name=known_as(line.target, language),
        history=history(conn, ask.action_id, office),
        reports=reports,
        names=names(conn),
        script=script,
        script_language=spoken_in,
    )


def _script(ask: Ask, line: Line, language: str) -> tuple[Spoken | None, str]:
    """What an organizer says there: the words of the ask that names the office, else the action's."""
    target = line.target
    own = next((each.scripts for each in ask.asks if each.scripts and _names(each, target)), {})
    scripts = own or ask.scripts
    if not scripts:
        return None, language
    chosen = language if language in scripts else min(scripts)
    said = spoken(
        scripts[chosen],
        Caller(),
        Addressee(
            official=official(target, chosen),
            official_short=official_short(target, chosen),
            staffer=line.aide.name if line.aide else "",
        ),
        chosen,
    )
    return said, chosen


def _names(ask: OneAsk, target: Target) -> bool:
    """Whether an ask is about an office."""
    if ask.rule is TargetRule.CUSTOM:
        return target.key == f"{CUSTOM}{ask.office}"
    if ask.rule is TargetRule.COMMITTEE:
        return bool(set(ask.committees) & set(target.committees))
    if target.role not in OF_CONGRESS or ask.rule is TargetRule.CONGRESS:
        return target.role in OF_CONGRESS
    return (ask.rule is TargetRule.SENATORS) == (target.role is Role.SENATOR)
