"""A batch: a range of one message's deliveries that one sender works on at a time.

It carries no truth: it may be taken by a second sender when the first one's lease is over, or run
twice, and each delivery's own row still decides.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from contacts.models import Channel
from database import locking
from database.handing import SQLITE
from database.jobs import Jobs
from messages import counts, doubts
from messages.models import Batch, Delivery, Message, MessageStatus, Status

SENDER_DIED = "sender_died"
SOON = timedelta(seconds=1)
# No lease (settings), no wait that a provider asks for (providers/wire.py) is longer.
FARTHEST = timedelta(minutes=10)


def open_batch(
    conn: Connection, jobs: Jobs, message: Row[Message], channel: Channel, low: int, high: int
) -> Row[Any]:
    """Ask that a sender take on the pending deliveries ``low <= id < high`` of a message."""
    batch = conn.execute(
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
        .returning(*Batch.__table__.columns)
    ).one()
    jobs.enqueue(conn, "send_batch", batch.id, priority=message.priority, at=message.starts_at)
    return batch


def take_batch(
    conn: Connection, batch_id: int, *, owner: str, lease: timedelta, now: datetime
) -> bool:
    """Become a batch's owner unless somebody else is; whether it is ours and has work now.

    What its last owner had on the wire is given up only after the batch is ours: every sender locks
    a batch before its deliveries, so that none waits for another in a circle.
    """
    free = select(Batch.owner).where(
        Batch.id == batch_id,
        Batch.open,
        Batch.next_at <= now,
        or_(Batch.owner.is_(None), Batch.lease_until < now),
    )
    found = conn.execute(free.with_for_update()).one_or_none()
    if found is None:
        return False
    conn.execute(
        update(Batch).where(Batch.id == batch_id).values(owner=owner, lease_until=now + lease)
    )
    if found.owner is not None:
        reap(conn, batch_id, now=now)
    return True


def look_again(conn: Connection, jobs: Jobs, *, now: datetime) -> None:
    """Ask again for whatever waits, because the clock it waits by was set back.

    Otherwise a clock set back by an hour would hold up an alert by an hour. Each claim works out anew
    until when it has to wait. A message launched "in the future" gets its undo time once more.
    """
    early = conn.execute(
        select(Message.id, Message.launched_at, Message.starts_at, Message.begins_at).where(
            Message.status.in_((MessageStatus.SENDING, MessageStatus.PAUSED)),
            Message.launched_at > now,
            Message.starts_at.is_not(None),
        )
    ).all()
    for message_id, launched_at, starts_at, begins_at in early:
        starts = now + ((starts_at or now) - (launched_at or now))
        starts = max(starts, begins_at or starts)  # a chosen hour is the same by every clock
        anew = {"launched_at": now, "starts_at": starts}
        conn.execute(update(Message).where(Message.id == message_id).values(anew))
    _bring_nearer(conn, now)
    waiting = (
        update(Batch)
        .where(Batch.open, Batch.owner.is_(None), Batch.next_at > now)
        .values(next_at=now)
        .returning(Batch.id, Batch.priority)
    )
    for batch_id, priority in conn.execute(waiting).all():
        jobs.enqueue(conn, "send_batch", batch_id, priority=priority)


def _bring_nearer(conn: Connection, now: datetime) -> None:
    """Shorten every lease and every wait that, by the clock as it is now, is longer than any can be."""
    conn.execute(select(Batch.id).where(Batch.open).order_by(Batch.id).with_for_update()).all()
    farthest = now + FARTHEST
    conn.execute(
        update(Batch)
        .where(Batch.owner.is_not(None), Batch.lease_until > farthest)
        .values(lease_until=farthest)
    )
    live = Message.status.in_((MessageStatus.SENDING, MessageStatus.PAUSED))
    copies = Delivery.message_id.in_(select(Message.id).where(live))
    conn.execute(
        update(Delivery)
        .where(copies, Delivery.status == Status.SENDING, Delivery.lease_until > farthest)
        .values(lease_until=farthest)
    )
    conn.execute(
        update(Delivery)
        .where(copies, Delivery.status == Status.PENDING, Delivery.not_before > farthest)
        .values(not_before=None)
    )


def lock(conn: Connection, batch_id: int) -> None:
    """Keep a batch from everybody else until the end of the transaction."""
    if conn.dialect.name != SQLITE:  # where nobody else writes
        conn.execute(_locking(), {"batch_id": batch_id})


@lru_cache
def _locking() -> Select[Any]:
    # Nobody locks everything between this statement and our commit; the next one reads whether it is.
    passed = select(Batch.id, locking.passing())
    return passed.where(Batch.id == bindparam("batch_id")).with_for_update()


def extend(conn: Connection, batch_id: int, owner: str, lease_until: datetime) -> None:
    conn.execute(
        _extending(), {"batch_id": batch_id, "owned_by": owner, "leased_until": lease_until}
    )


@lru_cache
def _extending() -> Update:
    return (
        update(Batch)
        .where(Batch.id == bindparam("batch_id"), Batch.owner == bindparam("owned_by"))
        .values(lease_until=bindparam("leased_until", type_=Batch.lease_until.type))
    )


def let_go(
    conn: Connection,
    batch: Row[Any],
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


def hold(conn: Connection, message_id: int, *, because: str) -> None:
    """Pause a message that is being sent, unless somebody else has just done so or ended it."""
    conn.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == MessageStatus.SENDING)
        .values(status=MessageStatus.PAUSED, paused_because=because)
    )


def reopen(conn: Connection, batch: Row[Any], *, now: datetime) -> None:
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


def in_range(batch: Row[Any]) -> list[ColumnElement[bool]]:
    """The condition on ``deliveries`` that a batch stands for."""
    return [
        Delivery.id >= batch.lo_id,
        Delivery.id < batch.hi_id,
        of_message(batch.message_id),
        Delivery.channel == batch.channel,
    ]


def of_message(message_id: Any) -> ColumnElement[bool]:
    """That a delivery in a range of ids is a certain message's.

    Spelt so that no planner prefers the index on messages, and with it all of a message's rows, to
    the range: SQLite did, and took a hundred times as long at a million rows.
    """
    same: ColumnElement[bool] = Delivery.message_id + 0 == message_id
    return same


def _anything_sending(conn: Connection, batch: Row[Any]) -> bool:
    found = select(Delivery.id).where(*in_range(batch), Delivery.status == Status.SENDING)
    return conn.execute(found.limit(1)).first() is not None
