"""Answer one person: a confirmation, a help text, an organizer's reply.

An answer is a delivery like any other, so the sending promise covers it, and it leaves before any
bulk. Answers of one purpose share a message per day, whose unique addresses see to it that nobody
gets the same answer twice a day, whatever two auto-responders tell each other.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import IntegrityError

from contacts.models import Channel
from database.jobs import Jobs
from database.upserts import insert_or
from messages import control, counts
from messages.batches import open_batch
from messages.control import Draft
from messages.models import (
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    MessageText,
    Reach,
    Status,
)


def answer(
    conn: Connection,
    jobs: Jobs,
    *,
    purpose: str,
    channel: str,
    address: str,
    contact_id: int | None,
    language: str,
    words: str,
    now: datetime,
    subject: str = "",
) -> bool:
    """Queue an answer to this address; whether there is one today that it had not been given.

    ``purpose`` names what is said: all answers of a purpose and language say the same words.
    """
    message = _message_of_the_day(conn, purpose, Channel(channel), language, now)
    _add_words(conn, message.id, Channel(channel), language, words, subject)
    delivery_id = conn.execute(
        insert_or(conn, Delivery)
        .values(
            message_id=message.id,
            contact_id=contact_id,
            channel=channel,
            address=address,
            zone_set_id=None,
            status=int(Status.PENDING),
            reason="",
            attempt=0,
            approved_sends=1,
            language=language,
            segments=0,
            changed_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Delivery.id)
    ).scalar()
    if delivery_id is None:
        return False
    waiting = counts.place(message.id, channel, Status.PENDING, "", None)
    counts.apply(conn, counts.Deltas({waiting: 1}))
    _expect_one_more(conn, message.id)
    open_batch(conn, jobs, message, Channel(channel), delivery_id, delivery_id + 1)
    return True


def _message_of_the_day(
    conn: Connection, purpose: str, channel: Channel, language: str, now: datetime
) -> Row[Any]:
    key = f"answer:{purpose}:{channel}:{language}:{now:%Y-%m-%d}"
    found = select(Message).where(Message.key == key)
    message = conn.execute(found).one_or_none()
    if message is not None:
        return message
    kind = MessageKind.CONFIRMATION if purpose == "opted_out" else MessageKind.REPLY
    reach = Reach.SMS if channel is Channel.SMS else Reach.EMAIL
    draft = Draft(texts={}, kind=kind, reach=reach, default_language=language, key=key)
    # Two people may be the day's first at once; the second must not lose what they asked for.
    with contextlib.suppress(IntegrityError), conn.begin_nested():
        _begin(conn, draft, now)
    return conn.execute(found).one()


def _begin(conn: Connection, draft: Draft, now: datetime) -> None:
    """Write a message that is launched and has nobody yet."""
    message_id = control.create(conn, draft, now=now)
    conn.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(status=MessageStatus.SENDING, launched_at=now, starts_at=now, expanded_at=now)
    )


def _add_words(
    conn: Connection, message_id: int, channel: Channel, language: str, words: str, subject: str
) -> None:
    text = {"sms": words, "subject": "", "body": ""}
    if channel is Channel.EMAIL:
        text = {"sms": "", "subject": subject, "body": words}
    conn.execute(
        insert_or(conn, MessageText)
        .values(message_id=message_id, language=language, **text)
        .on_conflict_do_nothing()
    )


def _expect_one_more(conn: Connection, message_id: int) -> None:
    """A finished day's message is being sent again."""
    conn.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(expected=Message.expected + 1, status=MessageStatus.SENDING, finished_at=None)
    )
