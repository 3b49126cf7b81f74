"""What an installation still lacks before its first alert: a project, and people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, Select, select

from contacts.models import Contact, Project
from contacts.scope import people
from organizers.roles import NETWORKS, Within, as_key


@dataclass(frozen=True)
class FirstSteps:
    """Which of the first steps are done."""

    has_project: bool
    has_people: bool


def first_steps(conn: Connection, within: Within) -> FirstSteps:
    """How far organizers of these projects (None: the network's) have come."""
    projects, shown = _steps(as_key(within))
    return FirstSteps(
        has_project=conn.scalar(projects) is not None,
        has_people=conn.scalar(shown) is not None,
    )


@lru_cache
def _steps(within: tuple[int, ...] | None) -> tuple[Select[int], Select[int]]:
    """A project, and somebody whom they may see."""
    projects = select(Project.id)
    if within is not None and NETWORKS not in within:
        projects = projects.where(Project.id.in_(within))
    return projects.limit(1), select(Contact.id).where(people(within)).limit(1)
