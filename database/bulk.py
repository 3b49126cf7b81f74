"""Many rows, or many values, in one statement, on both databases.

SQLite gets rows as the parameters of VALUES, some hundreds at a time: that leaves the interpreter to
other threads while it works, where an executemany takes it back for every row, and a row costs a
quarter of what it does out of a JSON text. PostgreSQL gets rows by COPY.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

import orjson
import psycopg
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    SQLColumnExpression,
    TextClause,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

Cell = str | int | None
BLOCK = 500  # rows in one statement; SQLite takes some 32,000 parameters
LEAVE = "ON CONFLICT DO NOTHING"  # what is there already stays as it is
_NULL = "\0"  # stands for NULL until a line is escaped; no text of ours holds a NUL
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_NEXT_IDS = text(  # the sequence is looked up once, not for every number
    "SELECT nextval((SELECT CAST(pg_get_serial_sequence(:table, 'id') AS regclass)))"
    " FROM generate_series(1, :count)"
)
_AMONG = {
    "sqlite": "(SELECT value FROM json_each(:texts))",
    "postgresql": "ANY (ARRAY(SELECT json_array_elements_text(CAST(:texts AS json))))",
}


def among(
    conn: Connection, column: SQLColumnExpression[str], texts: Collection[str]
) -> ColumnElement[bool]:
    """Whether a column holds one of so many texts that as parameters they would be too many."""
    dialect = conn.dialect.name
    return _is_of(dialect, column, text(_AMONG[dialect]).bindparams(**texts_given(texts)))


def among_given(dialect: str, column: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """The same in a statement that is kept: whoever asks it says by ``texts_given`` which texts."""
    return _is_of(dialect, column, text(_AMONG[dialect]))


def texts_given(texts: Collection[str]) -> dict[str, str]:
    """The parameter of ``among_given``."""
    return {"texts": _json(list(texts))}


def _is_of(
    dialect: str, column: SQLColumnExpression[str], listed: TextClause
) -> ColumnElement[bool]:
    return column.bool_op("IN" if dialect == "sqlite" else "=")(listed)


def reserve_ids(conn: Connection, table: FromClause, count: int) -> list[int]:
    """Ascending ids for so many new rows of a table; nobody else gets them."""
    if conn.dialect.name == "sqlite":  # whoever writes is alone
        last = conn.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
        return list(range(last + 1, last + 1 + count))
    return list(conn.scalars(_NEXT_IDS, {"table": table.description, "count": count}))


def insert_many(
    conn: Connection,
    table: FromClause,
    columns: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    *,
    shared: Mapping[str, Any],
    on_conflict: str = "",
) -> None:
    """Insert rows of these columns, in this order; ``shared`` holds what all have in common.

    The first column is never NULL.

    ``on_conflict`` is the clause that says what becomes of a row that is there already.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        _insert_values(conn, table, columns, rows, shared, on_conflict)
    elif on_conflict:
        _insert_json(conn, table, columns, rows, shared, on_conflict)
    else:
        _copy(conn, table, [*columns, *shared], _lines(rows, shared.values()))


def _insert_values(
    conn: Connection,
    table: FromClause,
    columns: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    shared: Mapping[str, Any],
    on_conflict: str,
) -> None:
    common = [_stored(conn, table, name, value) for name, value in shared.items()]
    statement = _values(str(table.description), (*columns,), (*shared,), on_conflict)
    nobody = (None,) * len(columns)
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        padding = repeat(nobody, BLOCK - len(some))
        conn.exec_driver_sql(statement, (*common, *chain.from_iterable(chain(some, padding))))


@lru_cache
def _values(table: str, columns: tuple[str, ...], shared: tuple[str, ...], on_conflict: str) -> str:
    """The statement that inserts a block of rows into SQLite, first what all have in common.

    It always has as many rows, for SQLite takes as long to understand it as to run it, and the
    driver keeps those it knows. Rows that begin with NULL only fill it up.
    """
    row = f"({', '.join('?' * len(columns))})"
    cells = [*("?" for _ in shared), *(f"column{place}" for place, _ in enumerate(columns, 1))]
    return (
        f"INSERT INTO {table} ({', '.join([*shared, *columns])}) SELECT {', '.join(cells)}"  # noqa: S608 - names of ours
        f" FROM (VALUES {', '.join([row] * BLOCK)}) WHERE column1 IS NOT NULL {on_conflict}"
    )


def _stored(conn: Connection, table: FromClause, name: str, value: Any) -> Any:
    """A value as the driver takes it for this column."""
    process = table.c[name].type.dialect_impl(conn.dialect).bind_processor(conn.dialect)
    return process(value) if process else value


def _insert_json(
    conn: Connection,
    table: FromClause,
    columns: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    shared: Mapping[str, Any],
    on_conflict: str,
) -> None:
    types = [table.c[name].type.compile(conn.dialect) for name in columns]
    cells = [f"CAST(value ->> {place} AS {each})" for place, each in enumerate(types)]
    statement = text(
        f"INSERT INTO {table.description} ({', '.join([*columns, *shared])})"  # noqa: S608 - names of ours
        f" SELECT {', '.join([*cells, *(f':{name}' for name in shared)])}"
        f" FROM json_array_elements(CAST(:rows AS json)) value {on_conflict}"
    )
    common = [bindparam(name, value, table.c[name].type) for name, value in shared.items()]
    conn.execute(statement.bindparams(bindparam("rows", _json(rows)), *common))


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
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(lines)
    except psycopg.Error as error:  # as SQLAlchemy would have raised it
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, dialect=conn.dialect
        ) from error
