"""Where closing a case, launching an alert on it and joining one meet: the row of the case.

Whoever closes or reopens it keeps it alone; whoever launches or joins keeps it together with others. All take it
before any message.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from alerts.models import Alert, Case


def hold_case(conn: Connection, case_id: int) -> datetime | None:
    """When a case was closed, None while it goes on; nobody else closes it, nor launches, until we are done."""
    # Not the key: whoever drafts an alert on it need not wait.
    held = select(Case.closed_at).where(Case.id == case_id).with_for_update(key_share=True)
    return conn.scalar(held)


def hold_open(conn: Connection, alert_id: int) -> datetime | None:
    """When the case of an alert was closed, None while it goes on; that stays so until we are done."""
    held = select(Case.closed_at).join(Alert, Alert.case_id == Case.id).where(Alert.id == alert_id)
    return conn.scalar(held.with_for_update(read=True, of=Case))
