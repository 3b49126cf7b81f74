"""Who is writing to us: whose address it is, what we last wrote to it, and its word on consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, func, select

from contacts.models import NETWORK, Address, AddressStanding, Contact, Standing
from messages.models import Delivery, Message, MessageKind, Status

# An alert may be launched days before its first copy leaves.
LEFT_AT = func.coalesce(Message.starts_at, Message.launched_at)


@dataclass(frozen=True, slots=True)
class Correspondent:
    """What we know of an address that wrote to us; everything may be unknown."""

    contact_id: int | None
    language: str  # the contact's; "" = unknown
    standing: Standing | None  # in the network's scope
    message_id: int | None  # the latest alert or campaign it got
    action_id: int | None  # of the latest one that asked for an action
    asking_id: int | None = None  # that one itself
    asked_at: datetime | None = None  # since when it leaves


def correspondent(
    conn: Connection, channel: str, address: str, *, about: int | None = None
) -> Correspondent:
    """Look up who writes from this address; ``about`` is the copy they answer, where that is proven."""
    copies = _copies(channel, address).limit(1)
    latest = conn.execute(copies.where(Delivery.id == about)).one_or_none() if about else None
    latest = latest or conn.execute(copies).one_or_none()
    asking = latest if latest is not None and latest.action_id else None
    asking = asking or conn.execute(copies.where(Message.action_id.is_not(None))).one_or_none()
    contact = _contact(conn, channel, address, latest.contact_id if latest else None)
    return Correspondent(
        contact_id=contact.id if contact else None,
        language=contact.language if contact else "",
        standing=_standing(conn, channel, address),
        message_id=latest.id if latest else None,
        action_id=asking.action_id if asking else None,
        asking_id=asking.id if asking else None,
        asked_at=asking.left_at if asking else None,
    )


def _copies(channel: str, address: str) -> Select[int, int | None, int | None, datetime | None]:
    """The alerts and campaigns that went to this address, the latest first.

    Asked through its owners, since deliveries have an index by contact and none by address.
    """
    owners = select(Address.contact_id).where(
        Address.channel == channel, Address.address == address
    )
    return (
        select(Message.id, Message.action_id, Delivery.contact_id, LEFT_AT.label("left_at"))
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.contact_id.in_(owners))
        .where(Delivery.channel == channel, Delivery.address == address)
        .where(Delivery.status.between(int(Status.SENDING), int(Status.UNDELIVERED)))
        .where(Message.kind.in_([MessageKind.ALERT.value, MessageKind.CAMPAIGN.value]))
        .order_by(func.coalesce(LEFT_AT, Message.created_at).desc(), Message.id.desc())
    )


def _contact(
    conn: Connection, channel: str, address: str, written_to: int | None
) -> Row[int, str] | None:
    """Whom we wrote to; else the first in our book of those who share the address."""
    rows = conn.execute(
        select(Contact.id, Contact.language)
        .join(Address, Address.contact_id == Contact.id)
        .where(Address.channel == channel, Address.address == address)
        .order_by(Contact.id)
    ).all()
    return next((row for row in rows if row.id == written_to), rows[0] if rows else None)


def _standing(conn: Connection, channel: str, address: str) -> Standing | None:
    found = conn.scalar(
        select(AddressStanding.standing).where(
            AddressStanding.channel == channel,
            AddressStanding.address == address,
            AddressStanding.scope == NETWORK,
        )
    )
    return Standing(found) if found else None
