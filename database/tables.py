"""What every table is made of: the declarative base, naming rules and the column types we trust.

Two of SQLite's habits are dangerous here. It drops UTC offsets without a word, so times go through
a type that refuses naive values; and it folds only ASCII letters, so text that must be compared or
found without regard to case is folded in Python (``folded``) before it is stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, MetaData, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import DateTime, TypeDecorator

from database.folding import folded

__all__ = ["Base", "Id", "Json", "NaiveTime", "UTCDateTime", "code", "folded", "id_key"]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class NaiveTime(ValueError):
    """A time without a zone reached the database; every time we store is aware."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC on both databases and handed back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTime(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")

id_key = Annotated[int, mapped_column(Id, primary_key=True)]
code = Annotated[str, mapped_column(String(64))]


class Base(DeclarativeBase):
    """The one declarative base; its metadata is what migrations are compared with."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this as a class attribute
        datetime: UTCDateTime(),
        str: Text(),
        int: Id,
        dict[str, Any]: Json,
        list[Any]: Json,
    }
