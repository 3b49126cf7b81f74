"""People who are on the lists of several projects, of whom two parts of an alert may speak."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, select

from contacts.changes import Kept
from contacts.models import Contact, Membership
from messages.audience import Audience
from messages.eligibility import Terms
from messages.prospects import prospects, reached
from messages.surveys import kept

MOST_KEPT = 64  # parts of alerts: one for each committee

_KEPT = Kept(MOST_KEPT)


def anybody_on_several(conn: Connection) -> bool:
    """Whether there are such people at all."""
    return conn.execute(_on_several().limit(1)).first() is not None


def _on_several() -> Select[int]:
    mine = select(Membership.contact_id).group_by(Membership.contact_id)
    return mine.having(func.count() > 1)


def reached_on_several(conn: Connection, audience: Audience, terms: Terms) -> frozenset[int]:
    """Those on more than one list, who are few, that a part would reach; from memory where it may be."""

    def ask() -> frozenset[int]:
        rows = prospects(audience, terms, among=Contact.id.in_(_on_several()))
        return frozenset(conn.scalars(select(rows.c.contact_id).where(reached(rows, terms))))

    return kept(conn, _KEPT, audience, terms, (), ask)
