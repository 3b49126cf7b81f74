"""What the page of a launched alert shows: the account of everybody, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from alerts.launching import Status, status
from contacts.models import Contact, Membership
from messages import models
from messages.models import Delivery, MessageStatus
from messages.progress import Progress

UNKNOWNS = 50  # shown at most


@dataclass(frozen=True)
class UnknownCopy:
    """A copy whose provider's answer was lost: it may or may not have gone out."""

    contact_id: int | None
    name: str
    channel: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Live:
    """An alert on its way."""

    status: Status
    unknowns: Sequence[UnknownCopy]

    @property
    def progress(self) -> Progress:
        """Its message's progress."""
        return self.status.progress

    def title(self, language: str) -> str:
        """Its title in a language, or in any."""
        titles = self.status.titles
        return titles.get(language) or next(iter(titles.values()), "")

    @property
    def over(self) -> bool:
        """Whether nothing on this page will change any more, but for late receipts."""
        return self.progress.status in (
            MessageStatus.FINISHED,
            MessageStatus.STOPPED,
            MessageStatus.EXPIRED,
        )

    def undo_seconds(self, now: datetime) -> int:
        """Seconds in which the launch can still be undone."""
        starts_at = self.progress.starts_at
        if starts_at is None or self.over:
            return 0
        return max(0, round((starts_at - now).total_seconds()))


def live(conn: Connection, alert_id: int, *, within: Sequence[int] | None, now: datetime) -> Live:
    """Read how a launched alert is doing; people are named to their own projects' organizers.

    Raises NoSuchAlert.
    """
    stands = status(conn, alert_id, now=now)
    equation = stands.progress.equation
    unknowns = _unknowns(conn, stands.progress.message_id, within) if equation.unknown else []
    return Live(stands, unknowns)


def _unknowns(conn: Connection, message_id: int, within: Sequence[int] | None) -> list[UnknownCopy]:
    name = func.trim(Contact.given_name + " " + Contact.family_name)
    statement = (
        select(Delivery.contact_id, name, Delivery.channel, Delivery.reason, Delivery.changed_at)
        .outerjoin(Contact, Contact.id == Delivery.contact_id)
        .where(Delivery.message_id == message_id, Delivery.status == models.Status.UNKNOWN)
        .order_by(Delivery.id)
        .limit(UNKNOWNS)
    )
    if within is not None:
        members = select(Membership.contact_id).where(Membership.project_id.in_(within))
        statement = statement.where(Delivery.contact_id.in_(members))
    rows = conn.execute(statement)
    return [UnknownCopy(row[0], row[1] or "", *row[2:]) for row in rows]
