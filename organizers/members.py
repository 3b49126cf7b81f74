"""The organizers themselves: who serves what, and changing it.

The last of the network's office cannot leave it: nobody could then let anybody in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from database.tables import folded
from database.upserts import insert_or
from organizers import factors, sessions
from organizers.models import DoorLink, Organizer, OrganizerProject
from organizers.phones import confirmed_phone
from organizers.roles import NETWORKS, Grant, May, Within
from organizers.sessions import all_grants, has_second_step


class NoSuchOrganizer(LookupError):
    """There is no organizer with this number or address."""


class LastOfOffice(ValueError):
    """This is the last organizer of the network's office. Put somebody else there first."""


@dataclass(frozen=True)
class Member:
    """An organizer in the list of those who serve a project."""

    id: int
    name: str
    email: str
    language: str
    grants: Mapping[int, Grant]
    has_second_step: bool
    disabled: bool
    phone: str = ""  # E.164, confirmed


def members(conn: Connection, within: Within) -> list[Member]:
    """Who serves any of these projects, by name, with the roles they have there."""
    columns = (
        Organizer.id,
        Organizer.name,
        Organizer.email,
        Organizer.language,
        Organizer.disabled_at,
        confirmed_phone(),
    )
    rows = conn.execute(
        select(*columns, has_second_step().label("second")).order_by(Organizer.name, Organizer.id)
    ).all()
    found, grants = [], all_grants(conn)
    for row in rows:
        held = grants.get(row.id, {})
        shown = {p: grant for p, grant in held.items() if within is None or p in within}
        if shown or within is None:
            found.append(_member(row, shown))
    return found


def admins_of(conn: Connection, projects: Iterable[int]) -> list[Member]:
    """Who is an admin in one of these projects and may sign in, once each."""
    return admins_among(members(conn, sorted(set(projects))))


def admins_among(found: Iterable[Member]) -> list[Member]:
    """Those of them who are admins where they were looked for, and may sign in."""
    return [
        each
        for each in found
        if not each.disabled and any(May.ADMIN in held.allows for held in each.grants.values())
    ]


def _member(row: Row[*tuple[Any, ...]], grants: Mapping[int, Grant]) -> Member:
    return Member(
        id=row.id,
        name=row.name,
        email=row.email,
        language=row.language,
        grants=grants,
        has_second_step=row.second,
        disabled=row.disabled_at is not None,
        phone=row.phone,
    )


def organizer_by_email(conn: Connection, email: str) -> int:
    """An organizer's number. Raises NoSuchOrganizer."""
    found = conn.scalar(select(Organizer.id).where(Organizer.email == folded(email)))
    if found is None:
        raise NoSuchOrganizer(f"there is no organizer with the address {email}")
    return int(found)


def set_reading(conn: Connection, organizer_id: int, languages: Sequence[str]) -> None:
    """Note which of our languages somebody reads; none = that of their console."""
    read = " ".join(dict.fromkeys(languages))
    conn.execute(update(Organizer).where(Organizer.id == organizer_id).values(reads=read))


def set_grant(conn: Connection, organizer_id: int, project: int, grant: Grant | None) -> None:
    """Give somebody a role in a project (``NETWORKS``: in the office), or None of any.

    Their sessions end, so that none goes on with what it was opened for. Raises NoSuchOrganizer and
    LastOfOffice.
    """
    _locked(conn, organizer_id)
    if project == NETWORKS:
        _set_office(conn, organizer_id, grant)
    elif grant is None:
        gone = {"organizer_id": organizer_id, "project_id": project}
        conn.execute(delete(OrganizerProject).filter_by(**gone))
    else:
        held = {"role": grant.role, "exports": grant.exports}
        row = insert_or(conn, OrganizerProject).values(
            organizer_id=organizer_id, project_id=project, **held
        )
        keys: Sequence[str] = ("organizer_id", "project_id")
        conn.execute(row.on_conflict_do_update(index_elements=keys, set_=held))
    _void_invitations(conn, organizer_id)
    sessions.end(conn, organizer_id)


def disable(conn: Connection, organizer_id: int, now: datetime) -> None:
    """Let somebody in no more: sessions end, links are void. Raises as ``set_grant``."""
    if _locked(conn, organizer_id):
        _require_another(conn, organizer_id)
    conn.execute(update(Organizer).where(Organizer.id == organizer_id).values(disabled_at=now))
    conn.execute(delete(DoorLink).where(DoorLink.organizer_id == organizer_id))
    _void_invitations(conn, organizer_id)
    sessions.end(conn, organizer_id)


def enable(conn: Connection, organizer_id: int) -> None:
    """Let somebody in again."""
    _locked(conn, organizer_id)
    conn.execute(update(Organizer).where(Organizer.id == organizer_id).values(disabled_at=None))


def clear_second_step(conn: Connection, organizer_id: int) -> None:
    """Take the second steps of somebody who has lost them, whom one knows by voice or face."""
    _locked(conn, organizer_id)
    factors.clear(conn, organizer_id)
    sessions.end(conn, organizer_id)


def _void_invitations(conn: Connection, organizer_id: int) -> None:
    """Those that somebody made stand on what they were; whoever may still invite makes them anew."""
    made = (DoorLink.created_by == f"organizer:{organizer_id}", DoorLink.used_at.is_(None))
    conn.execute(delete(DoorLink).where(*made))


def _set_office(conn: Connection, organizer_id: int, grant: Grant | None) -> None:
    if grant is None:
        _require_another(conn, organizer_id)
    values = {"network": grant is not None, "exports": grant is not None and grant.exports}
    conn.execute(update(Organizer).where(Organizer.id == organizer_id).values(values))


def _locked(conn: Connection, organizer_id: int) -> bool:
    """Whether somebody is of the office; they all are kept from others who change the office."""
    office = select(Organizer.id).where(Organizer.network).order_by(Organizer.id)
    conn.execute(office.with_for_update()).all()
    found = conn.execute(
        select(Organizer.network).where(Organizer.id == organizer_id)
    ).one_or_none()
    if found is None:
        raise NoSuchOrganizer(f"there is no organizer {organizer_id}")
    return bool(found.network)


def _require_another(conn: Connection, organizer_id: int) -> None:
    others = (
        Organizer.network,
        Organizer.disabled_at.is_(None),
        Organizer.id != organizer_id,
    )
    if not conn.scalar(select(func.count()).select_from(Organizer).where(*others)):
        raise LastOfOffice(LastOfOffice.__doc__)
