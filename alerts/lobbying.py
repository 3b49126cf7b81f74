"""Say what kind of work an alert is, and note the hours that it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, bindparam, insert, select, update
from sqlalchemy.orm import aliased

from actions.custom_targets import offices_of_action
from actions.models import TargetKind
from actions.office_hours import WASHINGTON
from alerts.drafts import AlertDraft
from alerts.follow_ups import followed_by
from alerts.guessing_work import Guess, guess
from alerts.models import Alert, Work
from alerts.preflight import find_alert
from alerts.stored import told_draft
from alerts.work_models import StaffHours
from alerts.writers import writing
from messages import control
from messages.control import NotNow

LONGEST_NAME = 80
MOST_MINUTES = 24 * 60


class BadHours(ValueError):
    """Hours that cannot be noted like that; the message says why and what to do."""


@dataclass(frozen=True)
class Worked:
    """Time that somebody spent on an alert on a day."""

    who: str
    worked_on: date
    minutes: int


@dataclass(frozen=True)
class HoursLine:
    """The same as it was noted."""

    id: int
    worked: Worked
    noted_by: str
    noted_at: datetime
    replaced: bool  # another line has taken its place


def say_work(conn: Connection, alert_id: int, work: Work, *, by: str) -> None:
    """Say what kind of work an alert is, also when it has been launched; the record keeps what was said before.

    Raises NoSuchAlert, and NotNow for what follows another alert.
    """
    alert = find_alert(conn, alert_id)
    if followed_by(conn, alert_id) is not None:
        raise NotNow("this follows another alert and counts as that one; say it there")
    control.locked(conn, alert.message_id)
    with writing(conn, [alert_id], by=by):
        conn.execute(update(Alert).where(Alert.id == alert_id).values(work=work))


def guess_stored(conn: Connection, alert_id: int) -> Guess | None:
    """What kind of work a stored alert looks like. Raises NoSuchAlert."""
    alert = find_alert(conn, alert_id)
    offices = offices_of_action(conn, alert.own_action_id)
    draft = told_draft(conn, alert_id)
    rules = [each.rule for each in draft.call.asks] if _asks(draft) else []
    return guess(rules, [TargetKind(each.office.kind) for each in offices], _words(draft))


def note_hours(
    conn: Connection,
    alert_id: int,
    worked: Worked,
    *,
    replaces: int | None = None,
    by: str,
    now: datetime,
) -> int:
    """Note hours of work on an alert, or a line that takes the place of an earlier one; return its id.

    Raises BadHours.
    """
    today = now.astimezone(ZoneInfo(WASHINGTON)).date()
    if not worked.who.strip() or len(worked.who.strip()) > LONGEST_NAME:
        raise BadHours(f"say who worked, in at most {LONGEST_NAME} characters")
    least = 1 if replaces is None else 0
    if not least <= worked.minutes <= MOST_MINUTES:
        raise BadHours("hours are a number up to 24, such as 1.5; 0 only takes back what was noted")
    if worked.worked_on > today:
        raise BadHours("that day is still ahead; note hours once they are worked")
    control.locked(conn, find_alert(conn, alert_id).message_id)  # two replace one line at once
    if replaces is not None and replaces not in _open_lines(conn, alert_id):
        raise BadHours("that line has been replaced already; look at the page again")
    row = insert(StaffHours).values(
        alert_id=alert_id,
        worked_on=worked.worked_on,
        who=worked.who.strip(),
        minutes=worked.minutes,
        replaces_id=replaces,
        noted_by=by,
        noted_at=now,
    )
    return int(conn.execute(row.returning(StaffHours.id)).scalar_one())


def hours_of(conn: Connection, alert_id: int) -> Sequence[HoursLine]:
    """Every line that was noted of an alert, the latest day first."""
    return [
        HoursLine(
            row.id,
            Worked(row.who, row.worked_on, row.minutes),
            row.noted_by,
            row.noted_at,
            row.later is not None,
        )
        for row in conn.execute(_lines(), {"alert": alert_id})
    ]


@cache
def _lines() -> Select[*tuple[Any, ...]]:
    later = aliased(StaffHours)
    return (
        select(*StaffHours.__table__.columns, later.id.label("later"))
        .outerjoin(later, later.replaces_id == StaffHours.id)
        .where(StaffHours.alert_id == bindparam("alert"))
        .order_by(StaffHours.worked_on.desc(), StaffHours.id.desc())
    )


def _open_lines(conn: Connection, alert_id: int) -> set[int]:
    return {each.id for each in hours_of(conn, alert_id) if not each.replaced}


def _asks(draft: AlertDraft) -> bool:
    """Whether there is anything for people to say or write."""
    return any(each.calls or each.writes for each in draft.call.scripts.values())


def _words(draft: AlertDraft) -> list[str]:
    """What people read, say and write; not what is known of the case, where laws may have a part."""
    scripts = [*draft.call.scripts.values()]
    scripts += [script for ask in draft.call.asks for script in ask.scripts.values()]
    said = [asdict(each) for each in draft.texts.values()] + [asdict(each) for each in scripts]
    return [text for each in said for text in each.values()]
