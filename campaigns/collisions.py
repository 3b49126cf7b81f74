"""What keeps planned mail back? An urgent alert that went to the same people shortly before.

A red alert's launch notes until when (``postpone``); whoever settles an occurrence asks (``in_the_way``). Nothing
is written into what is planned, so an alert that is undone before it left keeps nothing back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from campaigns.collision_models import Postponement
from database.upserts import insert_or
from messages import audience as audiences
from messages.calling_off import taken_back
from messages.models import Message


@dataclass(frozen=True)
class InTheWay:
    """An alert that planned mail waits for."""

    message_id: int
    until: datetime


def postpone(conn: Connection, message_id: int, *, hours: int, now: datetime) -> None:
    """Keep planned mail to whom this message goes to back for some hours; 0 = not at all.

    Each committee's part of an alert is a message of its own, and keeps that committee's mail back.
    """
    if hours <= 0:
        return
    whose = select(Message.project_id).where(Message.id == message_id).scalar_subquery()
    row = insert_or(conn, Postponement).values(
        message_id=message_id, project_id=whose, until=now + timedelta(hours=hours)
    )
    conn.execute(row.on_conflict_do_nothing(index_elements=["message_id"]))


def in_the_way(conn: Connection, email: Row[Any], *, now: datetime) -> InTheWay | None:
    """The alert that an email waits for now, the one that lasts longest."""
    found = [each for each in in_force(conn, now=now) if _meets(each, email)]
    if not found:
        return None
    last = max(found, key=lambda each: (each.until, each.message_id))
    return InTheWay(last.message_id, last.until)


def in_force(conn: Connection, *, now: datetime) -> list[Row[Any]]:
    """What keeps mail back now: message_id, project_id, until. An alert that never left keeps none."""
    columns = (Postponement.message_id, Postponement.project_id, Postponement.until)
    rows = (
        select(*columns)
        .join(Message, Message.id == Postponement.message_id)
        .where(Postponement.until > now, ~taken_back())
    )
    return list(conn.execute(rows.order_by(Postponement.until)))


def _meets(alert: Row[Any], email: Row[Any]) -> bool:
    """A committee's alert keeps the network's mail to everybody not back: it goes to a few of them.

    The network's goes to the lists of committees that share them, too.
    """
    if alert.project_id is None:
        return email.project_id is None or bool(email.shares_list)
    if email.project_id is not None:
        return bool(alert.project_id == email.project_id)
    return alert.project_id in audiences.read(email.audience).include.projects
