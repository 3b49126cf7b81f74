"""Call off copies that have not left: what becomes of them, and the counts with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, select, update

from messages import counts, doubts
from messages.doubts import NOT_SENT_AGAIN
from messages.models import Delivery, Message, MessageStatus, Status

ANEW = "anew"  # the reason of a copy that was called off, and another takes its place
LIVE = (MessageStatus.SENDING, MessageStatus.PAUSED)


def taken_back() -> ColumnElement[bool]:
    """That a message was stopped before anything of it could leave."""
    early = func.coalesce(Message.finished_at < Message.starts_at, false())
    return and_(Message.status == MessageStatus.STOPPED, early)


def cancel_pending(
    conn: Connection, *, channel: str, address: str, reason: str, now: datetime
) -> int:
    """Skip every copy that waits for this address, in every live message; return how many.

    What is claimed already may be on the wire: it is in the in-flight window of two seconds.
    """
    live = list(conn.scalars(select(Message.id).where(Message.status.in_(LIVE))))
    if not live:
        return 0
    mine = (
        Delivery.message_id.in_(live),
        Delivery.channel == channel,
        Delivery.address == address,
    )
    return cancel(conn, mine, Status.SKIPPED, reason, now)


def cancel(
    conn: Connection,
    where: Iterable[ColumnElement[bool]],
    status: Status,
    reason: str,
    now: datetime,
) -> int:
    """Move pending deliveries to a status they do not leave; return how many there were."""
    deltas: counts.Deltas = Counter()
    called_off = call_off(conn, where, status, reason, deltas, now)
    counts.apply(conn, deltas)
    return called_off


def call_off(
    conn: Connection,
    where: Iterable[ColumnElement[bool]],
    status: Status,
    reason: str,
    deltas: counts.Deltas,
    now: datetime,
) -> int:
    """Do the same for a caller that keeps the counts; ``deltas`` notes the moves.

    A copy that was to be sent once more is unknown again: its first try may have arrived.
    """
    tried = Delivery.approved_sends > 1
    moved = conn.execute(
        update(Delivery)
        .where(Delivery.status == Status.PENDING, *where)
        .values(
            status=case((tried, int(Status.UNKNOWN)), else_=int(status)),
            reason=case((tried, NOT_SENT_AGAIN), else_=reason),
            not_before=None,
            changed_at=now,
        )
        .returning(
            Delivery.id,
            Delivery.message_id,
            Delivery.channel,
            Delivery.zone_set_id,
            Delivery.status,
            Delivery.reason,
        )
    ).all()
    for row in moved:
        counts.moved(
            deltas,
            counts.place(row.message_id, row.channel, Status.PENDING, "", row.zone_set_id),
            counts.place(row.message_id, row.channel, row.status, row.reason, None),
        )
    doubts.reopen(conn, [row.id for row in moved if row.status == Status.UNKNOWN], now=now)
    return len(moved)


def replace_called_off(
    conn: Connection, where: Iterable[ColumnElement[bool]], reason: str, *, now: datetime
) -> list[int]:
    """Note of copies that were called off for a reason that others take their place; return their ids.

    They stay as they are, and are counted under ``ANEW``, so that nobody takes them for people left out.
    """
    gone = (Delivery.status.in_((Status.SKIPPED, Status.STOPPED)), Delivery.reason == reason)
    noted = update(Delivery).where(*gone, *where).values(reason=ANEW, changed_at=now)
    columns = (Delivery.id, Delivery.message_id, Delivery.channel, Delivery.status)
    moved, deltas = conn.execute(noted.returning(*columns)).all(), counts.Deltas()
    for row in moved:
        told = (row.message_id, row.channel, row.status)
        counts.moved(deltas, counts.place(*told, reason, None), counts.place(*told, ANEW, None))
    counts.apply(conn, deltas)
    return [row.id for row in moved]


def leftover(status: str) -> tuple[Status, str] | None:
    """What becomes of a copy that comes back unsent after its message has ended; None if live."""
    ends = {
        MessageStatus.STOPPED: (Status.STOPPED, "stopped"),
        MessageStatus.EXPIRED: (Status.EXPIRED, "expired"),
    }
    return ends.get(MessageStatus(status))
