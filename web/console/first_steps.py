"""What an installation still lacks before its first alert: a project, and people."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from contacts.models import Contact, Project
from contacts.scope import people
from organizers.roles import NETWORKS, Within


@dataclass(frozen=True)
class FirstSteps:
    """Which of the first steps are done."""

    has_project: bool
    has_people: bool


def first_steps(conn: Connection, within: Within) -> FirstSteps:
    """How far organizers of these projects (None: the network's) have come."""
    shown = select(Contact.id).where(people(within))
    projects = select(Project.id)
    if within is not None and NETWORKS not in within:
        projects = projects.where(Project.id.in_(within))
    return FirstSteps(
        has_project=conn.scalar(projects.limit(1)) is not None,
        has_people=conn.scalar(shown.limit(1)) is not None,
    )
