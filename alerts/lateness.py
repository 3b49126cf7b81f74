"""Does an alert come too late? Its case is over, or open again; the page to which it leads asks for nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select

from alerts.follow_ups import Followed, sent_again
from alerts.models import Case, FollowUpKind
from alerts.pages import page_of_action
from alerts.reached_words import STOPPED, says_some
from alerts.stored import StoredAlert
from messages.findings import Finding, finding
from messages.models import Message, MessageStatus

ASKING = (FollowUpKind.NUDGE, FollowUpKind.REST)  # what asks for the calls of another alert
ENDING = (FollowUpKind.OUTCOME, FollowUpKind.NEWS)  # what tells how a case ended

_CLOSED = select(Case.closed_at).where(Case.id == bindparam("case"))
_STATUS = select(Message.status).where(Message.id == bindparam("message"))
_UNWRITTEN = (
    select(Message.id)
    .where(
        or_(
            Message.id.in_(bindparam("roots", expanding=True)),
            Message.part_of.in_(bindparam("roots", expanding=True)),
        ),
        Message.launched_at.is_not(None),
        Message.expanded_at.is_(None),
    )
    .limit(1)
)


def late_findings(conn: Connection, alert: StoredAlert, now: datetime) -> Iterator[Finding]:
    """What stands in the way of a launch because of what happened since it was drafted."""
    closed, followed = conn.scalar(_CLOSED, {"case": alert.case_id}) is not None, alert.followed
    if closed and alert.asks_for_calls:
        yield finding("case_closed")
    elif followed is not None and followed.kind in ASKING and _is_over(conn, followed, now):
        yield finding("page_over")
    elif not closed and followed is not None and followed.kind in ENDING:
        yield finding("case_open")
    if followed is not None:
        yield from _unsettled(conn, alert)
    if followed is not None and followed.kind is FollowUpKind.REACHED:
        yield from _told_to_wait(conn, alert, followed)


def _is_over(conn: Connection, followed: Followed, now: datetime) -> bool:
    """Whether the page to which a follow-up leads asks for no more calls."""
    return page_of_action(conn, followed.action_id, now=now).ended_at(now) is not None


def _told_to_wait(conn: Connection, alert: StoredAlert, followed: Followed) -> Iterator[Finding]:
    """That an alert was stopped is not told any more once it has gone out again."""
    last = sent_again(conn, followed.alert_id)[-1]
    stopped = conn.scalar(_STATUS, {"message": last}) == MessageStatus.STOPPED
    if not stopped and says_some(alert.draft.texts, STOPPED):
        yield finding("told_to_wait")


def _unsettled(conn: Connection, alert: StoredAlert) -> Iterator[Finding]:
    """Of a message whose copies are not all written, those whom it leaves over are not all known."""
    asked = alert.draft.audience.include
    roots = [*asked.stopped, *asked.not_got_any]
    if conn.scalar(_UNWRITTEN, {"roots": roots}) is not None:
        yield finding("rest_unknown")
