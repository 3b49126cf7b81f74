"""Which red alerts do too many mark as spam, and whose organizers are still to be told?

``messages/complaints.py`` judges and keeps the hold; a red alert goes on, so somebody has to hear of it: the network once
for each alert, and each committee once for its own part. The row that says so is written in the transaction that queues
their letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select

from alerts.complaint_models import ComplaintsTold
from alerts.models import Alert, Proposal
from alerts.titles import titles_of
from database.upserts import insert_or
from messages.complaints import Rate
from messages.models import Message
from messages.reach_models import SenderHold
from organizers.roles import NETWORKS


@dataclass(frozen=True)
class ComplainedOf:
    """A red alert, or a committee's part of it, that too many marked as spam."""

    alert_id: int
    project_id: int  # of whom its people are; NETWORKS: the network's
    proposal_id: int | None  # by which a committee joined with its part
    told: int  # who hears of it: that project, or NETWORKS
    titles: dict[str, str]
    domain: str  # whose planned mail is held for it
    rate: Rate


def any_due(conn: Connection) -> bool:
    """Whether somebody is to be told of one."""
    return conn.execute(_untold().limit(1)).first() is not None


def letters_due(conn: Connection, now: datetime) -> list[ComplainedOf]:
    """Those of which organizers are to be told; from now on they count as told.

    Where several parts of an alert are complained of, the first stands for all before the network.
    """
    return [
        _complained_of(conn, row, told)
        for row in conn.execute(_untold().order_by(SenderHold.id)).all()
        for told in sorted({NETWORKS, row.project_id or NETWORKS})
        if _is_first(conn, row.alert_id, told, now)
    ]


def _complained_of(conn: Connection, row: Row[Any], told: int) -> ComplainedOf:
    return ComplainedOf(
        alert_id=row.alert_id,
        project_id=row.project_id or NETWORKS,
        proposal_id=row.proposal_id,
        told=told,
        titles=titles_of(conn, row.alert_id),
        domain=row.domain,
        rate=Rate(row.complaints, row.delivered),
    )


def _is_first(conn: Connection, alert_id: int, told: int, now: datetime) -> bool:
    """Note that somebody is told of an alert; False where they were, by whichever process."""
    row = insert_or(conn, ComplaintsTold).values(alert_id=alert_id, project_id=told, at=now)
    noted = row.on_conflict_do_nothing().returning(ComplaintsTold.alert_id)
    return conn.execute(noted).first() is not None


def _untold() -> Any:
    whole = func.coalesce(Message.part_of, Message.id)
    return (
        select(
            Alert.id.label("alert_id"),
            Message.project_id,
            Proposal.id.label("proposal_id"),
            SenderHold.domain,
            SenderHold.complaints,
            SenderHold.delivered,
        )
        .join(Message, Message.id == SenderHold.message_id)
        .join(Alert, Alert.message_id == whole)
        .outerjoin(Proposal, Proposal.message_id == Message.id)
        .where(
            Message.urgent,
            or_(
                _not_told(NETWORKS),
                and_(Message.project_id.is_not(None), _not_told(Message.project_id)),
            ),
        )
    )


def _not_told(project: Any) -> ColumnElement[bool]:
    """SQL for whether a project has yet to hear of an alert."""
    told = exists().where(ComplaintsTold.alert_id == Alert.id, ComplaintsTold.project_id == project)
    return ~told
