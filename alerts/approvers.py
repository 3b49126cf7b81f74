"""Whose word counts as a second person's? Whoever may send in the alert's project and wrote none of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    literal,
    select,
)

from alerts.approval_models import AlertWriter
from alerts.models import Alert
from alerts.preflight import NoSuchAlert
from database.once import once
from database.upserts import insert_or
from messages.models import Message
from organizers.approvers import Approver, Awaited, able, coming, sends_in
from organizers.models import Organizer
from organizers.roles import NETWORKS

_PROJECT = (
    select(Message.project_id)
    .join(Alert, Alert.message_id == Message.id)
    .where(Alert.id == bindparam("alert"))
)
_WRITERS = select(AlertWriter.writer).where(AlertWriter.alert_id == bindparam("alert"))


@once
def project_of(conn: Connection, alert_id: int) -> int:
    """Whose alert it is; NETWORKS for the network's. Raises NoSuchAlert."""
    row: Row[int | None] | None = conn.execute(_PROJECT, {"alert": alert_id}).one_or_none()
    if row is None:
        raise NoSuchAlert(f"there is no alert {alert_id}")
    return row.project_id or NETWORKS


def note_writer(conn: Connection, alert_id: int, writer: str) -> None:
    """Note that somebody wrote or changed a draft."""
    row = insert_or(conn, AlertWriter).values(alert_id=alert_id, writer=writer)
    conn.execute(row.on_conflict_do_nothing())


@once
def writers_of(conn: Connection, alert_id: int) -> frozenset[str]:
    """Who wrote any of it, as records name them."""
    return frozenset(filter(None, conn.scalars(_WRITERS, {"alert": alert_id})))


def approvers(conn: Connection, alert_id: int, *, only: int | None = None) -> list[Approver]:
    """Who may approve an alert now, by name; of one organizer, whether they may. Raises NoSuchAlert."""
    return able(conn, project_of(conn, alert_id), writers_of(conn, alert_id), only=only)


def may_approve() -> ColumnElement[bool]:
    """The same rule as SQL, over an organizer, an alert and its message."""
    wrote = exists().where(
        AlertWriter.alert_id == Alert.id,
        AlertWriter.writer == literal("organizer:") + cast(Organizer.id, Text),
    )
    return and_(sends_in(Message.project_id.expression), ~wrote)


def awaited(conn: Connection, alert_id: int, now: datetime) -> Sequence[Awaited]:
    """Who will be able to once they have come by their invitation."""
    return coming(conn, project_of(conn, alert_id), now)
