"""A person's calls for an alert, as an organizer writes them down or corrects them for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from aiohttp import web
from sqlalchemy import Connection, select

from actions.asks import read_action
from actions.models import Outcome
from actions.responses import record, told_so_far
from actions.targets import targets_by_key, targets_for
from actions.whereabouts import place_of_contact
from alerts.preflight import find_alert
from alerts.titles import titles_of
from contacts.models import Contact
from web.console.lives import known_as
from web.console.viewing import now, page, read, write
from web.pages import language_of

NOT_THEIRS = "That office is not one this person calls; choose one of those shown."


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Whom a person calls for an alert, and what they told."""

    name: str
    titles: Mapping[str, str]
    offices: Sequence[tuple[str, str]]  # key and name, in calling order
    told: Mapping[str, Outcome]


async def show(request: web.Request) -> web.Response:
    """Their offices, each with what came of the call."""
    return await _show(request)


async def log(request: web.Request) -> web.Response:
    """Write down what came of one of their calls; a second word corrects the first."""
    contact_id, alert_id = _ids(request)
    form = await request.post()
    office, outcome = str(form.get("office", "")), str(form.get("outcome", ""))
    seen = await read(request, _seen, contact_id, alert_id, language_of(request), now(request))
    if outcome not in set(Outcome) or office not in dict(seen.offices):
        return await _show(request, problem=NOT_THEIRS)
    note = " ".join(str(form.get("note", "")).split())
    await write(
        request, _log, contact_id, alert_id, office, Outcome(outcome), note=note, now=now(request)
    )
    raise web.HTTPSeeOther(f"{request.path}?notice=saved")


def _log(
    conn: Connection,
    contact_id: int,
    alert_id: int,
    office: str,
    outcome: Outcome,
    *,
    note: str,
    now: datetime,
) -> int:
    return record(
        conn,
        find_alert(conn, alert_id).action_id,
        contact_id=contact_id,
        target=office,
        outcome=outcome,
        channel="by_hand",
        note=note,
        now=now,
    )


def _ids(request: web.Request) -> tuple[int, int]:
    return int(request.match_info["contact_id"]), int(request.match_info["alert_id"])


async def _show(request: web.Request, *, problem: str = "") -> web.Response:
    contact_id, alert_id = _ids(request)
    seen = await read(request, _seen, contact_id, alert_id, language_of(request), now(request))
    values = {"seen": seen, "contact_id": contact_id, "alert_id": alert_id, "problem": problem}
    values["outcomes"] = list(Outcome)
    code = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "person_calls.html", values, status=code)


def _seen(conn: Connection, contact_id: int, alert_id: int, language: str, now: datetime) -> Seen:
    action_id = find_alert(conn, alert_id).action_id
    person = conn.execute(
        select(Contact.given_name, Contact.family_name).where(Contact.id == contact_id)
    ).one()
    told = told_so_far(conn, action_id, contact_id=contact_id)
    at = place_of_contact(conn, contact_id, now=now)
    theirs = targets_for(conn, read_action(conn, action_id), at, now=now).with_phone
    others = targets_by_key(conn, told.keys() - {each.key for each in theirs} - {""}, now=now)
    return Seen(
        name=f"{person.given_name} {person.family_name}".strip(),
        titles=titles_of(conn, alert_id),
        offices=[(each.key, known_as(each, language)) for each in (*theirs, *others)],
        told=told,
    )
