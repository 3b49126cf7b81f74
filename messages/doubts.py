"""Which copies are unknown, since when, and what was learned of them since?

A doubt is noted in the transaction that makes a copy unknown. The kept counts prove that none was
forgotten, and ``search`` finds, slice by slice, what they say is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, update

from database.upserts import insert_or
from messages.lookups import FIRST_LOOK
from messages.models import Batch, Delivery, Doubt, Message, MessageCount, MessageStatus, Status

LOOK_TIME = timedelta(minutes=5)  # for which a copy that is being asked about is nobody else's
LONGEST_LEASE = timedelta(minutes=10)  # that the settings allow
NOT_SENT_AGAIN = (
    "not_sent_again"  # the reason of a copy whose second send was called off, or refused
)
SEARCHED = 40  # batches a slice: about twenty thousand deliveries


class Closed(StrEnum):
    """How a doubt ended."""

    SETTLED = "settled"  # by a receipt, or by an answer that came late
    PROVIDER = "provider"  # its list proved it
    SENT = "sent"  # a person had proof that it went out
    NOT_SENT = "not_sent"  # a person had proof that it did not
    AGAIN = "again"  # sent once more, because a person or the policy said so
    ERASED = "erased"  # nobody asks any more: the person asked to be erased


@dataclass(frozen=True, slots=True)
class Due:
    """A doubt that is ours to look into."""

    id: int
    delivery_id: int
    attempt: int
    message_id: int
    channel: str
    contact_id: int | None
    address: str
    language: str
    provider_id: str | None  # of an earlier try
    claimed_at: datetime
    noted_at: datetime
    looks: int
    approved_sends: int
    may_be_sent: bool


def note(conn: Connection, now: datetime, *where: ColumnElement[bool]) -> None:
    """Note that these deliveries become unknown. To be called before their rows are changed.

    Their rows still tell when they were claimed: nothing was written to the wire before that.
    """
    tries = select(
        *_new(Delivery.changed_at.expression, now),
    ).where(Delivery.status == Status.SENDING, *where)
    conn.execute(insert_or(conn, Doubt).from_select(_COLUMNS, tries).on_conflict_do_nothing())


def reopen(conn: Connection, delivery_ids: Sequence[int], *, now: datetime) -> None:
    """Note that these deliveries are unknown again: the other send that was approved did not happen.

    Their providers are asked about them from their first doubtful try on.
    """
    if not delivery_ids:
        return
    time = Doubt.noted_at.type
    again = (
        select(*_new(func.min(Doubt.claimed_at, type_=time), now))
        .join(Doubt, Doubt.delivery_id == Delivery.id)
        .where(Delivery.id.in_(delivery_ids))
        .group_by(Delivery.id, Delivery.attempt)
    )
    opened = {
        "closed_at": None,
        "closed_how": "",
        "closed_by": "",
        "next_look_at": now + FIRST_LOOK,
    }
    insertion = insert_or(conn, Doubt).from_select(_COLUMNS, again)
    conn.execute(
        insertion.on_conflict_do_update(
            index_elements=[Doubt.delivery_id, Doubt.attempt], set_=opened
        )
    )


def open_doubts() -> list[ColumnElement[bool]]:
    """The condition that joins doubts to deliveries which still are unknown, and only to those."""
    return [
        Doubt.closed_at.is_(None),
        # A sum has no index: the few doubts are gone through, never the million deliveries.
        Delivery.id == Doubt.delivery_id + 0,
        Delivery.attempt == Doubt.attempt + 0,
        Delivery.status == Status.UNKNOWN,
    ]


def anything_due(conn: Connection, *, now: datetime) -> bool:
    """Whether there is something to look into; costs next to nothing."""
    return conn.execute(_due(now).limit(1)).first() is not None


def take(
    conn: Connection, *, now: datetime, limit: int, delivery_id: int | None = None
) -> list[Due]:
    """Take the doubts that are due, the longest first, so that no other process asks about them.

    Whoever dies while asking holds them for five minutes. ``delivery_id`` asks for one alone, due or
    not, unless somebody else is at it.
    """
    due = _due(now) if delivery_id is None else _one(delivery_id).where(_unheld(now))
    taken = due.limit(limit).with_for_update(skip_locked=True, of=Doubt).cte("taken")
    ids = conn.scalars(
        update(Doubt)
        .where(Doubt.id.in_(select(taken.c.id)))
        .values(held_until=now + LOOK_TIME)
        .returning(Doubt.id)
    ).all()
    return _read(conn, ids, now)


def forget_settled(conn: Connection, *, now: datetime) -> int:
    """Close the doubts whose copies are no longer unknown; return how many."""
    still = select(Delivery.id).where(*open_doubts()[1:]).exists()
    closed = conn.execute(
        update(Doubt)
        .where(Doubt.closed_at.is_(None), ~still)
        .values(closed_at=now, closed_how=Closed.SETTLED)
        .returning(Doubt.id)
    ).all()
    return len(closed)


def any_settled(conn: Connection) -> bool:
    """Whether ``forget_settled`` would find anything."""
    still = select(Delivery.id).where(*open_doubts()[1:]).exists()
    found = select(Doubt.id).where(Doubt.closed_at.is_(None), ~still)
    return conn.execute(found.limit(1)).first() is not None


def close(
    conn: Connection, delivery_id: int, attempt: int, *, how: Closed, by: str, now: datetime
) -> None:
    """Write down how a doubt ended, and by whom."""
    conn.execute(
        update(Doubt)
        .where(
            Doubt.delivery_id == delivery_id, Doubt.attempt == attempt, Doubt.closed_at.is_(None)
        )
        .values(closed_at=now, closed_how=how, closed_by=by, next_look_at=None)
    )


def ask_now(conn: Connection, delivery_id: int, *, now: datetime) -> bool:
    """Let the sender ask about an unknown copy at its next turn; whether there is such a copy."""
    asked = conn.execute(
        update(Doubt).where(Doubt.id.in_(_one(delivery_id))).values(next_look_at=now)
    )
    return asked.rowcount > 0


# What the kept counts say and no doubt is there for


def missing(conn: Connection) -> dict[tuple[int, str], int]:
    """How many unknown copies of which message and channel nobody has noted; usually none.

    They are from before doubts were kept, or from a restored database.
    """
    kept = dict(_by_message(conn, _kept_counts()))
    noted = dict(_by_message(conn, _noted_counts()))
    return {
        where: count - noted.get(where, 0)
        for where, count in kept.items()
        if count > noted.get(where, 0)
    }


def search(
    conn: Connection, message_id: int, channel: str, after: int
) -> tuple[list[int], int | None]:
    """Find unknown copies without a doubt in the batches after one; and where to go on, or None."""
    batches = conn.execute(
        select(Batch.id, Batch.lo_id, Batch.hi_id)
        .where(Batch.message_id == message_id, Batch.channel == channel, Batch.id > after)
        .order_by(Batch.id)
        .limit(SEARCHED)
    ).all()
    if not batches:
        return [], None
    known = select(Doubt.id).where(
        Doubt.delivery_id == Delivery.id, Doubt.attempt == Delivery.attempt
    )
    found = conn.scalars(
        select(Delivery.id).where(
            Delivery.id >= min(batch.lo_id for batch in batches),
            Delivery.id < max(batch.hi_id for batch in batches),
            # Whichever message's: naming it would lead SQLite to the index of all its copies.
            Delivery.status == Status.UNKNOWN,
            ~known.exists(),
        )
    )
    return list(found), batches[-1].id if len(batches) == SEARCHED else None


def note_found(conn: Connection, delivery_ids: Sequence[int], *, now: datetime) -> None:
    """Note unknown copies that were searched for.

    When they were claimed is no longer known to the second. A lease says it best, and counts from
    its end, because a service that was down for days gives its copies up only when it comes back.
    """
    ended = func.coalesce(Delivery.lease_until, Delivery.changed_at)
    rows = conn.execute(
        select(Delivery.id, Delivery.attempt, ended, Delivery.changed_at).where(
            Delivery.id.in_(delivery_ids), Delivery.status == Status.UNKNOWN
        )
    ).all()
    values = [
        _row(row[0], row[1], min(row[2], row[3]) - LONGEST_LEASE, row[3], now) for row in rows
    ]
    if values:
        conn.execute(insert_or(conn, Doubt).on_conflict_do_nothing(), values)


def _row(
    delivery_id: int, attempt: int, claimed_at: datetime, noted_at: datetime, now: datetime
) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "attempt": attempt,
        "claimed_at": claimed_at,
        "noted_at": noted_at,
        "next_look_at": max(now, noted_at + FIRST_LOOK),
        **BLANK,
    }


BLANK: dict[str, Any] = {
    "looks": 0,
    "asked": "",
    "found": "",
    "candidates": 0,
    "provider_status": "",
    "closed_how": "",
    "closed_by": "",
}
_COLUMNS = ["delivery_id", "attempt", "claimed_at", "noted_at", "next_look_at", *BLANK]


def _new(claimed_at: ColumnElement[datetime], now: datetime) -> list[Any]:
    """The columns of a doubt as selected from deliveries."""
    time = Doubt.noted_at.type
    return [
        Delivery.id,
        Delivery.attempt,
        claimed_at,
        literal(now, time),
        literal(now + FIRST_LOOK, time),
        *(literal(value) for value in BLANK.values()),
    ]


def _due(now: datetime) -> Any:
    return (
        select(Doubt.id)
        .where(Doubt.closed_at.is_(None), Doubt.next_look_at <= now, _unheld(now))
        .order_by(Doubt.next_look_at)
    )


def _one(delivery_id: int) -> Any:
    """The open doubt of a copy that still is unknown."""
    return (
        select(Doubt.id)
        .join(Delivery, and_(*open_doubts()[1:]))
        .where(Doubt.closed_at.is_(None), Doubt.delivery_id == delivery_id)
    )


def _unheld(now: datetime) -> ColumnElement[bool]:
    return or_(Doubt.held_until.is_(None), Doubt.held_until < now)


def _read(conn: Connection, ids: Sequence[int], now: datetime) -> list[Due]:
    """The doubts of copies that still are unknown."""
    alive = and_(
        Message.status.not_in((MessageStatus.STOPPED, MessageStatus.EXPIRED)),
        or_(Message.expires_at.is_(None), Message.expires_at > now),
    )
    rows = conn.execute(
        select(
            Doubt.id,
            Doubt.delivery_id,
            Doubt.attempt,
            Delivery.message_id,
            Delivery.channel,
            Delivery.contact_id,
            func.coalesce(Delivery.address, "").label("address"),
            Delivery.language,
            Delivery.provider_id,
            Doubt.claimed_at,
            Doubt.noted_at,
            Doubt.looks,
            Delivery.approved_sends,
            alive.label("may_be_sent"),
        )
        .join(Delivery, and_(*open_doubts()))
        .join(Message, Message.id == Delivery.message_id)
        .where(Doubt.id.in_(ids))
        .order_by(Doubt.delivery_id)
    )
    return [Due(**{**row, "may_be_sent": bool(row["may_be_sent"])}) for row in rows.mappings()]


def _kept_counts() -> Any:
    return (
        select(MessageCount.message_id, MessageCount.channel, func.sum(MessageCount.count))
        .where(MessageCount.status == Status.UNKNOWN, MessageCount.count > 0)
        .group_by(MessageCount.message_id, MessageCount.channel)
    )


def _noted_counts() -> Any:
    return (
        select(Delivery.message_id, Delivery.channel, func.count())
        .select_from(Doubt)
        .join(Delivery, and_(*open_doubts()))
        .group_by(Delivery.message_id, Delivery.channel)
    )


def _by_message(conn: Connection, statement: Any) -> list[tuple[tuple[int, str], int]]:
    return [((row[0], row[1]), int(row[2])) for row in conn.execute(statement)]
