"""To which project does each of many people belong? For what is counted by project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import TypeVar

import orjson
from sqlalchemy import Connection, Row, Select, Text, cast, func, select

from contacts.changes import Kept
from contacts.models import Contact, Membership
from database.handing import among, ids

T = TypeVar("T", dict[int, int], list[int])
NO_PROJECT, SEVERAL = 0, -1  # where people of none, and of more than one, are counted
DEARER = 4  # to look up a person takes as long as reading so many one after another


_EVERYBODY = Kept(1)


def projects_of(conn: Connection, contact_ids: Sequence[int]) -> Callable[[int], int]:
    """What tells the project of each of these people, NO_PROJECT, or SEVERAL.

    Where many are asked about, all are read, and kept for as long as nobody changes. For transactions that read.
    """
    if len(contact_ids) * DEARER < (conn.scalar(_LAST) or 0):
        dialect = conn.dialect.name
        rows = conn.execute(_members_among(dialect), ids(dialect, contact_ids))
        return _filled(dict.fromkeys(contact_ids, NO_PROJECT), rows.all()).__getitem__
    return _EVERYBODY.answer(conn, "projects", partial(_everybody, conn)).__getitem__


def _everybody(conn: Connection) -> list[int]:
    """The project of each contact, at the place of its number."""
    known = conn.scalar(_LAST) or 0
    return _filled([NO_PROJECT] * (known + 1), conn.execute(_MEMBERS).all())


def _filled(found: T, rows: Iterable[Row[int, str]]) -> T:
    for project_id, listed in rows:
        for contact_id in orjson.loads(f"[{listed}]"):
            found[contact_id] = SEVERAL if found[contact_id] else project_id
    return found


_LAST = select(func.max(Contact.id))
_MEMBERS = select(
    Membership.project_id, func.aggregate_strings(cast(Membership.contact_id, Text), ",")
).group_by(Membership.project_id)


@cache
def _members_among(dialect: str) -> Select[int, str]:
    return _MEMBERS.where(among(dialect, Membership.contact_id.expression))
