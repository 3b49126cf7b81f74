"""Hand many rows to one statement, as a table made of one JSON text.

A statement per row is a message to the server each on PostgreSQL, and a list of parameters is bound
and compiled anew for each length. This is one parameter however many rows, so the statement can be
built once for each database and kept. Arrays, PostgreSQL's own way, took the driver twice as long:
it looks at every quotation mark. The other way round, many rows come back as one text: a driver that
fetches five hundred rows makes as many steps, and on SQLite each gives the interpreter's lock away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

from database.tables import Id

SQLITE = "sqlite"


@dataclass(frozen=True)
class Handed:
    """A table of that name to select or update from, of integers, texts and NULLs."""

    name: str
    types: Mapping[str, TypeEngine[Any]]  # of its columns

    def table(self, dialect: str) -> FromClause:
        """The table as a part of a statement for this dialect."""
        columns = self._from_json if dialect == SQLITE else self._from_jsonb
        return select(*columns(bindparam(self.name, type_=Text()))).subquery(self.name)

    def values(self, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """The statement's parameter for these rows, whose values are in the order of the columns.

        Raises TypeError for what no JSON can hold.
        """
        return {self.name: orjson.dumps(rows).decode()}

    def _from_json(self, given: ColumnElement[str]) -> list[ColumnElement[Any]]:
        row = func.json_each(given).table_valued("value", name="handed").c.value
        return [
            func.json_extract(row, f"$[{place}]", type_=kind).label(name)
            for place, (name, kind) in enumerate(self.types.items())
        ]

    def _from_jsonb(self, given: ColumnElement[str]) -> list[ColumnElement[Any]]:
        every = func.jsonb_array_elements(cast(given, JSONB))
        row = every.table_valued("value", name="handed").c.value
        return [
            cast(func.jsonb_array_element_text(row, place), kind).label(name)
            for place, (name, kind) in enumerate(self.types.items())
        ]


def among(
    dialect: str, column: ColumnElement[int] | ColumnElement[int | None]
) -> ColumnElement[bool]:
    """Whether a column's value is one of the ids that ``ids`` makes a parameter of."""
    if dialect == SQLITE:
        return column.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value))
    return column == func.any(bindparam("ids", type_=ARRAY(Id)))


def ids(dialect: str, numbers: Sequence[int]) -> dict[str, Any]:
    """The parameter of ``among``."""
    return {"ids": orjson.dumps(numbers).decode() if dialect == SQLITE else list(numbers)}


def gathered(
    dialect: str, columns: Sequence[ColumnElement[Any]], source: FromClause
) -> Select[str]:
    """SELECT of all rows of ``source`` as one JSON text: an array of arrays of these columns."""
    if dialect == SQLITE:
        return select(func.json_group_array(func.json_array(*columns))).select_from(source)
    gathering = cast(func.json_agg(func.json_build_array(*columns)), Text)
    return select(func.coalesce(gathering, "[]")).select_from(source)


def rows_in(text: str) -> list[list[Any]]:
    """The rows of such an answer."""
    rows: list[list[Any]] = orjson.loads(text)
    return rows
