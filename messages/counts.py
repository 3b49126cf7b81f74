"""How many deliveries are where: kept by deltas, in the transaction that moves them.

Counting a million rows takes 74 to 1,100 ms on every refresh of a progress page; reading the kept
counts takes a tenth of a millisecond.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    Integer,
    Text,
    bindparam,
    func,
    select,
    true,
    update,
)

from contacts.changes import new_stamp
from database.handing import Handed
from database.upserts import insert_for
from messages.models import Delivery, MessageCount, Status


class Place(NamedTuple):
    """Where a delivery is, as far as counting goes."""

    message_id: int
    channel: str
    status: int
    reason: str
    zone_set_id: int  # of pending rows only, else 0


Deltas = Counter[Place]

CHANGES = Handed(
    "changes",
    {
        "message_id": BigInteger(),
        "channel": Text(),
        "status": Integer(),
        "reason": Text(),
        "zone_set_id": BigInteger(),
        "count": BigInteger(),
        "stamp": BigInteger(),
    },
)
# A copy has gone out, whatever became of it then.
OUT = (Status.ACCEPTED, Status.QUEUED, Status.SENT, Status.DELIVERED, Status.UNDELIVERED)


def place(
    message_id: int, channel: str, status: int, reason: str, zone_set_id: int | None
) -> Place:
    """Name the place of a delivery."""
    waits = zone_set_id or 0 if status == Status.PENDING else 0
    return Place(message_id, channel, int(status), reason, waits)


def moved(deltas: Deltas, before: Place, after: Place) -> None:
    """Note one delivery's move."""
    many_moved(deltas, before, after, 1)


def many_moved(deltas: Deltas, before: Place, after: Place, number: int) -> None:
    """Note that so many deliveries moved alike."""
    deltas[before] -= number
    deltas[after] += number


def more_waiting(deltas: Deltas) -> bool:
    """Whether anything moved back to where copies wait."""
    return any(change > 0 for key, change in deltas.items() if key.status == Status.PENDING)


def gone_out(conn: Connection, message_id: int) -> bool:
    """Whether any copy of a message was ever claimed and may have left."""
    left = (MessageCount.status >= Status.SENDING, MessageCount.status <= Status.FAILED)
    found = select(MessageCount.count).where(MessageCount.message_id == message_id, *left)
    return conn.execute(found.where(MessageCount.count > 0).limit(1)).first() is not None


def waiting(conn: Connection, message_id: int) -> int:
    """How many copies of a message have not been claimed."""
    pending = select(func.coalesce(func.sum(MessageCount.count), 0)).where(
        MessageCount.message_id == message_id, MessageCount.status == Status.PENDING
    )
    return int(conn.execute(pending).scalar_one())


def apply(conn: Connection, deltas: Deltas) -> None:
    """Add the deltas to the kept counts; rows in key order, so that two senders never deadlock.

    Also where as many came as went: those are others, which their stamp tells.
    """
    stamp = new_stamp()
    rows = [(*key, change, stamp) for key, change in sorted(deltas.items())]
    if rows:
        conn.execute(_adding(conn.dialect.name), CHANGES.values(rows))


@cache
def _adding(dialect: str) -> Executable:
    """Built once: that takes longer than to run it, and every batch does."""
    # SQLite takes ON CONFLICT for a part of the SELECT unless that has a WHERE.
    changes = select(CHANGES.table(dialect)).where(true())
    statement = insert_for(dialect, MessageCount).from_select(list(CHANGES.types), changes)
    return statement.on_conflict_do_update(
        index_elements=["message_id", "channel", "status", "reason", "zone_set_id"],
        set_={
            "count": MessageCount.count + statement.excluded.count,
            "stamp": statement.excluded.stamp,
        },
    )


def stamp_of(conn: Connection, message_ids: Collection[int]) -> int:
    """A number that changes whenever copies of these messages go out, or turn out not to have.

    Such a move begins or ends where copies are that have not gone out, and those places have a new stamp then. None
    of them comes again: they are random. Receipts only move copies among those that have.
    """
    mine = (MessageCount.message_id.in_(message_ids), MessageCount.status.not_in(OUT))
    return int(conn.scalar(select(func.sum(MessageCount.stamp)).where(*mine)) or 0)


def stamp(conn: Connection, message_ids: Collection[int]) -> None:
    """Note that copies of these messages are not whose they were, though none has moved."""
    mine = update(MessageCount).where(MessageCount.message_id.in_(message_ids))
    conn.execute(mine.values(stamp=new_stamp()))


_KEPT = select(
    MessageCount.message_id,
    MessageCount.channel,
    MessageCount.status,
    MessageCount.reason,
    MessageCount.zone_set_id,
    MessageCount.count,
).where(MessageCount.message_id.in_(bindparam("messages", expanding=True)), MessageCount.count != 0)


def kept(conn: Connection, message_ids: Iterable[int]) -> dict[Place, int]:
    """The kept counts of these messages, zeros left out."""
    rows = conn.execute(_KEPT, {"messages": list(message_ids)})
    return {Place(*row[:5]): row[5] for row in rows}


def counted(conn: Connection, message_id: int) -> dict[Place, int]:
    """The same numbers counted from the deliveries themselves: slow, and the proof of ``kept``."""
    waits = func.coalesce(Delivery.zone_set_id, 0)
    rows = conn.execute(
        select(Delivery.channel, Delivery.status, Delivery.reason, waits, func.count())
        .where(Delivery.message_id == message_id)
        .group_by(Delivery.channel, Delivery.status, Delivery.reason, waits)
    )
    totals: Counter[Place] = Counter()
    for channel, status, reason, zone_set_id, count in rows:
        totals[place(message_id, channel, status, reason, zone_set_id)] += count
    return dict(totals)
