"""Offices outside Congress that alerts ask for: changing one changes those, and none is removed while it is asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from actions import custom_targets
from actions.custom_targets import NamedOffice
from alerts.models import Alert
from alerts.pages import NoSuchPage, page_by_slug
from alerts.writers import drafts_asking, writing
from messages.models import Message, MessageStatus


class TargetInUse(Exception):
    """An alert that has not ended asks people to call this office. End or change that alert first."""


def change_office(conn: Connection, office: NamedOffice, *, target_id: int, by: str) -> int:
    """Correct an office, and so every draft that asks for calls to it. Raises as ``save_office``."""
    with writing(conn, drafts_asking(conn, target_id), by=by):
        return custom_targets.save_office(conn, office, target_id=target_id)


def remove_office(conn: Connection, target_id: int, *, now: datetime) -> None:
    """Forget an office; what was told of calls to it stays. Raises TargetInUse."""
    asking = custom_targets.actions_with(conn, target_id)
    alerts = select(Alert.slug, Message.status).join(Message, Message.id == Alert.message_id)
    for row in conn.execute(alerts.where(Alert.action_id.in_(asking))):
        if row.status != MessageStatus.STOPPED and _asks_still(conn, row.slug, now):
            raise TargetInUse(TargetInUse.__doc__)
    custom_targets.remove(conn, target_id)


def _asks_still(conn: Connection, slug: str, now: datetime) -> bool:
    """Whether an alert's page wants calls now, or will, because it is a draft."""
    try:
        return page_by_slug(conn, slug, now=now).ended_at(now) is None
    except NoSuchPage:
        return True
