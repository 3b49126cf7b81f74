"""What an organizer may choose from in forms: projects, cases, tags and earlier alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from alerts.models import Alert, AlertText, Case, CaseText
from contacts.models import ContactTag, Membership, Project, Tag
from messages.models import Message

Option = tuple[int, str]


@dataclass(frozen=True)
class Choices:
    """The options of an alert's form, each an id and its words."""

    projects: list[Option]
    tags: list[tuple[str, str]]
    cases: list[Option]
    actions: list[Option]  # the actions of earlier alerts


def choices(conn: Connection, within: Sequence[int] | None, *, language: str) -> Choices:
    """What organizers of these projects (None: the network's) may choose from."""
    return Choices(
        projects=projects(conn, within),
        tags=_tags(conn, within),
        cases=_cases(conn, within, language),
        actions=_actions(conn, within, language),
    )


def projects(conn: Connection, within: Sequence[int] | None) -> list[Option]:
    """Projects by name."""
    statement = select(Project.id, Project.name).order_by(Project.name)
    if within is not None:
        statement = statement.where(Project.id.in_(within))
    return [(row.id, row.name) for row in conn.execute(statement)]


def _tags(conn: Connection, within: Sequence[int] | None) -> list[tuple[str, str]]:
    statement = select(Tag.name).order_by(Tag.name)
    if within is not None:
        carried = (
            select(ContactTag.tag_id)
            .join(Membership, Membership.contact_id == ContactTag.contact_id)
            .where(Membership.project_id.in_(within))
        )
        statement = statement.where(Tag.id.in_(carried))
    return [(name, name) for name in conn.scalars(statement)]


def _cases(conn: Connection, within: Sequence[int] | None, language: str) -> list[Option]:
    statement = (
        select(Case.id, CaseText.title)
        .join(CaseText, (CaseText.case_id == Case.id) & (CaseText.language == language))
        .where(Case.closed_at.is_(None))
        .order_by(Case.id.desc())
    )
    if within is not None:
        statement = statement.where(Case.project_id.in_(within))
    return [(row.id, row.title) for row in conn.execute(statement)]


def _actions(conn: Connection, within: Sequence[int] | None, language: str) -> list[Option]:
    statement = (
        select(Alert.action_id, AlertText.title)
        .join(AlertText, (AlertText.alert_id == Alert.id) & (AlertText.language == language))
        .join(Message, Message.id == Alert.message_id)
        .where(Message.launched_at.is_not(None))
        .order_by(Alert.id.desc())
        .limit(20)
    )
    if within is not None:
        statement = statement.where(Message.project_id.in_(within))
    return [(row.action_id, row.title) for row in conn.execute(statement)]
