"""To which project does each of many people belong? For what is counted by project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import orjson
from sqlalchemy import Connection, Select, Text, cast, func, select

from contacts.models import Contact, Membership
from database.handing import among, ids

NO_PROJECT, SEVERAL = 0, -1  # where people of none, and of more than one, are counted
DEARER = 4  # to look up a person takes as long as reading so many one after another


def projects_of(conn: Connection, contact_ids: Sequence[int]) -> Callable[[int], int]:
    """What tells the project of each of these people, NO_PROJECT, or SEVERAL; where many are asked about, all are read."""
    dialect = conn.dialect.name
    known = conn.scalar(_LAST) or 0
    found: dict[int, int] | list[int]
    if len(contact_ids) * DEARER < known:
        found = dict.fromkeys(contact_ids, NO_PROJECT)
        rows = conn.execute(_members_among(dialect), ids(dialect, contact_ids))
    else:
        found = [NO_PROJECT] * (max(known, *contact_ids, 0) + 1)
        rows = conn.execute(_MEMBERS)
    for project_id, listed in rows:
        for contact_id in orjson.loads(f"[{listed}]"):
            found[contact_id] = SEVERAL if found[contact_id] else project_id
    return found.__getitem__


_LAST = select(func.max(Contact.id))
_MEMBERS = select(
    Membership.project_id, func.aggregate_strings(cast(Membership.contact_id, Text), ",")
).group_by(Membership.project_id)


@cache
def _members_among(dialect: str) -> Select[int, str]:
    return _MEMBERS.where(among(dialect, Membership.contact_id.expression))
