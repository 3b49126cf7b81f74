from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from database.models import Secret
from database.upserts import insert_or


@pytest.fixture(autouse=True)
def known(conn: Connection) -> None:
    conn.execute(insert_or(conn, Secret).values(name="links", value="old"))


def test_a_second_row_of_the_same_key_is_left_out(conn: Connection) -> None:
    again = insert_or(conn, Secret).on_conflict_do_nothing().returning(Secret.name)
    rows = [{"name": "links", "value": "new"}, {"name": "other", "value": "new"}]

    added = list(conn.scalars(again, rows))

    assert added == ["other"]
    assert conn.scalar(select(Secret.value).where(Secret.name == "links")) == "old"


def test_a_second_row_of_the_same_key_replaces_the_first(conn: Connection) -> None:
    statement = insert_or(conn, Secret).values(name="links", value="new")
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": statement.excluded.value}
        )
    )

    assert conn.scalar(select(Secret.value)) == "new"
