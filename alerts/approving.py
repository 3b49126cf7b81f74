"""Two people before anything leaves: one writes an alert, another reads exactly that and approves it.

An approval is of an alert as it stands (``fingerprint.digest``), in one language, by somebody who reads
that language, may send for the project and wrote none of it. Whatever changes the alert voids it. Launch
asks here, in its own transaction and under the lock that every change of a draft takes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from alerts.approval_models import Approval, ApprovalAsk, SentBack
from alerts.approvers import approvers, awaited, writers_of
from alerts.fingerprint import digest
from alerts.preflight import find_alert
from database.upserts import insert_or
from messages import control
from messages.control import NotNow
from messages.house import HouseRules
from messages.models import MessageStatus
from organizers.approvers import (
    Ballot,
    How,
    Returned,
    Vote,
    note_of,
    still_given,
    those_asked,
)
from organizers.models import Organizer

_APPROVALS = select(Approval).where(Approval.alert_id == bindparam("alert")).order_by(Approval.id)
_ASKS = (
    select(ApprovalAsk).where(ApprovalAsk.alert_id == bindparam("alert")).order_by(ApprovalAsk.id)
)
_RETURNED = (
    select(SentBack, Organizer.name)
    .join(Organizer, Organizer.id == SentBack.organizer_id)
    .where(SentBack.alert_id == bindparam("alert"))
    .order_by(SentBack.id.desc())
    .limit(5)
)


class NotApproved(Exception):
    """This alert waits for somebody else's approval, as it stands now and in every language. Ask for it."""


def is_on(house: HouseRules) -> bool:
    """Whether one person is not enough."""
    return house.approvals > 1


def standing(conn: Connection, alert_id: int, *, house: HouseRules, now: datetime) -> Ballot:
    """How far a draft is from being approved. Raises NoSuchAlert."""
    as_it_is = digest(conn, alert_id)
    possible = approvers(conn, alert_id)
    rows = conn.execute(_APPROVALS, {"alert": alert_id}).all()
    votes = (Vote(row.digest, row.organizer_id, row.language, How(row.how), row.at) for row in rows)
    given = still_given(votes, as_it_is, possible)
    return Ballot(
        digest=as_it_is,
        needed=max(house.approvals - 1, 0),
        languages=house.languages,
        given=given,
        voided=not given and any(row.digest != as_it_is for row in rows),
        asked=those_asked(_asks(conn, alert_id), as_it_is, possible),
        returned=_returned(conn, alert_id, as_it_is),
        possible=possible,
        awaited=awaited(conn, alert_id, now),
    )


def require(conn: Connection, alert_id: int, *, house: HouseRules, by: str, now: datetime) -> None:
    """Let nobody launch what too few people stand behind. Raises NotApproved.

    Its writers, those who approved it and whoever launches it make as many people as the house asks for.
    """
    if not is_on(house):
        return
    found = standing(conn, alert_id, house=house, now=now)
    if not found.enough(writers_of(conn, alert_id) | {by}, people=house.approvals):
        raise NotApproved(NotApproved.__doc__)


def approve(
    conn: Connection,
    alert_id: int,
    organizer_id: int,
    *,
    seen: str,
    languages: Collection[str],
    how: How,
    house: HouseRules,
    now: datetime,
) -> list[str]:
    """Approve some languages of what somebody has seen; return those that are new.

    Twice is once. Raises Changed, MayNotApprove, NotRead, and NotNow for what is no draft any more.
    """
    found = _held(conn, alert_id, organizer_id, seen, house, now)
    fresh = found.fresh(organizer_id, languages)
    for language in fresh:
        row = {"alert_id": alert_id, "digest": seen, "organizer_id": organizer_id}
        said = insert_or(conn, Approval).values(**row, language=language, how=how, at=now)
        conn.execute(said.on_conflict_do_nothing())
    if {*found.open_to(organizer_id)} <= set(fresh):
        _spend(conn, alert_id, organizer_id, now)
    return fresh


def send_back(
    conn: Connection,
    alert_id: int,
    organizer_id: int,
    *,
    seen: str,
    note: str,
    house: HouseRules,
    now: datetime,
) -> None:
    """Say what should be different. What this person approved of it before counts no more.

    Raises NoNote, Changed, MayNotApprove and NotNow.
    """
    said = note_of(note)
    _held(conn, alert_id, organizer_id, seen, house, now)
    mine = (Approval.alert_id == alert_id, Approval.organizer_id == organizer_id)
    conn.execute(delete(Approval).where(*mine))
    row = {"alert_id": alert_id, "digest": seen, "organizer_id": organizer_id}
    conn.execute(insert(SentBack).values(**row, note=said, at=now))
    _spend(conn, alert_id, organizer_id, now)


def locked_draft(conn: Connection, alert_id: int) -> None:
    """Keep a draft from whoever would change, approve or launch it. Raises NoSuchAlert and NotNow."""
    alert = find_alert(conn, alert_id)
    if control.locked(conn, alert.message_id).status != MessageStatus.DRAFT:
        raise NotNow("this alert has already been launched")


def _held(
    conn: Connection, alert_id: int, organizer_id: int, seen: str, house: HouseRules, now: datetime
) -> Ballot:
    """A draft that is as this person has seen it, and theirs to judge."""
    locked_draft(conn, alert_id)
    found = standing(conn, alert_id, house=house, now=now)
    found.require_seen(organizer_id, seen)
    return found


def _spend(conn: Connection, alert_id: int, organizer_id: int, now: datetime) -> None:
    """Link and code of whoever has answered are good for nothing any more."""
    mine = (ApprovalAsk.alert_id == alert_id, ApprovalAsk.organizer_id == organizer_id)
    answered = update(ApprovalAsk).where(*mine, ApprovalAsk.answered_at.is_(None))
    conn.execute(answered.values(answered_at=now, letter_due=False))


def _asks(conn: Connection, alert_id: int) -> Sequence[Row[Any]]:
    return conn.execute(_ASKS, {"alert": alert_id}).all()


def _returned(conn: Connection, alert_id: int, as_it_is: str) -> list[Returned]:
    rows = conn.execute(_RETURNED, {"alert": alert_id})
    return [Returned(row.name, row.note, row.at, row.digest == as_it_is) for row in rows]
