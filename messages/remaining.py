"""Who is left over of a message that was stopped: their copy was called off, and none may have reached them.

Exact by people and by addresses. Somebody whose email left is not left over, though their text was stopped;
nor is whoever shares a phone to which a copy left. An unknown copy may have left, and so may one that is to be
sent a second time: they count as if they had. One that came back has reached nobody.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, not_, or_, select

from contacts.models import Address, Contact
from messages.models import Delivery, Message, MessageStatus, Status

GOING_ON = (MessageStatus.SENDING, MessageStatus.PAUSED)


def left_over(message_id: int, person: type[Contact] = Contact) -> ColumnElement[bool]:
    """That a copy of this message, or of a part of it, was called off for a person, and none may have left."""
    copies = select(Delivery.contact_id).join(Message, Message.id == Delivery.message_id)
    mine = or_(Message.id == message_id, Message.part_of == message_id)
    family = select(Message.id).where(mine)
    called_off = copies.where(mine, Delivery.contact_id.is_not(None), _called_off())
    # Asked of each whose copy was called off: of a million copies that left, none is listed.
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
    return and_(
        person.id.in_(called_off.distinct()),
        not_(left.exists()),
        not_(to_them.exists()),
    )


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
