"""What an organizer may choose from in forms: projects, cases, tags and earlier alerts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, Select, bindparam, exists, select

from actions.custom_targets import offices
from alerts.follow_ups import stands_alone
from alerts.models import Alert, AlertText, Case, CaseText
from contacts.models import ContactTag, Project, Tag
from contacts.scope import people
from messages.models import Message
from organizers.roles import May, Within, as_key, owned
from organizers.sessions import Viewer
from web.console.ask_forms import OFFICE

Option = tuple[int, str]


@dataclass(frozen=True)
class Choices:
    """The options of an alert's form, each an id and its words."""

    own: list[Option]  # whose alert it may be
    projects: list[Option]  # to whom it may go
    tags: list[tuple[str, str]]
    cases: list[Option]
    actions: list[Option]  # the actions of earlier alerts
    offices: list[tuple[str, str]]  # outside Congress, each as whom to call


def choices(conn: Connection, viewer: Viewer, *, language: str) -> Choices:
    """What an organizer may choose from; the office may write to any project, if that agrees."""
    within = viewer.within
    return Choices(
        own=projects(conn, viewer.may_in(May.WRITE)),
        projects=projects(conn, None if viewer.network else within),
        tags=tags(conn, within),
        cases=cases(conn, within, language),
        actions=actions(conn, within, language),
        offices=office_options(conn, within),
    )


def projects(conn: Connection, within: Within) -> list[Option]:
    """Projects by name."""
    return [(row.id, row.name) for row in conn.execute(_projects(as_key(within)))]


def office_options(conn: Connection, within: Within) -> list[tuple[str, str]]:
    """The offices outside Congress, each as whom to call."""
    return [(f"{OFFICE}{each.office.key}", each.office.name) for each in offices(conn, within)]


def tags(conn: Connection, within: Within) -> list[tuple[str, str]]:
    """Tags of people whom these projects' organizers may see, by name."""
    return [(name, name) for name in conn.scalars(_tags(as_key(within)))]


def cases(conn: Connection, within: Within, language: str) -> list[Option]:
    """The open cases of these projects, the latest first."""
    rows = conn.execute(_cases(as_key(within)), {"spoken": language})
    return [(row.id, row.title) for row in rows]


def actions(conn: Connection, within: Within, language: str) -> list[Option]:
    """The actions of the latest alerts of these projects that were launched."""
    rows = conn.execute(_actions(as_key(within)), {"spoken": language})
    return [(row.action_id, row.title) for row in rows]


@lru_cache
def _projects(within: tuple[int, ...] | None) -> Select[int, str]:
    statement = select(Project.id, Project.name).order_by(Project.name)
    return statement if within is None else statement.where(Project.id.in_(within))


@lru_cache
def _tags(within: tuple[int, ...] | None) -> Select[str]:
    statement = select(Tag.name).order_by(Tag.name)
    if within is None:
        return statement
    # Asked of each tag: the first of its people who may be seen is enough.
    carried = exists().where(ContactTag.tag_id == Tag.id)
    return statement.where(carried.where(people(within, ContactTag.contact_id.expression)))


@lru_cache
def _cases(within: tuple[int, ...] | None) -> Select[int, str]:
    words = (CaseText.case_id == Case.id) & (CaseText.language == bindparam("spoken"))
    return (
        select(Case.id, CaseText.title)
        .join(CaseText, words)
        .where(Case.closed_at.is_(None), owned(Case.project_id, within))
        .order_by(Case.id.desc())
    )


@lru_cache
def _actions(within: tuple[int, ...] | None) -> Select[int, str]:
    words = (AlertText.alert_id == Alert.id) & (AlertText.language == bindparam("spoken"))
    return (
        select(Alert.action_id, AlertText.title)
        .join(AlertText, words)
        .join(Message, Message.id == Alert.message_id)
        .where(Message.launched_at.is_not(None), stands_alone())
        .where(owned(Message.project_id, within))
        .order_by(Alert.id.desc())
        .limit(20)
    )
