"""What alerts are called, in each language."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from alerts.models import AlertText


def titles_of(conn: Connection, alert_id: int) -> dict[str, str]:
    """An alert's titles by language."""
    return titles_by_alert(conn, [alert_id]).get(alert_id, {})


def titles_by_alert(conn: Connection, alert_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """The titles of many alerts, by language, asked for at once; nothing of one without words."""
    found: dict[int, dict[str, str]] = {}
    if alert_ids:
        columns = (AlertText.alert_id, AlertText.language, AlertText.title)
        rows = select(*columns).where(AlertText.alert_id.in_(alert_ids))
        for alert_id, language, title in conn.execute(rows.order_by(AlertText.language)):
            found.setdefault(alert_id, {})[language] = title
    return found
