"""Whose people may somebody see? The one rule that every list, search, count and preview asks.

A list of people belongs to its projects. The network's office sees the people who are in no project,
and those of projects that share their list; of all others it learns totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, or_, select, true

from contacts.models import Contact, Membership, Project
from database.once import once
from organizers.roles import NETWORKS, Within, as_key

ID: ColumnElement[Any] = Contact.id.expression


def people(
    within: Within,
    contact_id: ColumnElement[Any] = ID,
    *,
    whole: bool = False,
    few: bool = False,
) -> ColumnElement[bool]:
    """That a contact is among those whom these projects' organizers may see.

    Asked of each person, not as one long list: lists show the newest, and stop there. Where a ``whole``
    audience is gone through, PostgreSQL may make that list first; not of a committee's either where ``few`` are
    looked at.
    """
    if within is None:
        return true()
    mine = [each for each in within if each != NETWORKS]
    if NETWORKS not in within:
        # By a committee's members, where those are few: PostgreSQL chooses.
        return _in_some(contact_id, Membership.project_id.in_(mine), whole=not few)
    shown = or_(Project.id.in_(mine), Project.shares_list)
    kept_back = _in_some(contact_id, _one_of(~shown), whole=whole)
    # What hides somebody is asked first: there are few projects that share with nobody.
    return or_(~kept_back, _in_some(contact_id, _one_of(shown), whole=whole))


def networks_own(contact_id: ColumnElement[Any] = ID) -> ColumnElement[bool]:
    """That a contact is in no project, or in one that shares its list."""
    return people((NETWORKS,), contact_id)


def visible_projects(conn: Connection, within: Within) -> list[int]:
    """The projects whose people these projects' organizers may see."""
    return list(_shown(conn, as_key(within)))


@once
def _shown(conn: Connection, within: tuple[int, ...] | None) -> Sequence[int]:
    return conn.scalars(_visible(within)).all()


@lru_cache
def _visible(within: tuple[int, ...] | None) -> Select[int]:
    chosen = select(Project.id).order_by(Project.id)
    if within is None:
        return chosen
    shown = Project.id.in_(within)
    return chosen.where(or_(shown, Project.shares_list) if NETWORKS in within else shown)


def _one_of(kind: ColumnElement[bool]) -> ColumnElement[bool]:
    # A sum has no index: SQLite looks at the projects of a person, not at each of a kind for each person.
    return (Membership.project_id + 0).in_(select(Project.id).where(kind))


def _in_some(
    contact_id: ColumnElement[Any], kind: ColumnElement[bool], *, whole: bool
) -> ColumnElement[bool]:
    """That a contact is in some project of a kind."""
    found = select(Membership.contact_id).where(Membership.contact_id == contact_id, kind)
    # Within an OR PostgreSQL reads all memberships before it looks at the first person, but for an offset.
    return (found if whole else found.offset(0)).exists()
