"""Undo, pause, resume and stop, as the buttons of a launched alert name them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from alerts.launching import message_of
from contacts.models import Membership
from database.jobs import Jobs
from messages import control
from messages.models import Delivery
from messages.unknowns import approve_another_send


def steer(conn: Connection, jobs: Jobs, alert_id: int, *, act: str, now: datetime) -> None:
    """Do what a button says to an alert's message. Raises NotNow where it makes no sense."""
    message_id = message_of(conn, alert_id)
    if act == "undo":
        control.undo(conn, message_id, now=now)
    elif act == "pause":
        control.pause(conn, message_id)
    elif act == "resume":
        control.resume(conn, jobs, message_id, now=now)
    else:
        control.stop(conn, message_id, now=now)


def send_again(
    conn: Connection,
    jobs: Jobs,
    alert_id: int,
    *,
    delivery_id: int,
    within: Sequence[int] | None,
    by: str,
    now: datetime,
) -> None:
    """Approve one more send of an unknown copy of this alert, to somebody the organizer may see.

    Raises NotNow for any other copy.
    """
    mine = select(Delivery.id).where(
        Delivery.id == delivery_id, Delivery.message_id == message_of(conn, alert_id)
    )
    if within is not None:
        members = select(Membership.contact_id).where(Membership.project_id.in_(within))
        mine = mine.where(Delivery.contact_id.in_(members))
    # 0 is nobody's: a copy they may not see answers like one that is settled.
    approve_another_send(conn, jobs, conn.scalar(mine) or 0, by=by, now=now)
