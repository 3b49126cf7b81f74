"""Many rows, or many values, in one statement, on both databases.

SQLite gets them as one JSON parameter, which leaves the interpreter to other threads while it works;
an executemany takes the interpreter's lock for every row. PostgreSQL gets rows by COPY.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import orjson
import psycopg
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    SQLColumnExpression,
    cast,
    func,
    literal,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from database.upserts import insert_or

Cell = str | int | None
_NULL = "\0"  # stands for NULL until a line is escaped; no text of ours holds a NUL
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_AMONG = {
    "sqlite": "(SELECT value FROM json_each(:texts))",
    "postgresql": "ANY (ARRAY(SELECT json_array_elements_text(CAST(:texts AS json))))",
}
_ROWS = {
    "sqlite": "json_each(:rows)",
    "postgresql": "json_array_elements(CAST(:rows AS json)) value",
}


def among(
    conn: Connection, column: SQLColumnExpression[str], texts: Collection[str]
) -> ColumnElement[bool]:
    """Whether a column holds one of so many texts that as parameters they would be too many."""
    name = conn.dialect.name
    listed = text(_AMONG[name]).bindparams(texts=_json(list(texts)))
    return column.bool_op("IN" if name == "sqlite" else "=")(listed)


def reserve_ids(conn: Connection, table: FromClause, count: int) -> list[int]:
    """Ascending ids for so many new rows of a table; nobody else gets them."""
    if conn.dialect.name == "sqlite":  # whoever writes is alone
        last = conn.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
        return list(range(last + 1, last + 1 + count))
    sequence = func.pg_get_serial_sequence(str(table.description), "id")
    numbers = func.generate_series(1, count).table_valued("number")
    return list(conn.scalars(select(func.nextval(sequence)).select_from(numbers)))


def insert_many(
    conn: Connection,
    table: FromClause,
    columns: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    *,
    shared: Mapping[str, Any],
    on_conflict: Callable[[Insert], Insert] | None = None,
) -> None:
    """Insert rows of these columns, in this order; ``shared`` holds what all have in common.

    ``on_conflict`` adds to the statement what becomes of a row that is there already.
    """
    if not rows:
        return
    if conn.dialect.name == "postgresql" and on_conflict is None:
        _copy(conn, table, [*columns, *shared], _lines(rows, shared.values()))
        return
    source = text(_ROWS[conn.dialect.name]).bindparams(rows=_json(rows))
    cells = [_cell(conn, table, place, name) for place, name in enumerate(columns)]
    common = [literal(value, table.c[name].type) for name, value in shared.items()]
    chosen = select(*cells, *common).select_from(source).where(true())
    statement = insert_or(conn, table).from_select([*columns, *shared], chosen)
    conn.execute(on_conflict(statement) if on_conflict else statement)


def leave(statement: Insert) -> Insert:
    """What is there already stays as it is."""
    return statement.on_conflict_do_nothing()


def _cell(conn: Connection, table: FromClause, place: int, name: str) -> ColumnElement[Any]:
    value: ColumnElement[Any] = literal_column(f"value ->> {place}")
    return value if conn.dialect.name == "sqlite" else cast(value, table.c[name].type)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _lines(rows: Sequence[tuple[Cell, ...]], shared: Iterable[Any]) -> str:
    """Rows as COPY reads them. Hardly a cell needs escaping, so all are looked at together."""
    common = tuple(_spelt(value) for value in shared)
    width = len(rows[0]) + len(common)
    form = "\t".join(["%s"] * len(rows[0]) + [value.replace("%", "%%") for value in common])
    bare = [row if None not in row else tuple(_bare(cell) for cell in row) for row in rows]
    lines = "\n".join([form % row for row in bare])
    tabs, ends = lines.count("\t"), lines.count("\n")
    if "\\" in lines or "\r" in lines or tabs != len(rows) * (width - 1) or ends != len(rows) - 1:
        escaped = ([str(cell).translate(_ESCAPES) for cell in (*row, *common)] for row in bare)
        lines = "\n".join("\t".join(cells) for cells in escaped)
    return lines.replace(_NULL, r"\N")


def _bare(cell: Cell) -> str | int:
    return _NULL if cell is None else cell


def _spelt(value: Any) -> str:
    if value is None:
        return _NULL
    return value.isoformat() if isinstance(value, date) else str(value)


def _copy(conn: Connection, table: FromClause, columns: Sequence[str], lines: str) -> None:
    statement = f"COPY {table.description} ({', '.join(columns)}) FROM STDIN"
    driver: Any = conn.connection.driver_connection
    try:
        if isinstance(driver, psycopg.AsyncConnection):
            await_only(_copy_meanwhile(driver, statement, lines))
        else:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write(lines)
    except psycopg.Error as error:  # as SQLAlchemy would have raised it
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, dialect=conn.dialect
        ) from error


async def _copy_meanwhile(driver: Any, statement: str, lines: str) -> None:
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write(lines)
