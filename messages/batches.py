"""A batch: a range of one message's deliveries that one sender works on at a time.

It carries no truth: it may be taken by a second sender when the first one's lease is over, or run
twice, and each delivery's own row still decides.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from contacts.models import Channel
from database.jobs import Jobs
from messages import counts, doubts
from messages.models import Batch, Delivery, Message, MessageStatus, Status

SENDER_DIED = "sender_died"
SOON = timedelta(seconds=1)


def open_batch(
    conn: Connection, jobs: Jobs, message: Row[Message], channel: Channel, low: int, high: int
) -> None:
    """Ask that a sender take on the pending deliveries ``low <= id < high`` of a message."""
    batch_id = conn.execute(
        insert(Batch)
        .values(
            message_id=message.id,
            channel=channel,
            lo_id=low,
            hi_id=high,
            priority=message.priority,
            open=True,
            next_at=message.starts_at,
        )
        .returning(Batch.id)
    ).scalar_one()
    jobs.enqueue(conn, "send_batch", batch_id, priority=message.priority, at=message.starts_at)


def take_batch(
    conn: Connection, batch_id: int, *, owner: str, lease: timedelta, now: datetime
) -> bool:
    """Become a batch's owner unless somebody else is; whether it is ours and has work now.

    What its last owner had on the wire is given up only after the batch is ours: every sender locks
    a batch before its deliveries, so that none waits for another in a circle.
    """
    mine = (
        update(Batch)
        .where(
            Batch.id == batch_id,
            Batch.open,
            Batch.next_at <= now,
            or_(Batch.owner.is_(None), Batch.lease_until < now),
        )
        .values(owner=owner, lease_until=now + lease)
        .returning(Batch.id)
    )
    if conn.execute(mine).one_or_none() is None:
        return False
    reap(conn, batch_id, now=now)
    return True


def extend(conn: Connection, batch_id: int, owner: str, lease_until: datetime) -> None:
    conn.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.owner == owner)
        .values(lease_until=lease_until)
    )


def let_go(
    conn: Connection,
    batch: Row[Batch],
    owner: str,
    *,
    next_at: datetime | None,
    finished: bool,
    now: datetime,
) -> None:
    """Give a batch back until there is something to do; close it, and its message, when empty."""
    closed = finished and not _anything_sending(conn, batch)
    conn.execute(
        update(Batch)
        .where(Batch.id == batch.id, Batch.owner == owner)
        .values(owner=None, lease_until=None, open=not closed, next_at=next_at or now + SOON)
    )
    if closed:
        finish_if_done(conn, batch.message_id, now=now)


def finish_if_done(conn: Connection, message_id: int, *, now: datetime) -> None:
    """Mark a message finished when everybody has a row and none of them waits or is in flight.

    Its row is locked before its batches are looked at. Otherwise, of two senders that close its
    last two batches at once, each would still see the other's open and neither would finish it;
    and it could end beside an answer that was being added to it.
    """
    conn.execute(select(Message.id).where(Message.id == message_id).with_for_update(key_share=True))
    open_batches = select(Batch.id).where(Batch.message_id == message_id, Batch.open)
    if conn.execute(open_batches.limit(1)).first() is not None:
        return
    conn.execute(
        update(Message)
        .where(
            Message.id == message_id,
            Message.status == MessageStatus.SENDING,
            Message.expanded_at.is_not(None),
        )
        .values(status=MessageStatus.FINISHED, finished_at=now)
    )


def reopen(conn: Connection, batch: Row[Batch], *, now: datetime) -> None:
    """Take up a closed batch again: a sender that had been given up brought something back unsent."""
    conn.execute(update(Batch).where(Batch.id == batch.id).values(open=True, next_at=now))
    conn.execute(
        update(Message)
        .where(Message.id == batch.message_id, Message.status == MessageStatus.FINISHED)
        .values(status=MessageStatus.SENDING, finished_at=None)
    )


def reap(conn: Connection, batch_id: int, *, now: datetime, leased_too: bool = False) -> int:
    """Mark as unknown what a sender that died, or sleeps past its lease, had on the wire.

    ``leased_too`` ignores leases: for the embedded sender, whose file lock proves at its start that
    no other lives. An unknown keeps its owner: if that sender was only asleep, its late answer
    still counts. Returns how many there were.
    """
    batch = conn.execute(select(Batch).where(Batch.id == batch_id)).one()
    lost = [*in_range(batch), Delivery.status == Status.SENDING]
    if not leased_too:
        lost.append(Delivery.lease_until < now)
    doubts.note(conn, now, *lost)
    rows = conn.execute(
        update(Delivery)
        .where(*lost)
        .values(status=int(Status.UNKNOWN), reason=SENDER_DIED, changed_at=now)
        .returning(Delivery.zone_set_id)
    ).all()
    deltas: counts.Deltas = Counter()
    for _ in rows:
        counts.moved(
            deltas,
            counts.place(batch.message_id, batch.channel, Status.SENDING, "", None),
            counts.place(batch.message_id, batch.channel, Status.UNKNOWN, SENDER_DIED, None),
        )
    counts.apply(conn, deltas)
    return len(rows)


def in_range(batch: Row[Batch]) -> list[ColumnElement[bool]]:
    """The condition on ``deliveries`` that a batch stands for."""
    return [
        Delivery.id >= batch.lo_id,
        Delivery.id < batch.hi_id,
        Delivery.message_id == batch.message_id,
        Delivery.channel == batch.channel,
    ]


def _anything_sending(conn: Connection, batch: Row[Batch]) -> bool:
    found = select(Delivery.id).where(*in_range(batch), Delivery.status == Status.SENDING)
    return conn.execute(found.limit(1)).first() is not None
