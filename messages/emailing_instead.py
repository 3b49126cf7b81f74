"""Whose text is left out by the claim gets the email after all, where a message emails only whom it cannot text.

The claim notes it on the email's row, in its own transaction; ``handing_over`` lets those wait, whose batches it
locks in its own turn. Whether they may be emailed is asked by that copy's claim, as ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select, update
from sqlalchemy.orm import aliased

from contacts.models import Channel
from messages import counts
from messages.eligibility import TEXTED, family_of
from messages.models import Delivery, MessageCount, Reach, Status

INSTEAD = "text_not_sent"  # their text was left out; this email waits to be handed over


def note(
    conn: Connection, batch: Row[Any], contacts: Collection[int], deltas: counts.Deltas
) -> None:
    """Note that these people's texts, claimed from a batch, are left out."""
    if batch.channel != Channel.SMS or Reach(batch.reach) is not Reach.TEXT_FIRST or not contacts:
        return
    family = family_of(conn, batch.part_of or batch.message_id)
    theirs = (
        Delivery.message_id.in_(family),
        Delivery.contact_id.in_(contacts),
        Delivery.channel == Channel.EMAIL,
        Delivery.status == Status.SKIPPED,
        Delivery.reason == TEXTED,
    )
    noted = update(Delivery).where(*theirs).values(reason=INSTEAD).returning(Delivery.message_id)
    for message_id, number in Counter(conn.scalars(noted)).items():
        left, owed = (
            counts.place(message_id, Channel.EMAIL, Status.SKIPPED, reason, None)
            for reason in (TEXTED, INSTEAD)
        )
        counts.many_moved(deltas, left, owed, number)


def owing() -> Any:
    """The messages with such emails, as SQL."""
    owed = (MessageCount.channel == Channel.EMAIL, MessageCount.reason == INSTEAD)
    return select(MessageCount.message_id).where(*owed, MessageCount.count > 0)


def texted(family: Collection[int]) -> ColumnElement[bool]:
    """Whether somebody whose email it is gets, or got, the text of one of these messages."""
    text = aliased(Delivery)
    return exists().where(
        text.contact_id == Delivery.contact_id,
        text.message_id.in_(family),
        text.channel == Channel.SMS,
        text.status < Status.UNDELIVERED,
    )
