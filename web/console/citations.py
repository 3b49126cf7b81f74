"""The facts that an alert's form offers to cite, and what a text says that cites them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from alerts.citing import fill
from alerts.models import Alert
from alerts.timeline import KnownFact, facts_of
from organizers.sessions import Viewer
from web.console.guard import require_visible
from web.console.previews import Telling


def citable(conn: Connection, viewer: Viewer, case_id: int | None) -> Sequence[KnownFact]:
    """The facts of a case; none for a case that is yet to be. Raises NotYours."""
    if not case_id:
        return []
    require_visible(conn, viewer, {"case_id": str(case_id)})
    return facts_of(conn, case_id)


def case_of(conn: Connection, alert_id: int) -> int:
    """The case an alert is on."""
    return conn.scalars(select(Alert.case_id).where(Alert.id == alert_id)).one()


def telling(facts: Sequence[KnownFact], now: datetime) -> Telling:
    """How texts are read that cite these facts."""
    known = {each.key: each for each in facts}
    return lambda text, language: fill(known, text, language, now=now)
