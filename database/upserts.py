"""INSERT with ON CONFLICT, which both our databases know and SQLAlchemy spells per dialect."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite


def insert_or(conn: Connection, table: Any) -> postgresql.Insert:
    """Begin an INSERT that may go on with ``on_conflict_do_nothing`` or ``on_conflict_do_update``.

    Both dialects' constructs have the same methods; the annotation names one of them.
    """
    return insert_for(conn.dialect.name, table)


def insert_for(dialect: str, table: Any) -> postgresql.Insert:
    """The same where there is no connection yet, only the name of its dialect."""
    if dialect == "sqlite":
        return sqlite.insert(table)  # type: ignore[return-value]
    return postgresql.insert(table)
