"""What does an alert's page say once it is over? How its case ended, and where calls are still wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from actions.asks import read_action
from alerts.at_risk import Lists, owner_of
from alerts.closing import Closing, closing_of
from alerts.follow_ups import stands_alone
from alerts.models import Alert, AlertText, Case
from messages.models import Message, MessageStatus

OFFERED = 3
OUT = (MessageStatus.SENDING, MessageStatus.PAUSED, MessageStatus.FINISHED)


@dataclass(frozen=True)
class Sibling:
    """Another alert on the same case, for which calls are wanted."""

    slug: str
    titles: Mapping[str, str]  # by language


@dataclass(frozen=True)
class AtTheEnd:
    """What is told on a page that is over; without words that name somebody who must not be named by now."""

    closing: Closing | None
    others: tuple[Sibling, ...]


def at_the_end(conn: Connection, alert_id: int, *, now: datetime) -> AtTheEnd:
    """What the page of an alert tells after its end; the caller knows that it exists."""
    case = select(Alert.case_id, Case.closed_at).join(Case, Case.id == Alert.case_id)
    case_id, closed_at = conn.execute(case.where(Alert.id == alert_id)).one()
    if closed_at is not None:
        return AtTheEnd(_closing(conn, case_id), ())
    return AtTheEnd(None, _others(conn, case_id, alert_id, now))


def _closing(conn: Connection, case_id: int) -> Closing | None:
    closing = closing_of(conn, case_id)
    if closing is None:
        return None
    owner = owner_of(conn, case_id)
    return replace(closing, words=Lists(conn).told(closing.words, case_id=case_id, owner=owner))


def _others(conn: Connection, case_id: int, alert_id: int, now: datetime) -> tuple[Sibling, ...]:
    """The newest alerts on a case that went out and are not over; an alert's page is for anybody.

    Without those whose titles name somebody: who reads this page has not asked for that one.
    """
    lists, owner = Lists(conn), owner_of(conn, case_id)
    rows = (
        select(Alert.id, Alert.slug, Alert.action_id, Message.expires_at)
        .join(Message, Message.id == Alert.message_id)
        .where(
            Alert.case_id == case_id,
            Alert.id != alert_id,
            Message.status.in_(OUT),
            stands_alone(),
        )
        .order_by(Message.launched_at.desc(), Alert.id.desc())
    )
    found = []
    for row in conn.execute(rows).all():
        over = row.expires_at is not None and row.expires_at <= now
        if not over and not read_action(conn, row.action_id).is_over(now):
            titles = select(AlertText.language, AlertText.title)
            told = dict(conn.execute(titles.where(AlertText.alert_id == row.id)).all())
            if lists.is_told(*told.values(), case_id=case_id, owner=owner):
                found.append(Sibling(row.slug, told))
    return tuple(found[:OFFERED])
