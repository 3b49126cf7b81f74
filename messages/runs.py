"""A sender's life: begin by clearing up after one that died, be seen, end cleanly.

The crash-loop breaker lives here. If a fault makes every start end in a crash, every restart would
turn another window into *unknown*; so three unclean starts within ten minutes pause all sending,
and say so, until a person resumes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from database.clock import Clock
from database.jobs import Jobs
from messages.batches import reap
from messages.models import Batch, Message, MessageStatus, SenderRun

PERIOD = timedelta(minutes=10)
UNSEEN = timedelta(seconds=60)  # a sender not seen for so long is dead or asleep
BROKEN = (
    "Sending is paused because Llamado crashed several times within ten minutes. "
    "Look at its log, then resume."
)


def begin(
    conn: Connection, jobs: Jobs, *, owner: str, alone: bool, unclean_starts: int, clock: Clock
) -> list[str]:
    """Note a start. ``alone``: a file lock proves that no other sender lives.

    Returns sentences for the log and the screen.
    """
    now = clock(conn)
    crashed = _crashed(conn, now, alone=alone)
    conn.execute(
        insert(SenderRun).values(owner=owner, started_at=now, seen_at=now, stopped_at=None)
    )
    warnings = []
    lost = release_dead(conn, jobs, now=now, alone=alone)
    if lost:
        warnings.append(f"{lost} copies were on the wire when a sender died; they are now unknown.")
    if unclean_starts and crashed >= unclean_starts:
        conn.execute(
            update(Message)
            .where(Message.status == MessageStatus.SENDING)
            .values(status=MessageStatus.PAUSED, paused_because=BROKEN)
        )
        warnings.append(BROKEN)
    return warnings


def release_dead(conn: Connection, jobs: Jobs, *, now: datetime, alone: bool = False) -> int:
    """Take back the batches of senders whose lease is over; return how many copies are unknown.

    A batch that somebody is at work on in this instant is not a dead sender's: it is passed over.
    """
    held = select(Batch.id, Batch.priority).where(Batch.open, Batch.owner.is_not(None))
    if not alone:
        held = held.where(Batch.lease_until < now)
    lost = 0
    for batch_id, priority in conn.execute(
        held.order_by(Batch.id).with_for_update(skip_locked=True)
    ).all():
        lost += reap(conn, batch_id, now=now, leased_too=alone)
        conn.execute(
            update(Batch)
            .where(Batch.id == batch_id)
            .values(owner=None, lease_until=None, next_at=now)
        )
        jobs.enqueue(conn, "send_batch", batch_id, priority=priority)
    return lost


def seen(conn: Connection, *, owner: str, clock: Clock) -> None:
    """Note that a sender lives."""
    conn.execute(update(SenderRun).where(SenderRun.owner == owner).values(seen_at=clock(conn)))


def end(conn: Connection, *, owner: str, clock: Clock) -> None:
    """Note a clean end."""
    conn.execute(update(SenderRun).where(SenderRun.owner == owner).values(stopped_at=clock(conn)))


def alive(conn: Connection, *, now: datetime) -> int:
    """How many senders were seen lately."""
    living = select(func.count()).where(
        SenderRun.stopped_at.is_(None), SenderRun.seen_at > now - UNSEEN
    )
    return conn.execute(living).scalar_one()


def _crashed(conn: Connection, now: datetime, *, alone: bool) -> int:
    """How many senders started within ten minutes and died since."""
    unclean = select(func.count()).where(
        SenderRun.started_at > now - PERIOD, SenderRun.stopped_at.is_(None)
    )
    if not alone:
        unclean = unclean.where(SenderRun.seen_at < now - UNSEEN)
    return conn.execute(unclean).scalar_one()
