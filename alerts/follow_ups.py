"""Which alert another one follows: a reminder of it, or thanks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from alerts.models import Alert, FollowUp, FollowUpKind
from messages.models import Message, MessageStatus


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
    return Alert.id.not_in(select(FollowUp.alert_id))


def followed_by(conn: Connection, alert_id: int) -> Followed | None:
    """What an alert follows; None for one that stands by itself."""
    found = select(Alert.id, Alert.action_id, Alert.slug, FollowUp.kind)
    found = found.join(FollowUp, FollowUp.of_id == Alert.id).where(FollowUp.alert_id == alert_id)
    row = conn.execute(found).one_or_none()
    return row and Followed(row.id, row.action_id, row.slug, FollowUpKind(row.kind))


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
