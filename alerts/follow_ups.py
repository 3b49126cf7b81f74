"""Which alert another one follows: a reminder of it, thanks for it, or a correction of what it told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, or_, select

from alerts.citation_models import FactCorrection
from alerts.models import Alert, FollowUp, FollowUpKind
from messages.models import Message, MessageStatus

# What asks nothing of people, and only tells them what came of another alert.
TELLING = (
    FollowUpKind.THANKS,
    FollowUpKind.REACHED,
    FollowUpKind.OUTCOME,
    FollowUpKind.NEWS,
    FollowUpKind.CORRECTION,
)


@dataclass(frozen=True)
class Followed:
    """The alert that another one follows. Both lead to its page, and count on its action."""

    alert_id: int
    action_id: int
    slug: str
    kind: FollowUpKind


@dataclass(frozen=True)
class Written:
    """A reminder or thank-you that was written."""

    alert_id: int
    is_draft: bool


def stands_alone() -> ColumnElement[bool]:
    """That an alert follows no other: only such a one has a page of its own."""
    return Alert.id.not_in(select(FollowUp.alert_id)) & Alert.id.not_in(
        select(FactCorrection.alert_id)
    )


def only_tells() -> ColumnElement[bool]:
    """That an alert asks nothing of people: it goes on when the calls are over."""
    telling = select(FollowUp.alert_id).where(FollowUp.kind.in_(TELLING))
    return or_(Alert.id.in_(telling), Alert.id.in_(select(FactCorrection.alert_id)))


def asks_for_calls(conn: Connection, alert_id: int) -> bool:
    """Whether an alert asks anything of people, and does not only tell them what came of another."""
    asking = select(Alert.id).where(Alert.id == alert_id, ~only_tells())
    return conn.scalar(asking) is not None


def sent_again(conn: Connection, alert_id: int) -> tuple[int, ...]:
    """The message of an alert, and those launched by which it went to whoever was left over."""
    sent = (
        select(Alert.message_id)
        .join(FollowUp, FollowUp.alert_id == Alert.id)
        .join(Message, Message.id == Alert.message_id)
        .where(FollowUp.of_id == alert_id, FollowUp.kind == FollowUpKind.REST)
        .where(Message.launched_at.is_not(None))
    )
    own = select(Alert.message_id).where(Alert.id == alert_id)
    return (*conn.scalars(own), *conn.scalars(sent))


def followed_by(conn: Connection, alert_id: int) -> Followed | None:
    """What an alert follows; None for one that stands by itself."""
    columns = (Alert.id, Alert.action_id, Alert.slug)
    found = select(*columns, FollowUp.kind).join(FollowUp, FollowUp.of_id == Alert.id)
    row = conn.execute(found.where(FollowUp.alert_id == alert_id)).one_or_none()
    if row is not None:
        return Followed(row.id, row.action_id, row.slug, FollowUpKind(row.kind))
    corrected = select(*columns).join(FactCorrection, FactCorrection.of_id == Alert.id)
    of = conn.execute(corrected.where(FactCorrection.alert_id == alert_id)).one_or_none()
    return of and Followed(of.id, of.action_id, of.slug, FollowUpKind.CORRECTION)


def follow_ups(conn: Connection, alert_id: int) -> Mapping[FollowUpKind, Written]:
    """What follows an alert so far."""
    rows = (
        select(FollowUp.kind, FollowUp.alert_id, Message.status)
        .join(Alert, Alert.id == FollowUp.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .where(FollowUp.of_id == alert_id)
    )
    return {
        FollowUpKind(kind): Written(each, status == MessageStatus.DRAFT)
        for kind, each, status in conn.execute(rows)
    }
