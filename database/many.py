"""Many values in one parameter, and many rows in one answer, as JSON.

A statement that is given five hundred ids binds five hundred parameters, and a driver that is asked for
five hundred rows makes as many steps; on SQLite each of them gives the interpreter's lock away and has to
get it back. As one JSON text, both cost a fraction. The two databases spell it differently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine


def packed(rows: Sequence[Any]) -> str:
    """The JSON text of many ids, or of many rows of plain values."""
    return orjson.dumps(rows).decode()


def given_ids(dialect: str, name: str) -> Select[int]:
    """SELECT of the ids in the JSON parameter ``name``; to be used with IN."""
    if dialect == "sqlite":
        each = func.json_each(bindparam(name, type_=Text)).table_valued("value")
        return select(each.c.value)
    each = func.jsonb_array_elements_text(cast(bindparam(name, type_=Text), JSONB)).table_valued(
        "value"
    )
    return select(cast(each.c.value, BigInteger))


def given_rows(dialect: str, name: str, columns: Mapping[str, TypeEngine[Any]]) -> FromClause:
    """The rows in the JSON parameter ``name``, an array of arrays, with these columns in order."""
    value: ColumnElement[Any] = column("value", JSONB)
    text = bindparam(name, type_=Text)
    if dialect == "sqlite":
        source = func.json_each(text).table_valued(column("value", Text), name="given")
        picked = [
            cast(func.json_extract(source.c.value, f"$[{place}]"), kind).label(title)
            for place, (title, kind) in enumerate(columns.items())
        ]
    else:
        source = (
            func.jsonb_array_elements(cast(text, JSONB))
            .table_valued(value, name="given")
            .render_derived()
        )
        picked = [
            cast(source.c.value.op("->>")(place), kind).label(title)
            for place, (title, kind) in enumerate(columns.items())
        ]
    return select(*picked).subquery("new")


def gathered(
    dialect: str, columns: Sequence[SQLColumnExpression[Any]], source: FromClause
) -> Select[str]:
    """SELECT of all rows of ``source`` as one JSON text: an array of arrays of these columns."""
    if dialect == "sqlite":
        return select(func.json_group_array(func.json_array(*columns))).select_from(source)
    gathering = cast(func.json_agg(func.json_build_array(*columns)), Text)
    return select(func.coalesce(gathering, "[]")).select_from(source)


def unpacked(text: str) -> list[list[Any]]:
    """The rows of such an answer."""
    rows: list[list[Any]] = orjson.loads(text)
    return rows
