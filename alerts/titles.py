"""What alerts are called, in each language."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from alerts.models import AlertText

_TITLES = (
    select(AlertText.alert_id, AlertText.language, AlertText.title)
    .where(AlertText.alert_id.in_(bindparam("ids", expanding=True)))
    .order_by(AlertText.language)
)


def titles_of(conn: Connection, alert_id: int) -> dict[str, str]:
    """An alert's titles by language."""
    return titles_by_alert(conn, [alert_id]).get(alert_id, {})


def titles_by_alert(conn: Connection, alert_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """The titles of many alerts, by language, asked for at once; nothing of one without words."""
    found: dict[int, dict[str, str]] = {}
    if alert_ids:
        for alert_id, language, title in conn.execute(_TITLES, {"ids": list(alert_ids)}):
            found.setdefault(alert_id, {})[language] = title
    return found
