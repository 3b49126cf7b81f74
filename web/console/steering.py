"""Undo, pause, resume and stop, as the buttons of a launched alert name them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from alerts.launching import message_of
from database.jobs import Jobs
from messages import control


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
