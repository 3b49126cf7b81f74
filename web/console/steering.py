"""Approve one more send of an unknown copy, as a button of a launched alert asks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from alerts.launching import message_of
from contacts.scope import people
from database.jobs import Jobs
from messages.models import Delivery
from messages.unknowns import approve_another_send
from organizers.roles import Within


def send_again(
    conn: Connection,
    jobs: Jobs,
    alert_id: int,
    *,
    delivery_id: int,
    within: Within,
    by: str,
    now: datetime,
) -> None:
    """Approve one more send of an unknown copy of this alert, to somebody the organizer may see.

    Raises NotNow for any other copy.
    """
    mine = select(Delivery.id).where(
        Delivery.id == delivery_id, Delivery.message_id == message_of(conn, alert_id)
    )
    mine = mine.where(people(within, Delivery.contact_id.expression))
    # 0 is nobody's: a copy they may not see answers like one that is settled.
    approve_another_send(conn, jobs, conn.scalar(mine) or 0, by=by, now=now)
