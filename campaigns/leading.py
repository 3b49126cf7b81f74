"""Where does the link of a planned email lead? To the page of an alert of its campaign, while that asks for calls.

A page ends with its action, with its alert, or with the case; the last of which only the room of alerts knows, so
closing a case says so here (``close_pages``). What would lead to a page that is over is held, and a person asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection, delete, exists, select

from actions.asks import read_action
from actions.models import Action
from campaigns.leading_models import ClosedPage
from database.upserts import insert_or
from messages.calling_off import taken_back
from messages.control import Words
from messages.findings import Finding, finding
from messages.models import Message, MessageKind

LINK = re.compile(r"\{\{\s*(?:link|enlace|url)\b|^:{3,}\s*(?:call|llamada)\b", re.MULTILINE)


def findings(
    conn: Connection, action_id: int | None, texts: Iterable[Words], *, now: datetime
) -> Iterator[Finding]:
    """That an email leads to a page which asks for nothing any more."""
    links = any(LINK.search(each.body) for each in texts)
    if links and action_id is not None and is_over(conn, action_id, now=now):
        yield finding("leads_to_the_end")


def is_over(conn: Connection, action_id: int, *, now: datetime) -> bool:
    """Whether the page of an action asks for nothing any more, or there is none."""
    there = exists().where(Action.id == action_id)
    if not conn.scalar(select(there)):
        return True
    closed = conn.scalar(select(exists().where(ClosedPage.action_id == action_id)))
    if closed or _alert_is_over(conn, action_id, now):
        return True
    return read_action(conn, action_id).is_over(now)


def _alert_is_over(conn: Connection, action_id: int, now: datetime) -> bool:
    """Whether the alert of a page has run out, or was taken back; what follows it, and came later, says nothing."""
    alert = select(Message.expires_at, taken_back().label("taken_back")).where(
        Message.action_id == action_id,
        Message.kind == MessageKind.ALERT,
        Message.part_of.is_(None),
    )
    row = conn.execute(alert.order_by(Message.id).limit(1)).one_or_none()
    if row is None:
        return False
    return row.taken_back or (row.expires_at is not None and row.expires_at <= now)


def close_pages(conn: Connection, action_ids: Collection[int], *, now: datetime) -> None:
    """Note that the pages of these actions tell an end."""
    for action_id in sorted(action_ids):
        row = insert_or(conn, ClosedPage).values(action_id=action_id, closed_at=now)
        conn.execute(row.on_conflict_do_nothing(index_elements=["action_id"]))


def open_pages(conn: Connection, action_ids: Collection[int]) -> None:
    """Take that back."""
    conn.execute(delete(ClosedPage).where(ClosedPage.action_id.in_(action_ids)))
