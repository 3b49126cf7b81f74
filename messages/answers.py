"""Answer one person: a confirmation, a help text, an organizer's reply.

An answer is a delivery like any other, so the sending promise covers it, and it leaves before any
bulk. Answers of one purpose share a message per day, whose unique addresses see to it that nobody
gets the same answer twice a day, whatever two auto-responders tell each other.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from contacts.models import Channel
from database.jobs import Jobs
from database.upserts import insert_or
from messages import control
from messages.adding import add_copy, begin_empty
from messages.calling_off import LIVE
from messages.control import Draft
from messages.models import (
    Delivery,
    Message,
    MessageKind,
    MessageText,
    Reach,
)

CONFIRMING = ("opted_out", "stop_doubted")  # an opt-out: the one answer the law allows after it
BLOT = "*"  # a character of every text's alphabet
_A_DAY = timedelta(days=1)  # for which a message of the day takes copies


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
    added = add_copy(
        conn,
        jobs,
        message,
        channel=Channel(channel),
        contact_id=contact_id,
        address=address,
        language=language,
        now=now,
    )
    return added is not None


def blot_out(conn: Connection, purpose: str, what: re.Pattern[str], *, now: datetime) -> None:
    """Make unreadable what stands in texts whose purpose begins so; those that have not left never will."""
    mine = Message.key.startswith(f"answer:{purpose}", autoescape=True)
    columns = (MessageText.message_id, MessageText.language, MessageText.sms, Message.status)
    rows = select(*columns).join(Message, Message.id == MessageText.message_id).where(mine)
    for row in conn.execute(rows).all():
        blotted = what.sub(lambda found: BLOT * len(found[0]), row.sms)
        if blotted == row.sms:
            continue
        if row.status in LIVE:
            control.stop(conn, row.message_id, now=now)
        own = (MessageText.message_id == row.message_id, MessageText.language == row.language)
        conn.execute(update(MessageText).where(*own).values(sms=blotted))


def given_since(
    conn: Connection, channel: str, address: str, purposes: Sequence[str], since: datetime
) -> bool:
    """Whether we have written to an address for one of these purposes since then."""
    kinds = [Message.key.startswith(f"answer:{each}:", autoescape=True) for each in purposes]
    copies = (
        select(Delivery.id)
        .join(Message, Message.id == Delivery.message_id)
        .where(or_(*kinds), Message.launched_at > since - _A_DAY)
        .where(Delivery.channel == channel, Delivery.address == address)
        .where(Delivery.changed_at > since)
    )
    return conn.execute(copies.limit(1)).first() is not None


def given_today(conn: Connection, channel: str, purpose: str, *, now: datetime) -> int:
    """How many have been given an answer of a purpose this day (UTC), in whichever language."""
    begin = f"answer:{purpose}:{channel}:"
    today = Message.key.startswith(begin, autoescape=True), Message.key.endswith(f":{now:%Y-%m-%d}")
    copies = select(func.count()).join(Message, Message.id == Delivery.message_id).where(*today)
    return conn.scalar(copies.select_from(Delivery)) or 0


def _message_of_the_day(
    conn: Connection, purpose: str, channel: Channel, language: str, now: datetime
) -> Row[Any]:
    key = f"answer:{purpose}:{channel}:{language}:{now:%Y-%m-%d}"
    found = select(Message).where(Message.key == key)
    message = conn.execute(found).one_or_none()
    if message is not None:
        return message
    kind = MessageKind.CONFIRMATION if purpose in CONFIRMING else MessageKind.REPLY
    reach = Reach.SMS if channel is Channel.SMS else Reach.EMAIL
    draft = Draft(texts={}, kind=kind, reach=reach, default_language=language, key=key)
    # Two people may be the day's first at once; the second must not lose what they asked for.
    with contextlib.suppress(IntegrityError), conn.begin_nested():
        begin_empty(conn, draft, now=now)
    return conn.execute(found).one()


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
