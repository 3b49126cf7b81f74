"""What is known of the copies that are unknown, for the organizers who may see their people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, select

from alerts.models import Alert, AlertText
from contacts.models import Contact
from contacts.scope import people
from database.jobs import Jobs
from messages import doubts, unknowns
from messages.control import NotNow
from messages.models import Delivery, Doubt, Message, MessageText
from messages.unknowns import AGAIN, NO_LONGER
from organizers.roles import Within, as_key, owned

SHOWN = 100


@dataclass(frozen=True)
class UnknownCopy:
    """A copy whose provider's answer was lost, and what was learned since."""

    delivery_id: int
    message_id: int
    alert_id: int | None
    title: str
    contact_id: int | None
    name: str
    channel: str
    reason: str  # why the answer was lost
    noted_at: datetime
    looks: int
    looked_at: datetime | None
    next_look_at: datetime | None
    asked: str
    found: str
    candidates: int
    approved_sends: int
    may_be_sent: bool

    @property
    def needs_person(self) -> bool:
        """Whether nobody else will find out more."""
        return self.next_look_at is None


@dataclass(frozen=True)
class Unknowns:
    """How many there are."""

    all: int
    need_person: int


def unknown_copies(
    conn: Connection,
    within: Within,
    *,
    language: str,
    message_id: int | None = None,
    delivery_id: int | None = None,
) -> list[UnknownCopy]:
    """The unknown copies of these projects (None: everybody's): those that need a person first."""
    statement = (
        _columns(language)
        .order_by(Doubt.next_look_at.is_not(None), Doubt.noted_at, Doubt.id)
        .limit(SHOWN)
    )
    if message_id is not None:
        statement = statement.where(Delivery.message_id == message_id)
    if delivery_id is not None:
        statement = statement.where(Delivery.id == delivery_id)
    rows = conn.execute(_visible(statement, within)).mappings()
    return [_copy(row) for row in rows]


def unknown_count(conn: Connection, within: Within) -> Unknowns:
    """How many copies are unknown, and how many of them need a person."""
    return Unknowns(*conn.execute(_counted(as_key(within))).one())


@lru_cache
def _counted(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    statement = (
        select(func.count(), func.count().filter(Doubt.next_look_at.is_(None)))
        .select_from(Doubt)
        .join(Delivery, and_(*doubts.open_doubts()))
        .join(Message, Message.id == Delivery.message_id)
    )
    return _visible(statement, within)


def send_again(
    conn: Connection,
    jobs: Jobs,
    delivery_id: int,
    *,
    within: Within,
    by: str,
    now: datetime,
) -> None:
    """Approve one more send. Raises NotNow for a copy that is settled, or whose person is not theirs."""
    _require_seen(conn, delivery_id, within)
    unknowns.approve_another_send(conn, jobs, delivery_id, by=by, now=now)


def settle(
    conn: Connection,
    delivery_id: int,
    *,
    sent: bool,
    within: Within,
    by: str,
    now: datetime,
) -> None:
    """Write down what somebody saw at the provider. Raises NotNow as ``send_again``."""
    _require_seen(conn, delivery_id, within)
    unknowns.settle(conn, delivery_id, sent=sent, by=by, now=now)


def ask_now(conn: Connection, delivery_id: int, *, within: Within, now: datetime) -> None:
    """Let the sender ask at its next turn. Raises NotNow as ``send_again``."""
    _require_seen(conn, delivery_id, within)
    doubts.ask_now(conn, delivery_id, now=now)


def _require_seen(conn: Connection, delivery_id: int, within: Within) -> None:
    mine = (
        select(Delivery.id)
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.id == delivery_id)
    )
    if conn.scalar(_visible(mine, within)) is None:
        raise NotNow(NO_LONGER)


def _columns(language: str) -> Select[*tuple[Any, ...]]:
    name = func.trim(Contact.given_name + " " + Contact.family_name)
    title = func.coalesce(AlertText.title, MessageText.subject, "")
    in_words = and_(AlertText.alert_id == Alert.id, AlertText.language == language)
    in_text = and_(MessageText.message_id == Message.id, MessageText.language == language)
    return (
        select(
            Doubt.delivery_id,
            Delivery.message_id,
            Alert.id.label("alert_id"),
            title.label("title"),
            Delivery.contact_id,
            func.coalesce(name, "").label("name"),
            Delivery.channel,
            Delivery.reason,
            Doubt.noted_at,
            Doubt.looks,
            Doubt.looked_at,
            Doubt.next_look_at,
            Doubt.asked,
            Doubt.found,
            Doubt.candidates,
            Delivery.approved_sends,
            Message.status.label("message_status"),
        )
        .select_from(Doubt)
        .join(Delivery, and_(*doubts.open_doubts()))
        .join(Message, Message.id == Delivery.message_id)
        .outerjoin(Contact, Contact.id == Delivery.contact_id)
        .outerjoin(Alert, Alert.message_id == func.coalesce(Message.part_of, Message.id))
        .outerjoin(AlertText, in_words)
        .outerjoin(MessageText, in_text)
    )


def _copy(row: RowMapping) -> UnknownCopy:
    values = dict(row)
    status = values.pop("message_status")
    return UnknownCopy(**values, may_be_sent=status in AGAIN)


def _visible(statement: Select[*tuple[Any, ...]], within: Within) -> Select[*tuple[Any, ...]]:
    """Narrow copies to messages of these projects, to people they may see."""
    persons = people(within, Delivery.contact_id.expression)
    return statement.where(owned(Message.project_id, within), persons)
