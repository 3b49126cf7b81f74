"""Who may look after a reply: the organizers of its projects who may write there, and the office where it sees it."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from organizers.models import Organizer, OrganizerProject
from organizers.roles import ALLOWS, May, Role
from web.console.guard import OWNERS

NOT_OF_THEM = "That organizer cannot look after it: choose somebody of its project."
WRITERS = [role for role in Role if May.WRITE in ALLOWS[role]]


def candidates(conn: Connection, reply_id: int) -> list[tuple[int, str]]:
    """Number and name of each, by name."""
    owners = set(conn.scalars(OWNERS["reply_id"], {"id": reply_id}))
    served = select(OrganizerProject.organizer_id).where(
        OrganizerProject.project_id.in_(owners - {None}), OrganizerProject.role.in_(WRITERS)
    )
    theirs = Organizer.id.in_(served)
    found = (
        select(Organizer.id, Organizer.name)
        .where(Organizer.disabled_at.is_(None))
        .where(or_(Organizer.network, theirs) if None in owners else theirs)
        .order_by(Organizer.name, Organizer.id)
    )
    return [(row.id, row.name) for row in conn.execute(found)]
