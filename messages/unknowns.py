"""A person decides about a copy whose fate nobody knows: send it again, or say what became of it.

The only way from *unknown* back to *pending*. Whoever approves accepts that the person may get the
same text twice; so it is one copy at a time, of a message that may still be sent, and the number of
approved sends is kept on the row. Who decided, and when, is kept with the doubt.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from database import locking
from database.jobs import Jobs
from messages import counts, doubts
from messages.batches import reopen
from messages.calling_off import LIVE
from messages.control import NotNow
from messages.doubts import Closed
from messages.models import Batch, Delivery, Message, MessageStatus, Status

log = structlog.get_logger("messages")

AGAIN = (*LIVE, MessageStatus.FINISHED)


NO_LONGER = "this copy is no longer unknown; look at the page again"
PROVEN_UNSENT = "proven_unsent"  # a person had proof; the reason that such a copy failed


def approve_another_send(
    conn: Connection,
    jobs: Jobs,
    delivery_id: int,
    *,
    by: str,
    now: datetime,
    attempt: int | None = None,
) -> None:
    """Let an unknown copy be sent once more. Raises NotNow when it is not, or its message ended, and
    Locked while everything is.

    ``attempt``: only if this is the try that is unknown. Whether the person may still be written to
    is asked again by the claim.
    """
    locking.require_unlocked(conn)
    batch = _batch(conn, delivery_id)
    row = _locked(conn, delivery_id)
    if batch is None or row.status != Status.UNKNOWN or attempt not in (None, row.attempt):
        raise NotNow(NO_LONGER)
    if row.address is None:
        raise NotNow("nobody knows any more whose copy this was; it cannot be sent again")
    _require_alive(conn, row.message_id)
    conn.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(
            status=int(Status.PENDING),
            reason="",
            owner=None,
            not_before=None,
            approved_sends=Delivery.approved_sends + 1,
            changed_at=now,
        )
    )
    reopen(conn, batch, now=now)
    jobs.enqueue(conn, "send_batch", batch.id, priority=batch.priority)
    _count(conn, row, Status.PENDING, "")
    doubts.close(conn, delivery_id, row.attempt, how=Closed.AGAIN, by=by, now=now)
    log.info("another send approved", delivery=delivery_id, by=by)


def settle(conn: Connection, delivery_id: int, *, sent: bool, by: str, now: datetime) -> None:
    """Take a person's word, who looked it up at the provider, for what became of an unknown copy.

    What went out counts as accepted, and later receipts may still raise it; what did not has failed
    for good: whoever wants it sent approves another send instead. Raises NotNow when it is no
    longer unknown.
    """
    row = _locked(conn, delivery_id)
    if row is None or row.status != Status.UNKNOWN:
        raise NotNow(NO_LONGER)
    status, reason = (Status.ACCEPTED, "") if sent else (Status.FAILED, PROVEN_UNSENT)
    conn.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(status=int(status), reason=reason, owner=None, changed_at=now)
    )
    _count(conn, row, status, reason)
    how = Closed.SENT if sent else Closed.NOT_SENT
    doubts.close(conn, delivery_id, row.attempt, how=how, by=by, now=now)
    log.info("unknown settled by a person", delivery=delivery_id, sent=sent, by=by)


def _batch(conn: Connection, delivery_id: int) -> Row[Batch] | None:
    """The batch a delivery lies in, locked before the delivery itself, as every sender does."""
    return conn.execute(
        select(Batch)
        .join(Delivery, _lies_in_batch())
        .where(Delivery.id == delivery_id)
        .with_for_update(of=Batch)
    ).one_or_none()


def _lies_in_batch() -> ColumnElement[bool]:
    return and_(
        Batch.message_id == Delivery.message_id,
        Batch.channel == Delivery.channel,
        Batch.lo_id <= Delivery.id,
        Batch.hi_id > Delivery.id,
    )


def _locked(conn: Connection, delivery_id: int) -> Any:
    return conn.execute(
        select(
            Delivery.message_id,
            Delivery.channel,
            Delivery.status,
            Delivery.attempt,
            Delivery.reason,
            Delivery.zone_set_id,
            Delivery.address,
        )
        .where(Delivery.id == delivery_id)
        .with_for_update()
    ).one_or_none()


def _require_alive(conn: Connection, message_id: int) -> None:
    status = conn.execute(select(Message.status).where(Message.id == message_id)).scalar_one()
    if status not in AGAIN:
        raise NotNow(f"nothing more of this message can be sent; it is {status}")


def _count(conn: Connection, row: Any, status: Status, reason: str) -> None:
    deltas = counts.Deltas()
    counts.moved(
        deltas,
        counts.place(row.message_id, row.channel, row.status, row.reason, row.zone_set_id),
        counts.place(row.message_id, row.channel, status, reason, row.zone_set_id),
    )
    counts.apply(conn, deltas)
