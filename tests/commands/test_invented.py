"""The demonstration's invented members sit whenever it is shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from commands.invented import load_officials
from representatives.lookup import officials, place


@pytest.mark.parametrize("year", [2026, 2027, 2030])
def test_invented_members_sit_and_their_lines_hold(conn: Connection, year: int) -> None:
    now = datetime(year, 6, 1, 15, 0, tzinfo=UTC)

    load_officials(conn, now)

    where = place(conn, "78701", now=now)
    assert (where.state, where.district) == ("TX", 37)
    names = [each.family_name for each in officials(conn, "TX", 37, now=now)]
    assert names == ["Beech", "Ceiba", "Dátil"]
