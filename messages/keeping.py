"""Keep the messages of the outbox where the console can show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

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
