"""What providers tell us afterwards: stored once before they are answered, applied in batches.

Receipts come late, twice, forty-six times, in any order, and sometimes before our own request has
been answered. So each is kept raw under a key that makes a copy recognisable; statuses only move
up; and a receipt counts only for the attempt whose token it carries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from contacts.models import Channel
from database.upserts import insert_or
from messages import counts, links
from messages.control import cancel_pending
from messages.models import Delivery, Event, Status
from messages.outcomes import Next, advanced
from messages.providers import sendgrid, twilio
from messages.providers.provider import Harm, Receipt
from messages.recording import suppress
from messages.rewriting import rewrite

RECEIPT = "receipt"
INBOUND = "inbound"
APPLY = 1_000  # events a transaction

READERS: Mapping[str, tuple[Channel, Callable[[Mapping[str, Any]], Receipt | None]]] = {
    twilio.NAME: (Channel.SMS, twilio.read_status),
    sendgrid.NAME: (Channel.EMAIL, sendgrid.read_event),
}


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A webhook's event as it came in."""

    provider: str
    key: str  # the same for every copy of it
    kind: str  # RECEIPT or INBOUND
    payload: Mapping[str, Any]


def store(conn: Connection, events: Sequence[RawEvent], *, now: datetime) -> list[int]:
    """Keep events, each once; return the ids of those that were new."""
    rows = [
        {
            "provider": event.provider,
            "key": event.key[:160],
            "kind": event.kind,
            "payload": dict(event.payload),
            "received_at": now,
            "applied_at": None,
        }
        for event in events
    ]
    if not rows:
        return []
    statement = insert_or(conn, Event).on_conflict_do_nothing().returning(Event.id)
    return sorted(conn.execute(statement, rows).scalars())


def mark_applied(conn: Connection, event_ids: Sequence[int], *, now: datetime) -> None:
    """Note that events have had their effect."""
    conn.execute(update(Event).where(Event.id.in_(event_ids)).values(applied_at=now))


def apply_waiting(conn: Connection, *, secret: str, now: datetime, limit: int = APPLY) -> int:
    """Apply the oldest receipts that wait; return how many there were.

    Two processes may do so at once: neither waits for events that the other is applying.
    """
    waiting = (
        select(Event.id)
        .where(Event.applied_at.is_(None), Event.kind == RECEIPT)
        .order_by(Event.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("waiting")
    )
    taken = conn.execute(
        update(Event)
        .where(Event.id.in_(select(waiting.c.id)), Event.applied_at.is_(None))
        .values(applied_at=now)
        .returning(Event.id, Event.provider, Event.payload)
    ).all()
    marked = []
    for event in sorted(taken, key=lambda event: event.id):
        channel, read = READERS[event.provider]
        receipt = read(event.payload)
        if receipt is not None:
            marked.append((channel, receipt))
    apply(conn, marked, secret=secret, now=now)
    return len(taken)


def apply(
    conn: Connection,
    receipts: Sequence[tuple[Channel, Receipt]],
    *,
    secret: str,
    now: datetime,
) -> None:
    """Move deliveries up, and record what receipts say about addresses."""
    proven = [(channel, receipt) for channel, receipt in receipts if _is_ours(receipt, secret)]
    addresses = _advance(conn, [receipt for _, receipt in proven], now)
    for channel, receipt in proven:
        if receipt.harm is not None:
            known = addresses.get(receipt.delivery_id or 0)
            _harm(conn, channel, known or receipt.address, receipt.harm, receipt.code, now)


def _is_ours(receipt: Receipt, secret: str) -> bool:
    """Whether its marks were issued by us. Without marks it can only speak of an address.

    Its signature has been checked at the door; the token also keeps a callback meant for another
    installation, or another attempt, from moving our rows.
    """
    if receipt.delivery_id is None or receipt.attempt is None:
        return receipt.delivery_id is None and bool(receipt.address)
    return links.check_receipt(secret, receipt.delivery_id, receipt.attempt, receipt.token)


def _advance(conn: Connection, receipts: Sequence[Receipt], now: datetime) -> dict[int, str]:
    """Apply status changes in order of arrival; return the addresses of the deliveries named."""
    ids = sorted({receipt.delivery_id for receipt in receipts if receipt.delivery_id is not None})
    if not ids:
        return {}
    rows = _locked(conn, ids)
    reached: dict[int, Next] = {}
    for receipt in receipts:
        row = rows.get(receipt.delivery_id or 0)
        if row is None:
            continue
        before = reached.get(row.id)
        current = before.status if before else Status(row.status)
        step = advanced(current, attempt=row.attempt, receipt=receipt)
        if step is not None:
            reached[row.id] = step
    _write(conn, rows, reached, now)
    return {row.id: row.address for row in rows.values() if row.address}


def _locked(conn: Connection, ids: Sequence[int]) -> dict[int, Any]:
    found = conn.execute(
        select(
            Delivery.id,
            Delivery.message_id,
            Delivery.channel,
            Delivery.address,
            Delivery.status,
            Delivery.reason,
            Delivery.attempt,
            Delivery.zone_set_id,
            Delivery.provider_id,
        )
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.id)
        .with_for_update()
    )
    return {row.id: row for row in found}


def _write(
    conn: Connection, rows: Mapping[int, Any], reached: Mapping[int, Next], now: datetime
) -> None:
    if not reached:
        return
    deltas: counts.Deltas = Counter()
    changes = []
    for delivery_id, step in sorted(reached.items()):
        row = rows[delivery_id]
        counts.moved(
            deltas,
            counts.place(row.message_id, row.channel, row.status, row.reason, row.zone_set_id),
            counts.place(row.message_id, row.channel, step.status, step.reason, None),
        )
        changes.append(
            {
                "id": delivery_id,
                "status": int(step.status),
                "reason": step.reason,
                "provider_id": step.provider_id or row.provider_id,
                "not_before": None,
                "changed_at": now,
            }
        )
    rewrite(conn, changes)
    counts.apply(conn, deltas)


def _harm(
    conn: Connection, channel: Channel, address: str, harm: Harm, code: str, now: datetime
) -> None:
    if not address:
        return
    suppress(conn, channel, address, harm, evidence=code, now=now)
    cancel_pending(conn, channel=channel, address=address, reason=harm.value, now=now)
