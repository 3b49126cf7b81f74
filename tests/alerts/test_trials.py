"""The number of a test stands in the keys of its messages: it is never another test's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert

from alerts.trial_models import Trial
from tests.builders import make_alert, make_organizer


def test_the_number_of_a_test_that_is_gone_is_nobody_elses(conn: Connection, now: datetime) -> None:
    row = {
        "alert_id": make_alert(conn).alert_id,
        "organizer_id": make_organizer(conn, "Amina"),
        "words": "x" * 64,
        "at": now,
    }

    def tested(key: str) -> int:
        made = insert(Trial).values(**row, key=key).returning(Trial.id)
        return int(conn.execute(made).scalar_one())

    first = tested("first")
    conn.execute(delete(Trial).where(Trial.id == first))

    assert tested("second") > first
