"""Close a case: what that would do, how it ended in every language, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection, select

from actions.custom_targets import today_of
from alerts.closing import (
    REOPENED_WITHIN,
    BadClosing,
    CaseOutcome,
    Closing,
    Effects,
    close,
    closing_of,
    effects,
    reopen,
    titles_of,
)
from alerts.follow_ups import stands_alone
from alerts.models import Alert, Case
from messages.models import Message
from organizers.roles import May, owned
from organizers.sessions import Viewer
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import JOBS, SITE

NO_OUTCOME = "Choose how it ended."
NO_DAY = "Choose the day on which it ended."


@dataclass(frozen=True)
class Stand:
    """The case of an alert, for a page of the alert."""

    case_id: int
    closed: bool
    closing: Closing | None
    theirs: bool  # whoever looks may close it, or open it again
    may_reopen: bool


@dataclass(frozen=True)
class Seen:
    """A case that is to be closed."""

    titles: Mapping[str, str]
    effects: Effects
    closing: Closing | None  # how it ended, as far as it is closed
    alerts: list[int]  # that were launched and the viewer sees, the newest first


def stand(conn: Connection, alert_id: int, viewer: Viewer, now: datetime) -> Stand:
    """How the case of an alert stands; the caller knows that the alert exists."""
    columns = select(Case.id, Case.project_id, Case.closed_at).join(Alert, Alert.case_id == Case.id)
    case_id, project_id, closed_at = conn.execute(columns.where(Alert.id == alert_id)).one()
    return Stand(
        case_id=case_id,
        closed=closed_at is not None,
        closing=closing_of(conn, case_id),
        theirs=viewer.may(May.SEND, project_id),
        may_reopen=closed_at is not None and now < closed_at + REOPENED_WITHIN,
    )


async def show(request: web.Request) -> web.Response:
    """What closing would do, and the form for it."""
    return await _form(request, {})


async def end(request: web.Request) -> web.Response:
    """Close it."""
    case_id = int(request.match_info["case_id"])
    typed = {name: str(value) for name, value in (await request.post()).items()}
    site = request.config_dict[SITE]
    try:
        await write(
            request,
            close,
            request.config_dict[JOBS],
            case_id,
            _closing(typed, site.languages),
            languages=site.languages,
            by=request[VIEWER].actor,
            now=now(request),
            within=request[VIEWER].may_in(May.SEND),
        )
    except BadClosing as error:
        return await _form(request, typed, problem=str(error))
    raise web.HTTPSeeOther(f"/console/cases/{case_id}/close?notice=closed")


async def open_again(request: web.Request) -> NoReturn:
    """Take it back."""
    case_id = int(request.match_info["case_id"])
    viewer, jobs = request[VIEWER], request.config_dict[JOBS]
    theirs = viewer.may_in(May.SEND)
    at = now(request)
    await write(request, reopen, jobs, case_id, by=viewer.actor, now=at, within=theirs)
    raise web.HTTPSeeOther(f"/console/cases/{case_id}/close?notice=reopened")


def _closing(typed: Mapping[str, str], languages: tuple[str, ...]) -> Closing:
    if typed.get("outcome") not in set(CaseOutcome):
        raise BadClosing(NO_OUTCOME)
    try:
        day = date.fromisoformat(typed.get("ended_on", ""))
    except ValueError as error:
        raise BadClosing(NO_DAY) from error
    words = {each: typed.get(f"words_{each}", "").replace("\r\n", "\n") for each in languages}
    return Closing(outcome=CaseOutcome(typed["outcome"]), ended_on=day, words=words)


async def _form(
    request: web.Request, typed: Mapping[str, str], *, problem: str = ""
) -> web.Response:
    case_id = int(request.match_info["case_id"])
    seen = await read(request, _seen, case_id, request[VIEWER])
    known = {"ended_on": today_of(now(request)).isoformat()}
    if seen.closing is not None:
        known = {
            "outcome": seen.closing.outcome,
            "ended_on": seen.closing.ended_on.isoformat(),
            **{f"words_{each}": words for each, words in seen.closing.words.items()},
        }
    values = {
        "seen": seen,
        "case_id": case_id,
        "typed": {**known, **typed},
        "problem": problem,
        "may_reopen": _may_reopen(seen.closing, now(request)),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "case_close.html", values, status=status)


def _may_reopen(closing: Closing | None, now: datetime) -> bool:
    at = closing.closed_at if closing else None
    return at is not None and now < at + REOPENED_WITHIN


def _seen(conn: Connection, case_id: int, viewer: Viewer) -> Seen:
    theirs = owned(Message.project_id, viewer.within)
    launched = (Alert.case_id == case_id, stands_alone(), Message.launched_at.is_not(None))
    alerts = select(Alert.id).join(Message, Message.id == Alert.message_id).where(*launched, theirs)
    return Seen(
        titles=titles_of(conn, case_id),
        effects=effects(conn, case_id, viewer.may_in(May.SEND)),
        closing=closing_of(conn, case_id),
        alerts=list(conn.scalars(alerts.order_by(Alert.id.desc()))),
    )
