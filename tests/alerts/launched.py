"""A draft that is launched for everybody it reaches, with all its copies written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from alerts.launching import launch, message_of
from alerts.preflight import check
from database.jobs import Jobs
from messages.expanding import expand_chunk
from messages.house import HouseRules


def launch_whole(
    conn: Connection, jobs: Jobs, alert_id: int, *, house: HouseRules, now: datetime
) -> int:
    """Launch it and write its copies; its message."""
    people = check(conn, alert_id, house=house, now=now).people
    launch(conn, jobs, alert_id, house=house, confirmed=people, by="Amina", now=now)
    message_id = message_of(conn, alert_id)
    while expand_chunk(conn, jobs, message_id, now=now):
        continue
    return message_id
