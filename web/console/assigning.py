"""Who may look after a reply: the organizers of its projects who may write there, and the office where it sees it."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, Select, bindparam, or_, select

from organizers.models import Organizer, OrganizerProject
from organizers.roles import ALLOWS, May, Role
from web.console.guard import OWNERS

NOT_OF_THEM = "That organizer cannot look after it: choose somebody of its project."
WRITERS = [role for role in Role if May.WRITE in ALLOWS[role]]


def candidates(conn: Connection, reply_id: int) -> list[tuple[int, str]]:
    """Number and name of each, by name."""
    owners = set(conn.scalars(OWNERS["reply_id"], {"id": reply_id}))
    found = conn.execute(_writers(office=None in owners), {"projects": list(owners - {None})})
    return [(row.id, row.name) for row in found]


@cache
def _writers(*, office: bool) -> Select[int, str]:
    served = select(OrganizerProject.organizer_id).where(
        OrganizerProject.project_id.in_(bindparam("projects", expanding=True)),
        OrganizerProject.role.in_(WRITERS),
    )
    theirs = Organizer.id.in_(served)
    return (
        select(Organizer.id, Organizer.name)
        .where(Organizer.disabled_at.is_(None))
        .where(or_(Organizer.network, theirs) if office else theirs)
        .order_by(Organizer.name, Organizer.id)
    )
