"""Write down what came of a window, fenced by owner and attempt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from contacts import consent
from contacts.models import Standing
from messages import counts, doubts
from messages.models import Batch, Delivery, Message, MessageStatus, Status
from messages.outcomes import Next, settled
from messages.providers.provider import Harm, Misconfigured, Outcome, Rejected
from messages.rewriting import rewrite

MOST_ATTEMPTS = 50  # provably unsent tries of one copy before we give up and say so


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours to send, once."""

    delivery_id: int
    attempt: int
    contact_id: int | None
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one claim."""

    claim: Claim
    outcome: Outcome
    segments: int = 0
    language: str = ""


def record(
    conn: Connection,
    batch: Row[Batch],
    message: Row[Message],
    done: Sequence[Done],
    *,
    owner: str,
    deltas: counts.Deltas,
    now: datetime,
) -> None:
    """Write down what came of a window, fenced by owner and attempt; ``deltas`` notes the moves."""
    if not done:
        return
    rows = _held(conn, batch, done)
    changes: list[dict[str, Any]] = []
    for item in done:
        row = rows.get(item.claim.delivery_id)
        if row is None or row.attempt != item.claim.attempt or row.owner != owner:
            continue
        to = settled(
            Status(row.status),
            item.outcome,
            message_status=message.status,
            retry="too_many_tries" if row.attempt >= MOST_ATTEMPTS else "",
            now=now,
        )
        changes.append(_change(item, to, row, now))
        _count(deltas, message.id, batch.channel, row, to)
    if lost := [change["id"] for change in changes if change["status"] == Status.UNKNOWN]:
        doubts.note(conn, now, Delivery.id.in_(lost))
    rewrite(conn, changes)
    _learn(conn, batch.channel, done, now)
    _pause_if_misconfigured(conn, message, done)


def _held(conn: Connection, batch: Row[Batch], done: Sequence[Done]) -> dict[int, Any]:
    """The rows as they are now, locked in id order.

    Asked for as a range: a list of five hundred ids costs more to bind than the rows to read.
    """
    ids = [item.claim.delivery_id for item in done]
    rows = conn.execute(
        select(
            Delivery.id,
            Delivery.status,
            Delivery.reason,
            Delivery.attempt,
            Delivery.owner,
            Delivery.zone_set_id,
            Delivery.provider_id,
        )
        .where(
            Delivery.id >= min(ids),
            Delivery.id <= max(ids),
            Delivery.message_id == batch.message_id,
            Delivery.channel == batch.channel,
        )
        .order_by(Delivery.id)
        .with_for_update()
    )
    return {row.id: row for row in rows}


def _change(item: Done, to: Next, row: Any, now: datetime) -> dict[str, Any]:
    keep = row.reason if to.status == row.status else to.reason
    return {
        "id": row.id,
        "status": int(to.status),
        "reason": keep,
        "provider_id": to.provider_id or row.provider_id,
        "not_before": to.not_before,
        "language": item.language,
        "segments": item.segments,
        # An unknown keeps its owner: if it was only asleep, its late answer still counts.
        "owner": row.owner if to.status == Status.UNKNOWN else None,
        "lease_until": None,
        "changed_at": now,
    }


def _count(deltas: counts.Deltas, message_id: int, channel: str, row: Any, to: Next) -> None:
    reason = row.reason if to.status == row.status else to.reason
    counts.moved(
        deltas,
        counts.place(message_id, channel, row.status, row.reason, row.zone_set_id),
        counts.place(message_id, channel, to.status, reason, row.zone_set_id),
    )


def _learn(conn: Connection, channel: str, done: Iterable[Done], now: datetime) -> None:
    """What a refusal says about an address goes where every later message asks."""
    for item in done:
        if isinstance(item.outcome, Rejected) and item.outcome.harm is not None:
            suppress(
                conn,
                channel,
                item.claim.address,
                item.outcome.harm,
                evidence=item.outcome.code,
                now=now,
            )


def suppress(
    conn: Connection, channel: str, address: str, harm: Harm, *, evidence: str, now: datetime
) -> None:
    """Record a provider's word on an address."""
    consent.refuse(
        conn,
        channel,
        address,
        standing=Standing(harm.value),
        source="provider",
        evidence=evidence,
        actor="provider",
        now=now,
    )


def _pause_if_misconfigured(conn: Connection, message: Row[Message], done: Iterable[Done]) -> None:
    sentences = [item.outcome.sentence for item in done if isinstance(item.outcome, Misconfigured)]
    if sentences and message.status == MessageStatus.SENDING:
        conn.execute(
            update(Message)
            .where(Message.id == message.id, Message.status == MessageStatus.SENDING)
            .values(status=MessageStatus.PAUSED, paused_because=sentences[0])
        )
