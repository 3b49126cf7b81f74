"""Give many deliveries their new values at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, func, update
from sqlalchemy.dialects.postgresql import ARRAY

from messages.models import Delivery

DELIVERIES = cast("Table", Delivery.__table__)


def rewrite(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write each row's values to the delivery of its ``id``; all rows name the same columns.

    SQLite runs one prepared statement per row. On PostgreSQL that is a message to the server each,
    so there one statement takes the values as arrays: measured twice as fast.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        _one_by_one(conn, rows)
    else:
        _as_arrays(conn, rows)


def _one_by_one(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    names = [name for name in rows[0] if name != "id"]
    statement = (
        update(DELIVERIES)
        .where(DELIVERIES.c.id == bindparam("new_id"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    conn.execute(statement, [{f"new_{name}": row[name] for name in row} for row in rows])


def _as_arrays(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(rows[0])
    arrays = [
        bindparam(f"new_{name}", [row[name] for row in rows], ARRAY(DELIVERIES.c[name].type))
        for name in names
    ]
    new = func.unnest(*arrays).table_valued(*names).render_derived(name="new")
    conn.execute(
        update(DELIVERIES)
        .where(DELIVERIES.c.id == new.c.id)
        .values({name: new.c[name] for name in names if name != "id"})
    )
