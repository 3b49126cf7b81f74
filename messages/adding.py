"""Add one copy to a message that is on its way: an answer, a reminder, a question.

Such messages have no audience to expand: they are begun empty, and grow by a copy whenever somebody is to be
told the same. Each address is in one once, and the account counts a copy from the moment it is there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, update

from contacts.models import Channel
from database.jobs import Jobs
from database.upserts import insert_or
from messages import control, counts
from messages.batches import open_batch
from messages.control import Draft
from messages.models import Delivery, Message, MessageStatus, Status


def begin_empty(conn: Connection, draft: Draft, *, now: datetime) -> int:
    """Write a message down that is launched and has nobody yet; return its id."""
    message_id = control.create(conn, draft, now=now)
    begin(conn, message_id, now=now)
    return message_id


def begin(conn: Connection, message_id: int, *, now: datetime) -> None:
    """Launch a draft without writing it to its audience: it grows by single copies."""
    begun = {"launched_at": now, "starts_at": now, "expanded_at": now}
    started = update(Message).where(Message.id == message_id)
    conn.execute(started.values(status=MessageStatus.SENDING, **begun))


def add_copy(
    conn: Connection,
    jobs: Jobs,
    message: Row[Any],
    *,
    channel: Channel,
    contact_id: int | None,
    address: str,
    zone_set_id: int | None = None,
    language: str = "",
    now: datetime,
) -> int | None:
    """Queue one more copy; return its delivery, or None where this address has one already."""
    row = insert_or(conn, Delivery).values(
        message_id=message.id,
        contact_id=contact_id,
        channel=channel,
        address=address,
        zone_set_id=zone_set_id,
        status=int(Status.PENDING),
        reason="",
        attempt=0,
        approved_sends=1,
        language=language,
        segments=0,
        changed_at=now,
    )
    found: int | None = conn.scalar(row.on_conflict_do_nothing().returning(Delivery.id))
    if found is None:
        return None
    waiting = counts.place(message.id, channel, Status.PENDING, "", zone_set_id)
    counts.apply(conn, counts.Deltas({waiting: 1}))
    _expect_one_more(conn, message.id)
    open_batch(conn, jobs, message, channel, found, found + 1)
    return found


def _expect_one_more(conn: Connection, message_id: int) -> None:
    """One that was finished is being sent again."""
    conn.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(expected=Message.expected + 1, status=MessageStatus.SENDING, finished_at=None)
    )
