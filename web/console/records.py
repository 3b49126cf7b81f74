"""What a contact's page shows: who they are, what they agreed to, and what they got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, literal, or_, select

from alerts.models import Alert, AlertText
from contacts.consent import suppression
from contacts.models import (
    NETWORK,
    Address,
    Consent,
    Contact,
    ContactTag,
    Membership,
    Project,
    Tag,
    project_scope,
)
from messages.models import Delivery, Message, Status


@dataclass(frozen=True)
class ShownAddress:
    """An address and why it may not be written to; '' when it may."""

    channel: str
    address: str
    refusal: str


@dataclass(frozen=True)
class Word:
    """A line of the consent ledger."""

    channel: str
    address: str
    standing: str
    scope: str
    source: str
    evidence: str
    at: datetime


@dataclass(frozen=True)
class Got:
    """A copy of a message, or why there was none."""

    title: str
    alert_id: int | None
    channel: str
    status: Status
    reason: str
    at: datetime


@dataclass(frozen=True)
class Record:
    """All that a contact's page shows."""

    contact: Any
    projects: list[str]
    tags: list[str]
    addresses: list[ShownAddress]
    ledger: list[Word]
    got: list[Got]


def record(
    conn: Connection, contact_id: int, within: Sequence[int] | None, *, language: str
) -> Record:
    """Read a contact's record, as far as organizers of these projects may see it."""
    scopes = _scopes(conn, contact_id, within)
    return Record(
        contact=conn.execute(select(Contact).where(Contact.id == contact_id)).one(),
        projects=_projects(conn, contact_id, within),
        tags=_tags(conn, contact_id),
        addresses=_addresses(conn, contact_id, scopes),
        ledger=_ledger(conn, contact_id, scopes),
        got=_got(conn, contact_id, within, language),
    )


def _scopes(conn: Connection, contact_id: int, within: Sequence[int] | None) -> list[str]:
    mine = select(Membership.project_id).where(Membership.contact_id == contact_id)
    seen = [each for each in conn.scalars(mine) if within is None or each in within]
    return [NETWORK, *(project_scope(each) for each in seen)]


def _projects(conn: Connection, contact_id: int, within: Sequence[int] | None) -> list[str]:
    mine = (
        select(Project.name)
        .join(Membership, Membership.project_id == Project.id)
        .where(Membership.contact_id == contact_id)
        .order_by(Project.name)
    )
    return list(conn.scalars(mine if within is None else mine.where(Project.id.in_(within))))


def _tags(conn: Connection, contact_id: int) -> list[str]:
    carried = select(Tag.name).join(ContactTag, ContactTag.tag_id == Tag.id)
    return list(conn.scalars(carried.where(ContactTag.contact_id == contact_id).order_by(Tag.name)))


def _addresses(conn: Connection, contact_id: int, scopes: Sequence[str]) -> list[ShownAddress]:
    held = Address.__table__.c
    refusal = suppression(held.channel, held.address, scopes)
    rows = conn.execute(
        select(Address.channel, Address.address, refusal)
        .where(Address.contact_id == contact_id)
        .order_by(Address.channel.desc(), Address.rank)
    )
    return [ShownAddress(*row) for row in rows]


def _ledger(conn: Connection, contact_id: int, scopes: Sequence[str]) -> list[Word]:
    same = and_(Address.channel == Consent.channel, Address.address == Consent.address)
    columns = (
        Consent.channel,
        Consent.address,
        Consent.standing,
        Consent.scope,
        Consent.source,
        Consent.evidence,
        Consent.at,
    )
    rows = conn.execute(
        select(*columns)
        .join(Address, same)
        .where(Address.contact_id == contact_id, Consent.scope.in_(scopes))
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(100)
    )
    return [Word(*row) for row in rows]


def _got(
    conn: Connection, contact_id: int, within: Sequence[int] | None, language: str
) -> list[Got]:
    title = func.coalesce(AlertText.title, literal(""))
    statement = (
        select(
            title, Alert.id, Delivery.channel, Delivery.status, Delivery.reason, Delivery.changed_at
        )
        .join(Message, Message.id == Delivery.message_id)
        .outerjoin(Alert, Alert.message_id == Message.id)
        .outerjoin(AlertText, and_(AlertText.alert_id == Alert.id, AlertText.language == language))
        .where(Delivery.contact_id == contact_id)
        .order_by(Delivery.changed_at.desc(), Delivery.id.desc())
        .limit(100)
    )
    if within is not None:
        statement = statement.where(
            or_(Message.project_id.is_(None), Message.project_id.in_(within))
        )
    rows = conn.execute(statement)
    return [Got(row[0], row[1], row[2], Status(row[3]), row[4], row[5]) for row in rows]
