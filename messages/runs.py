"""A sender's life: begin by clearing up after one that died, be seen, end cleanly.

The crash-loop breaker lives here. If a fault makes every start end in a crash, every restart would
turn another window into *unknown*; so three unclean starts within ten minutes pause all sending,
and say so, until a person resumes.

And the restored database is recognised here: one that has not heard of what this machine sent last
is an old copy, and sending on from it would write to people twice. It starts held.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, or_, select, update

from database.clock import SLACK, Clock
from database.jobs import Jobs
from messages import mail_gates, pacing
from messages.batches import look_again, reap
from messages.calling_off import LIVE
from messages.control import pause_all
from messages.models import Batch, Delivery
from messages.remembering import Remembered
from messages.sender_models import SenderRun

PERIOD = timedelta(minutes=10)
UNSEEN = timedelta(seconds=60)  # a sender not seen for so long is dead or asleep
SKEW = timedelta(minutes=5)  # clocks of one database's machines may differ by so much
BROKEN = (
    "Sending is paused because Llamado crashed several times within ten minutes. "
    "Look at its log, then resume."
)
RESTORED = (
    "Sending is held because this database is older than what this machine has already sent: a "
    "backup was put back. Some of these people may have their copy. Compare with the provider's own"
    " log, stop what went out, then resume."
)
SET_BACK = (
    "Sending is held because the database was last used at a time that has not come yet. "
    "Set this machine's clock right and see whether a backup was put back, then resume."
)

AlsoHold = Callable[[Connection, datetime], object]


@dataclass(frozen=True, slots=True)
class Begun:
    """What a start found."""

    at: datetime
    warnings: Sequence[str] = ()  # sentences for the log and the screen


def begin(
    conn: Connection,
    jobs: Jobs,
    *,
    owner: str,
    alone: bool,
    unclean_starts: int,
    clock: Clock,
    remembered: Remembered = Remembered(),  # noqa: B008 - a frozen value
    also_hold: AlsoHold | None = None,
) -> Begun:
    """Note a start. ``alone``: a file lock proves that no other sender lives.

    ``also_hold`` holds what other rooms would send by themselves, if the database is an old copy.
    """
    now = clock(conn)
    last = conn.scalar(select(func.max(SenderRun.seen_at)))
    held = _why_held(conn, remembered, last, now)
    if _was_set_back(conn, last, now):
        clock_set_back(conn, jobs, now=now)
    _note_dead(conn, remembered.dead, now)
    crashed = _crashed(conn, now, alone=alone)
    conn.execute(
        insert(SenderRun).values(owner=owner, started_at=now, seen_at=now, stopped_at=None)
    )
    warnings = []
    lost = release_dead(conn, jobs, now=now, alone=alone, dead=remembered.dead)
    if lost:
        warnings.append(f"{lost} copies were on the wire when a sender died; they are now unknown.")
    if unclean_starts and crashed >= unclean_starts:
        pause_all(conn, BROKEN)
        warnings.append(BROKEN)
    if held:
        # Those that a person had paused in the old copy, too: their resume would know nothing of it.
        pause_all(conn, held, among=LIVE)
        warnings.append(held)
        if also_hold is not None:
            also_hold(conn, now)
    return Begun(now, warnings)


def anything_lost(conn: Connection, *, now: datetime) -> bool:
    """Whether a sender holds a batch beyond its lease."""
    held = select(Batch.id).where(Batch.owner.is_not(None), Batch.lease_until < now)
    return conn.execute(held.limit(1)).first() is not None


def release_dead(
    conn: Connection,
    jobs: Jobs,
    *,
    now: datetime,
    alone: bool = False,
    dead: Collection[str] = (),
) -> int:
    """Take back the batches of senders whose lease is over; return how many copies are unknown.

    ``dead`` are senders known to have ended: their leases need not be waited for. A batch that
    somebody is at work on in this instant is not a dead sender's: it is passed over.
    """
    held = select(Batch).where(Batch.owner.is_not(None))
    if not alone:
        held = held.where(or_(Batch.lease_until < now, Batch.owner.in_(list(dead))))
    lost = 0
    for batch in conn.execute(held.order_by(Batch.id).with_for_update(skip_locked=True)).all():
        lost += reap(conn, batch.id, now=now, leased_too=alone or batch.owner in dead)
        conn.execute(
            update(Batch)
            .where(Batch.id == batch.id)
            .values(owner=None, lease_until=None, next_at=now)
        )
        jobs.enqueue(conn, "send_batch", batch.id, priority=batch.priority)
    return lost


def seen(conn: Connection, *, owner: str, clock: Clock) -> datetime:
    """Note that a sender lives; return when."""
    now = clock(conn)
    conn.execute(update(SenderRun).where(SenderRun.owner == owner).values(seen_at=now))
    return now


def end(conn: Connection, *, owner: str, clock: Clock) -> datetime:
    """Note a clean end; return when."""
    now = clock(conn)
    ended = {"stopped_at": now, "seen_at": now}
    conn.execute(update(SenderRun).where(SenderRun.owner == owner).values(ended))
    return now


def alive(conn: Connection, *, now: datetime) -> int:
    """How many senders were seen lately."""
    living = select(func.count()).where(
        SenderRun.stopped_at.is_(None),
        SenderRun.died_at.is_(None),
        SenderRun.seen_at > now - UNSEEN,
    )
    return conn.execute(living).scalar_one()


def _note_dead(conn: Connection, dead: Collection[str], now: datetime) -> None:
    conn.execute(
        update(SenderRun)
        .where(SenderRun.owner.in_(list(dead)), SenderRun.stopped_at.is_(None))
        .values(died_at=now)
    )


def _crashed(conn: Connection, now: datetime, *, alone: bool) -> int:
    """How many senders started within ten minutes and died since."""
    unclean = select(func.count()).where(
        SenderRun.started_at > now - PERIOD, SenderRun.stopped_at.is_(None)
    )
    if not alone:
        unclean = unclean.where(
            or_(SenderRun.seen_at < now - UNSEEN, SenderRun.died_at.is_not(None))
        )
    return conn.execute(unclean).scalar_one()


def _why_held(
    conn: Connection, remembered: Remembered, last: datetime | None, now: datetime
) -> str:
    """Why nothing may leave of this database before a person has looked; "" when all is well."""
    if remembered.seen_at is not None and (last is None or last < remembered.seen_at):
        return RESTORED
    if any(_unknown_here(conn, remembered.claims)):
        return RESTORED
    if last is not None and last > now + SKEW:
        return SET_BACK
    return ""


def _was_set_back(conn: Connection, last: datetime | None, now: datetime) -> bool:
    """Whether something was written at a time that has not come yet."""
    ahead = now + SLACK
    return (last is not None and last > ahead) or pacing.any_filled_after(conn, ahead)


def _unknown_here(conn: Connection, claims: Sequence[tuple[int, int]]) -> Iterator[bool]:
    """Of each claim that this machine made: whether the database has not heard of it."""
    newest: int = conn.scalar(select(func.max(Delivery.id))) or 0
    known = select(Delivery.id, Delivery.attempt)
    ids = [delivery_id for delivery_id, _ in claims]
    attempts = {row.id: row.attempt for row in conn.execute(known.where(Delivery.id.in_(ids)))}
    for delivery_id, attempt in claims:
        # One that is gone, though younger ones are there, was deleted, not forgotten.
        yield attempts.get(delivery_id, attempt if delivery_id <= newest else 0) < attempt


def clock_set_back(conn: Connection, jobs: Jobs, *, now: datetime) -> None:
    """Let nothing wait for a time that comes later than it did: paces, gates and batches."""
    pacing.clock_set_back(conn, now=now)
    mail_gates.clock_set_back(conn, now=now)
    look_again(conn, jobs, now=now)
