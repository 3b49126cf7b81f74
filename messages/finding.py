"""What is the most urgent piece of work? Asked of the rows, which are the only truth."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, or_, select

from messages.models import Batch, Message, MessageStatus

# A stopped or expired message still has to account for everybody, and to close its batches.
UNEXPANDED = (
    MessageStatus.SENDING,
    MessageStatus.PAUSED,
    MessageStatus.STOPPED,
    MessageStatus.EXPIRED,
)
WORKED_OFF = (MessageStatus.SENDING, MessageStatus.STOPPED, MessageStatus.EXPIRED)
SWEEP = 200  # pieces one sweep asks for


@dataclass(frozen=True, slots=True)
class Work:
    """Something to do: ``expand`` a message, or ``send_batch``."""

    kind: str
    key: int
    priority: int


def most_urgent(
    conn: Connection,
    *,
    now: datetime,
    expanding: Collection[int] = (),
    paced: Collection[tuple[int, str]] = (),
) -> Work | None:
    """The piece of work to do next; ``expanding`` are the messages this process is expanding.

    ``paced`` are messages and channels that wait for their sender's pace. Without it every batch of
    theirs would be taken and put back at every turn, hundreds of commits for one copy.
    """
    found = [*_expansions(conn, expanding, 1), *_batches(conn, now, 1, but=paced)]
    return min(found, key=lambda work: work.priority, default=None)


def due(conn: Connection, *, now: datetime) -> list[Work]:
    """What should be worked on now, for a sweep that repairs lost jobs."""
    return [*_expansions(conn, (), SWEEP), *_batches(conn, now, SWEEP)]


def _expansions(conn: Connection, but: Collection[int], limit: int) -> list[Work]:
    unfinished = (
        select(Message.id, Message.priority)
        .where(
            Message.status.in_(UNEXPANDED),
            Message.expanded_at.is_(None),
            Message.id.not_in(list(but)),
        )
        .order_by(Message.priority, Message.id)
        .limit(limit)
    )
    return _work(conn, "expand", unfinished)


def _batches(
    conn: Connection, now: datetime, limit: int, *, but: Collection[tuple[int, str]] = ()
) -> list[Work]:
    waiting = (
        select(Batch.id, Batch.priority)
        .join(Message, Message.id == Batch.message_id)
        .where(
            Batch.open,
            Batch.next_at <= now,
            or_(Batch.owner.is_(None), Batch.lease_until < now),
            Message.status.in_(WORKED_OFF),
            *(
                or_(Batch.message_id != message, Batch.channel != channel)
                for message, channel in but
            ),
        )
        .order_by(Batch.priority, Batch.next_at, Batch.id)
        .limit(limit)
    )
    return _work(conn, "send_batch", waiting)


def _work(conn: Connection, kind: str, found: Select[int, int]) -> list[Work]:
    return [Work(kind, key, priority) for key, priority in conn.execute(found)]
