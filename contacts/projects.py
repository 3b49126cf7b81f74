"""Sister-city projects: a committee in the US and its community in El Salvador."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import Connection, func, insert, select

from contacts.models import Membership, Project
from database.tables import folded


class ProjectExists(ValueError):
    """There is already a project of this name."""


class NoSuchProject(LookupError):
    """No project goes by this name."""


class BadProject(ValueError):
    """A project lacks what makes it recognisable."""


@dataclass(frozen=True)
class ProjectDraft:
    """What an organizer says about a project."""

    name: str
    us_city: str = ""
    us_state: str = ""
    community: str = ""
    region: str = ""
    since: int | None = None
    sms_sender: str = ""
    email_sender: str = ""
    slug: str = ""  # "" = made from the name


@dataclass(frozen=True)
class ProjectRow:
    """A project with how many contacts belong to it."""

    id: int
    slug: str
    name: str
    us_city: str
    us_state: str
    community: str
    region: str
    since: int | None
    sms_sender: str
    email_sender: str
    people: int


def add_project(conn: Connection, draft: ProjectDraft, now: datetime) -> int:
    """Add a project; return its id. Raises BadProject or ProjectExists."""
    slug = slug_of(draft.slug or draft.name)
    if not slug:
        raise BadProject("a project needs a name, such as “Madison – Arcatao”")
    if conn.scalar(select(Project.id).where(Project.slug == slug)) is not None:
        raise ProjectExists(f"there is already a project named {slug}; choose another name")
    values = {
        "slug": slug,
        "name": " ".join(draft.name.split()) or slug,
        "us_city": draft.us_city.strip(),
        "us_state": draft.us_state.strip().upper()[:2],
        "community": draft.community.strip(),
        "region": draft.region.strip(),
        "since": draft.since,
        "sms_sender": draft.sms_sender.strip(),
        "email_sender": draft.email_sender.strip(),
        "created_at": now,
    }
    return conn.execute(insert(Project).values(values).returning(Project.id)).scalar_one()


def projects(conn: Connection, within: Sequence[int] | None = None) -> list[ProjectRow]:
    """Projects by name; ``within`` limits them to those an organizer serves."""
    people = (
        select(func.count())
        .where(Membership.project_id == Project.id)
        .correlate(Project)
        .scalar_subquery()
    )
    chosen = select(*_COLUMNS, people.label("people")).order_by(Project.name, Project.id)
    if within is not None:
        chosen = chosen.where(Project.id.in_(within))
    return [ProjectRow(**row) for row in conn.execute(chosen).mappings()]


def project_by_slug(conn: Connection, slug: str) -> ProjectRow:
    """The project that goes by a slug or a name. Raises NoSuchProject, which names the near miss."""
    known = {project.slug: project for project in projects(conn)}
    found = known.get(slug_of(slug))
    if found is None:
        near = get_close_matches(slug_of(slug), known, 1)
        listed = ", ".join(known) or "none yet: llamado project add"
        hint = f"did you mean {near[0]}?" if near else f"projects are: {listed}"
        raise NoSuchProject(f"there is no project named {slug}; {hint}")
    return found


def slug_of(name: str) -> str:
    """A name as it stands in web addresses and on the command line: ``madison-arcatao``."""
    return re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:64].strip("-")


_COLUMNS = (
    Project.id,
    Project.slug,
    Project.name,
    Project.us_city,
    Project.us_state,
    Project.community,
    Project.region,
    Project.since,
    Project.sms_sender,
    Project.email_sender,
)
