"""Does an alert come too late? Its case is over, or open again; the page to which it leads asks for nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, or_, select

from alerts.follow_ups import Followed, asks_for_calls, followed_by, sent_again
from alerts.models import Alert, Case, FollowUpKind
from alerts.pages import page_of_action
from alerts.reached_words import STOPPED, says_some
from messages.audience import read
from messages.checking import texts_of
from messages.findings import Finding, finding
from messages.models import Message, MessageStatus

ASKING = (FollowUpKind.NUDGE, FollowUpKind.REST)  # what asks for the calls of another alert
ENDING = (FollowUpKind.OUTCOME, FollowUpKind.NEWS)  # what tells how a case ended


def late_findings(conn: Connection, alert_id: int, now: datetime) -> Iterator[Finding]:
    """What stands in the way of a launch because of what happened since it was drafted."""
    case = select(Case.closed_at).join(Alert, Alert.case_id == Case.id)
    closed = conn.scalar(case.where(Alert.id == alert_id)) is not None
    followed = followed_by(conn, alert_id)
    if closed and asks_for_calls(conn, alert_id):
        yield finding("case_closed")
    elif followed is not None and followed.kind in ASKING and _is_over(conn, followed, now):
        yield finding("page_over")
    elif not closed and followed is not None and followed.kind in ENDING:
        yield finding("case_open")
    if followed is not None:
        yield from _unsettled(conn, alert_id)
    if followed is not None and followed.kind is FollowUpKind.REACHED:
        yield from _told_to_wait(conn, alert_id, followed)


def _is_over(conn: Connection, followed: Followed, now: datetime) -> bool:
    """Whether the page to which a follow-up leads asks for no more calls."""
    return page_of_action(conn, followed.action_id, now=now).ended_at(now) is not None


def _told_to_wait(conn: Connection, alert_id: int, followed: Followed) -> Iterator[Finding]:
    """That an alert was stopped is not told any more once it has gone out again."""
    last = sent_again(conn, followed.alert_id)[-1]
    stopped = conn.scalar(select(Message.status).where(Message.id == last)) == MessageStatus.STOPPED
    message = select(Alert.message_id).where(Alert.id == alert_id)
    if not stopped and says_some(texts_of(conn, conn.scalars(message).one()), STOPPED):
        yield finding("told_to_wait")


def _unsettled(conn: Connection, alert_id: int) -> Iterator[Finding]:
    """Of a message whose copies are not all written, those whom it leaves over are not all known."""
    audience = select(Message.audience).join(Alert, Alert.message_id == Message.id)
    asked = read(conn.execute(audience.where(Alert.id == alert_id)).scalar_one()).include
    roots = (*asked.stopped, *asked.not_got_any)
    unwritten = select(Message.id).where(
        or_(Message.id.in_(roots), Message.part_of.in_(roots)),
        Message.launched_at.is_not(None),
        Message.expanded_at.is_(None),
    )
    if conn.scalar(unwritten.limit(1)) is not None:
        yield finding("rest_unknown")
