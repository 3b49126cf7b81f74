"""What callers heard at an office waits here for an organizer, who makes a stance or an aide of it.

Nothing a caller types reaches another caller by itself: names could be wrong, or an insult.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from actions.custom_targets import today_of
from actions.models import Response
from actions.office_models import Kind, OfficeReport, Source, Stance, Verdict
from actions.staffers import EMAIL_LENGTH, LENGTH, Aide, save_staffer
from actions.stances import note_stance
from database.upserts import insert_or

SAYABLE = (Stance.WILL_LOOK, Stance.CONSIDERING, Stance.COMMITTED, Stance.DECLINED)
WORDLESS: dict[str, Any] = {"name": "", "role": "", "phone": "", "email": ""}


class AlreadySettled(Exception):
    """Somebody has dealt with this report already; nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a caller heard: what the office says, and whom they spoke with."""

    stance: Stance | None = None
    aide: Aide | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """A caller's report that waits. Whose it is stays with their response."""

    id: int
    target: str
    kind: Kind
    stance: Stance
    aide: Aide
    note: str  # what else they wrote
    at: datetime


def heard(stance: str, *, name: str, role: str, phone: str, email: str) -> Heard:
    """What a caller's form says; what is not offered there is passed over."""
    said = Stance(stance) if stance in SAYABLE else None
    name = name[:LENGTH]
    aide = Aide(name=name, role=role[:LENGTH], phone=phone[:40], email=email[:EMAIL_LENGTH])
    return Heard(stance=said, aide=aide if name else None)


def suggest(conn: Connection, response_id: int, told: Heard, *, now: datetime) -> None:
    """Keep what a caller heard for an organizer; a second word of theirs corrects the first."""
    if told.stance is not None:
        _suggest(conn, response_id, Kind.STANCE, {"stance": told.stance, **WORDLESS}, now)
    if told.aide is not None:
        _suggest(conn, response_id, Kind.AIDE, {"stance": "", **vars(told.aide)}, now)


def _suggest(
    conn: Connection, response_id: int, kind: Kind, said: dict[str, Any], now: datetime
) -> None:
    row = {**said, "at": now, "verdict": Verdict.OPEN, "settled_by": "", "settled_at": None}
    kept = insert_or(conn, OfficeReport).values(response_id=response_id, kind=kind, **row)
    conn.execute(kept.on_conflict_do_update(index_elements=["response_id", "kind"], set_=row))


def open_reports(conn: Connection, action_id: int, *, limit: int = 50) -> list[Report]:
    """What waits for an organizer, the oldest first."""
    waiting = _reports().where(Response.action_id == action_id)
    waiting = waiting.where(OfficeReport.verdict == Verdict.OPEN).order_by(OfficeReport.id)
    return [_report(row) for row in conn.execute(waiting.limit(limit))]


def confirm(
    conn: Connection,
    report_id: int,
    *,
    aide: Aide | None = None,
    project_id: int | None,
    actor: str,
    now: datetime,
) -> None:
    """Make a stance or an aide of a report; ``aide`` is the aide as an organizer corrected them.

    Raises AlreadySettled and BadStaffer.
    """
    row = _settle(conn, report_id, Verdict.CONFIRMED, actor, now)
    report = _report(row)
    if report.kind is Kind.STANCE:
        note_stance(
            conn, row.action_id, report.target, report.stance, source=Source.CALLER, actor=actor, now=now
        )  # fmt: skip
    else:
        save_staffer(
            conn,
            report.target,
            aide or report.aide,
            project_id=project_id,
            source=Source.CALLER,
            learned_on=today_of(report.at),
            actor=actor,
            now=now,
        )


def dismiss(conn: Connection, report_id: int, *, actor: str, now: datetime) -> None:
    """Let a report be. Raises AlreadySettled."""
    _settle(conn, report_id, Verdict.DISMISSED, actor, now)


def _settle(
    conn: Connection, report_id: int, verdict: Verdict, actor: str, now: datetime
) -> Row[Any]:
    """Take a report from what waits, its words with it; return it as it was."""
    row = conn.execute(_reports().where(OfficeReport.id == report_id)).one_or_none()
    settled = (
        update(OfficeReport)
        .where(OfficeReport.id == report_id, OfficeReport.verdict == Verdict.OPEN)
        .values(verdict=verdict, settled_by=actor, settled_at=now, **WORDLESS)
    )
    if row is None or not conn.execute(settled).rowcount:
        raise AlreadySettled(AlreadySettled.__doc__)
    return row


def _reports() -> Select[*tuple[Any, ...]]:
    of_response = (Response.action_id, Response.target, Response.note)
    return select(OfficeReport, *of_response).join(
        Response, Response.id == OfficeReport.response_id
    )


def _report(row: Row[Any]) -> Report:
    return Report(
        id=row.id,
        target=row.target,
        kind=Kind(row.kind),
        stance=Stance(row.stance or Stance.UNKNOWN),
        aide=Aide(name=row.name, role=row.role, phone=row.phone, email=row.email),
        note=row.note,
        at=row.at,
    )
