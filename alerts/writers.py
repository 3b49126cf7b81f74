"""Who changes what a draft says without opening it? They have written some of it, and never approve that.

A draft says what is known of its case, and whom to call: whoever changes a fact or an office changes every
draft that tells of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, false, or_, select

from actions.custom_targets import NamedOffice
from actions.models import ActionAsk, CustomTarget
from alerts.approvers import note_writer
from alerts.fingerprint import digest
from alerts.models import Alert, Case
from messages.models import Message, MessageStatus


@contextmanager
def writing(conn: Connection, alert_ids: Collection[int], *, by: str) -> Iterator[None]:
    """Note who writes as a writer of each of these drafts that is another one afterwards."""
    before = {each: digest(conn, each) for each in alert_ids}
    yield
    for alert_id, was in before.items():
        if digest(conn, alert_id) != was:
            note_writer(conn, alert_id, by)


def drafts_of_case(conn: Connection, case_id: int) -> set[int]:
    """The drafts that tell of a case."""
    return _drafts(conn, Alert.case_id == case_id)


def drafts_telling(
    conn: Connection, case_slug: str, offices: Collection[NamedOffice] = ()
) -> set[int]:
    """The drafts that tell of a case, or ask for calls to one of these offices."""
    case = Alert.case_id.in_(select(Case.id).where(Case.slug == case_slug))
    keys = [each.key for each in offices if each.key]
    return _drafts(conn, or_(case, _asks_for(CustomTarget.key.in_(keys)) if keys else false()))


def drafts_asking(conn: Connection, target_id: int) -> set[int]:
    """The drafts that ask for calls to an office."""
    return _drafts(conn, _asks_for(CustomTarget.id == target_id))


def _asks_for(offices: ColumnElement[bool]) -> ColumnElement[bool]:
    asks = select(ActionAsk.action_id).join(CustomTarget, CustomTarget.id == ActionAsk.target_id)
    actions = asks.where(offices)
    # A reminder leads to the page of the alert that it follows.
    return or_(Alert.action_id.in_(actions), Message.action_id.in_(actions))


def _drafts(conn: Connection, which: ColumnElement[bool]) -> set[int]:
    rows = select(Alert.id).join(Message, Message.id == Alert.message_id)
    return set(conn.scalars(rows.where(Message.status == MessageStatus.DRAFT, which)))
