"""Rows handed to a statement arrive as they were, on both databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, SmallInteger, Text, select

from database.handing import Handed, among, ids
from messages.models import Delivery, MessageStatus
from tests.builders import make_contact, make_delivery, make_message

ROWS = Handed("given", {"id": BigInteger(), "rank": SmallInteger(), "words": Text()})


def test_rows_arrive_as_they_were(conn: Connection) -> None:
    rows = [
        (1, 40, 'it\'s "quoted", \\ and\nñ 🙂'),
        (2**62, -1, ""),
        (3, None, None),
        (4, 0, '{"a": [1, null]}'),
        (5, 0, "null"),
    ]
    table = ROWS.table(conn.dialect.name)

    found = conn.execute(select(table.c.id, table.c.rank, table.c.words), ROWS.values(rows))

    assert [tuple(row) for row in found] == rows


def test_no_rows_are_an_empty_table(conn: Connection) -> None:
    assert conn.execute(select(ROWS.table(conn.dialect.name).c.id), ROWS.values([])).all() == []


def test_only_the_ids_handed_are_found(conn: Connection) -> None:
    message = make_message(conn, status=MessageStatus.SENDING)
    first, second, _ = [make_delivery(conn, message, make_contact(conn)) for _ in range(3)]
    dialect = conn.dialect.name
    these = select(Delivery.id).where(among(dialect, Delivery.id.expression)).order_by(Delivery.id)

    assert list(conn.scalars(these, ids(dialect, [second, first, 2**40]))) == [first, second]
    assert list(conn.scalars(these, ids(dialect, []))) == []
