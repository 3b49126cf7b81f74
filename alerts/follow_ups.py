"""Which alert another one follows: a reminder of it, thanks for it, or a correction of what it told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, bindparam, or_, select

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

FOLLOWS = select(FollowUp.of_id, FollowUp.kind).where(FollowUp.alert_id == bindparam("alert"))
_ALERT = select(Alert.id, Alert.action_id, Alert.slug).where(Alert.id == bindparam("alert"))
_CORRECTED = (
    select(Alert.id, Alert.action_id, Alert.slug)
    .join(FactCorrection, FactCorrection.of_id == Alert.id)
    .where(FactCorrection.alert_id == bindparam("alert"))
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
    return conn.scalar(_asking(), {"alert": alert_id}) is not None


@cache
def _asking() -> Select[int]:
    return select(Alert.id).where(Alert.id == bindparam("alert"), ~only_tells())


def anew() -> CTE:
    """Each alert that goes to whoever an alert left over (``alert_id``), with each that it thus sends again
    (``of_id``): also the first one, if it was stopped a second time.
    """
    once = select(FollowUp.of_id, FollowUp.alert_id).where(FollowUp.kind == FollowUpKind.REST)
    found = once.cte("anew", recursive=True)
    more = select(found.c.of_id, FollowUp.alert_id).join(
        FollowUp, FollowUp.of_id == found.c.alert_id
    )
    return found.union_all(more.where(FollowUp.kind == FollowUpKind.REST))


def first_of(conn: Connection, alert_id: int) -> int:
    """The alert that this one sends again to whoever was left over; itself if it does not."""
    return conn.scalar(_first(), {"alert": alert_id}) or alert_id


@cache
def _first() -> Select[*tuple[Any, ...]]:
    sent = anew()
    before = select(sent.c.of_id).where(sent.c.alert_id == bindparam("alert"))
    return before.where(sent.c.of_id.not_in(select(sent.c.alert_id)))


def sendings(conn: Connection, alert_id: int) -> list[int]:
    """An alert, and those launched that went to whoever was left over, in their order."""
    sent = anew()
    again = select(sent.c.alert_id).where(sent.c.of_id == alert_id)
    mine = or_(Alert.id == alert_id, Alert.id.in_(again) & Message.launched_at.is_not(None))
    found = select(Alert.id).join(Message, Message.id == Alert.message_id).where(mine)
    return list(conn.scalars(found.order_by(Alert.id)))


def sent_again(conn: Connection, alert_id: int) -> tuple[int, ...]:
    """The message of an alert, and those launched by which it went to whoever was left over."""
    own = select(Alert.message_id).where(Alert.id.in_(sendings(conn, alert_id)))
    return tuple(conn.scalars(own.order_by(Alert.id)))


def followed_by(conn: Connection, alert_id: int) -> Followed | None:
    """What an alert follows: the first of those that were sent again; None for one that stands by itself."""
    row = conn.execute(FOLLOWS, {"alert": alert_id}).one_or_none()
    if row is not None:
        first = conn.execute(_ALERT, {"alert": first_of(conn, row.of_id)}).one()
        return Followed(*first, FollowUpKind(row.kind))
    of = conn.execute(_CORRECTED, {"alert": alert_id}).one_or_none()
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
