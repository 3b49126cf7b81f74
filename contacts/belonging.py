"""To which project does each of many people belong? For what is counted by project."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, Text, cast, func, select

from contacts.models import Contact, Membership
from database.handing import among, ids

NO_PROJECT, SEVERAL = 0, -1  # where people of none, and of more than one, are counted
DEARER = 4  # to look up a person takes as long as reading so many one after another


def projects_of(conn: Connection, contact_ids: Sequence[int]) -> dict[int, int]:
    """The project of each of these people, or SEVERAL; whoever is in none is left out.

    Others may be told as well: where many are asked about, everybody is read.
    """
    if not contact_ids:
        return {}
    dialect = conn.dialect.name
    people = func.aggregate_strings(cast(Membership.contact_id, Text), ",")
    members = select(Membership.project_id, people).group_by(Membership.project_id)
    known = conn.scalar(select(func.max(Contact.id))) or 0
    if len(contact_ids) * DEARER < known:
        members = members.where(among(dialect, Membership.contact_id.expression))
        rows = conn.execute(members, ids(dialect, contact_ids))
    else:
        rows = conn.execute(members)
    found: dict[int, int] = {}
    for project_id, listed in rows:
        theirs = dict.fromkeys(orjson.loads(f"[{listed}]"), project_id)
        several = found.keys() & theirs.keys()
        found.update(theirs)
        found.update(dict.fromkeys(several, SEVERAL))
    return found
