"""Who is left over of messages that were stopped: their copy was called off, and none may have reached them.

Several messages are one matter that was sent again: whoever got it by any of them is not left over.

Exact by people and by addresses. Somebody whose email left is not left over, though their text was stopped;
nor is whoever shares a phone to which a copy left. An unknown copy may have left, and so may one that is to be
sent a second time: they count as if they had. One that came back has reached nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, not_, or_, select

from contacts.models import Address, Contact
from messages.models import Delivery, Message, MessageStatus, Status

GOING_ON = (MessageStatus.SENDING, MessageStatus.PAUSED)


def left_over(message_ids: Sequence[int], person: type[Contact] = Contact) -> ColumnElement[bool]:
    """That a copy of these messages, or of parts of them, was called off for a person, and none may have left."""
    called_off = (
        select(Delivery.contact_id)
        .join(Message, Message.id == Delivery.message_id)
        .where(_family(message_ids), Delivery.contact_id.is_not(None), _called_off())
    )
    return and_(person.id.in_(called_off.distinct()), untold(message_ids, person))


def untold(message_ids: Sequence[int], person: type[Contact] = Contact) -> ColumnElement[bool]:
    """That no copy of these messages, or of parts of them, may have left to a person or an address of theirs."""
    copies = select(Delivery.contact_id).join(Message, Message.id == Delivery.message_id)
    family = select(Message.id).where(_family(message_ids))
    # Asked of each person: of a million copies that left, none is listed.
    left = copies.where(
        Delivery.message_id.in_(family), Delivery.contact_id == person.id, _may_have_left()
    )
    # By the key of copies: message, channel and address.
    to_them = (
        select(Delivery.id)
        .join(Message, Message.id == Delivery.message_id)
        .join(
            Address,
            and_(Address.channel == Delivery.channel, Address.address == Delivery.address),
        )
        .where(Address.contact_id == person.id, Delivery.message_id.in_(family), _may_have_left())
    )
    return and_(not_(left.exists()), not_(to_them.exists()))


def _family(message_ids: Sequence[int]) -> ColumnElement[bool]:
    return or_(Message.id.in_(message_ids), Message.part_of.in_(message_ids))


def _called_off() -> ColumnElement[bool]:
    """That a copy was stopped; of very many, senders write that down only by and by."""
    ended = and_(
        Message.status == MessageStatus.STOPPED,
        Delivery.status == Status.PENDING,
        Delivery.approved_sends <= 1,
    )
    return or_(Delivery.status == Status.STOPPED, ended)


def _may_have_left() -> ColumnElement[bool]:
    """That a copy left, may have left, or may leave yet."""
    waits = Delivery.status == Status.PENDING
    return or_(
        Delivery.status.between(Status.SENDING, Status.DELIVERED),
        and_(waits, or_(Delivery.approved_sends > 1, Message.status.in_(GOING_ON))),
    )
