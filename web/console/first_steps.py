"""What an installation still lacks before its first alert: a project, and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from contacts.models import Contact, Membership, Project


@dataclass(frozen=True)
class FirstSteps:
    """Which of the first steps are done."""

    has_project: bool
    has_people: bool


def first_steps(conn: Connection, within: Sequence[int] | None) -> FirstSteps:
    """How far organizers of these projects (None: the network's) have come."""
    people = select(Contact.id)
    projects = select(Project.id)
    if within is not None:
        people = select(Membership.contact_id).where(Membership.project_id.in_(within))
        projects = projects.where(Project.id.in_(within))
    return FirstSteps(
        has_project=conn.scalar(projects.limit(1)) is not None,
        has_people=conn.scalar(people.limit(1)) is not None,
    )
