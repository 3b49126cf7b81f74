"""Sister-city projects: a committee in the US and its community in El Salvador."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import Connection, func, insert, select, update

from contacts.models import Membership, Project
from database.tables import folded
from organizers.roles import NETWORKS, Within


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
    shares_list: bool = False  # with the network's office
    joins_red: bool = False  # the network's red alerts, without being asked
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
    shares_list: bool
    joins_red: bool
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
        "shares_list": draft.shares_list,
        "joins_red": draft.joins_red,
        "created_at": now,
    }
    return conn.execute(insert(Project).values(values).returning(Project.id)).scalar_one()


def change_project(conn: Connection, project_id: int, draft: ProjectDraft) -> None:
    """Write what may change of a project: whom it writes as, and what it shares with the office."""
    values = {
        "sms_sender": draft.sms_sender.strip(),
        "email_sender": draft.email_sender.strip(),
        "shares_list": draft.shares_list,
        "joins_red": draft.joins_red,
    }
    conn.execute(update(Project).where(Project.id == project_id).values(values))


def project_by_id(conn: Connection, project_id: int) -> ProjectRow:
    """A project's row; the caller knows that it exists."""
    return next(each for each in projects(conn) if each.id == project_id)


def projects(conn: Connection, within: Within = None) -> list[ProjectRow]:
    """Projects by name, with how many people each has; of ``within``, the office sees all of them."""
    people = (
        select(func.count())
        .where(Membership.project_id == Project.id)
        .correlate(Project)
        .scalar_subquery()
    )
    chosen = select(*_COLUMNS, people.label("people")).order_by(Project.name, Project.id)
    if within is not None and NETWORKS not in within:
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
    Project.shares_list,
    Project.joins_red,
)
