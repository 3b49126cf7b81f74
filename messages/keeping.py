"""Keep the messages of the outbox where the console can show them, and look there again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from messages.models import OutboxMessage
from messages.providers.outbox import Kept


def keep(conn: Connection, messages: Sequence[Kept], *, now: datetime) -> None:
    """Store messages as their people would see them."""
    rows = [
        {
            "delivery_id": one.ticket.delivery_id,
            "channel": one.channel,
            "sender": one.sender,
            "address": one.address,
            "subject": one.subject,
            "text": one.text,
            "html": one.html,
            "headers": dict(one.headers),
            "at": now,
        }
        for one in messages
    ]
    if rows:
        conn.execute(insert(OutboxMessage), rows)


def kept_at(conn: Connection, delivery_ids: Sequence[int]) -> list[list[datetime]]:
    """When the outbox kept copies of each of these deliveries, in their order."""
    rows = conn.execute(
        select(OutboxMessage.delivery_id, OutboxMessage.at)
        .where(OutboxMessage.delivery_id.in_(set(delivery_ids)))
        .order_by(OutboxMessage.id)
    ).all()
    return [[at for found, at in rows if found == wanted] for wanted in delivery_ids]
