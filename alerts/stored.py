"""Read a draft alert back as its author had it in mind, to go on writing; or all of it, to check and approve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from actions.asks import Ask, read_action
from actions.custom_targets import KeptOffice, offices_of_action
from alerts.citing import Place, as_written, written_of
from alerts.drafts import AlertDraft, CallDraft, CaseDraft, Ending, Headline
from alerts.follow_ups import Followed, asks_for_calls, followed_by
from alerts.models import Alert, Case, Level, Work
from alerts.pages import ALERT_WORDS
from alerts.timeline import KnownFact, facts_of
from contacts.models import Project
from messages.audience import read as read_audience
from messages.checking import texts_of
from messages.models import Message, Reach

_ACTION = select(Alert.action_id).where(Alert.id == bindparam("alert"))


@dataclass(frozen=True, kw_only=True)
class StoredAlert:
    """An alert with what its check, its page and its approval all ask of it: read once, for all of them."""

    id: int
    case_id: int
    message_id: int
    draft: AlertDraft  # as people read it
    written: Mapping[Place, str]  # the pieces that cite something, as they were written
    facts: Sequence[KnownFact]  # of its case
    ask: Ask  # its own
    leads_to: Ask  # to which its copies lead: of the alert that it follows, else its own
    offices: Sequence[KeptOffice]  # that its own ask names
    followed: Followed | None
    asks_for_calls: bool  # see ``follow_ups.asks_for_calls``

    @property
    def as_written(self) -> AlertDraft:
        """The draft with its citations instead of what they say."""
        return as_written(self.draft, self.written)


def stored_alert(conn: Connection, found: Row[*tuple[Any, ...]]) -> StoredAlert:
    """Read all of an alert; ``found`` is its row, as ``preflight.find_alert`` gives it."""
    ask = read_action(conn, found.own_action_id)
    follows = found.action_id != found.own_action_id
    return StoredAlert(
        id=found.id,
        case_id=found.case_id,
        message_id=found.message_id,
        draft=_told(conn, found.id, ask),
        written=written_of(conn, found.id),
        facts=facts_of(conn, found.case_id),
        ask=ask,
        leads_to=read_action(conn, found.action_id) if follows else ask,
        offices=offices_of_action(conn, found.own_action_id),
        followed=followed_by(conn, found.id),
        asks_for_calls=asks_for_calls(conn, found.id),
    )


def stored_draft(conn: Connection, alert_id: int) -> AlertDraft:
    """The draft as it was written, with what it cites; the caller knows that it exists.

    Its case comes without words and facts: writing them again would tell them twice.
    """
    return as_written(told_draft(conn, alert_id), written_of(conn, alert_id))


def told_draft(conn: Connection, alert_id: int) -> AlertDraft:
    """The same as people read it, with the words of the facts it cites."""
    action_id = conn.scalars(_ACTION, {"alert": alert_id}).one()
    return _told(conn, alert_id, read_action(conn, action_id))


def _told(conn: Connection, alert_id: int, ask: Ask) -> AlertDraft:
    row = conn.execute(_alert(), {"alert": alert_id}).one()
    return AlertDraft(
        case=CaseDraft(slug=row.case_slug),
        level=Level(row.level),
        words=_headlines(conn, alert_id),
        texts=texts_of(conn, row.message_id),
        call=_call(ask),
        reach=Reach(row.reach),
        merge_defaults=row.merge_defaults,
        audience=read_audience(row.audience),
        project=row.project_slug or "",
        begins_at=row.begins_at,
        expires=Ending(at=row.expires_at),
        budget_cents=row.budget_cents,
        ask_hours=row.ask_hours,
        work=Work(row.work) if row.work else None,
        capped=row.level == Level.RED or row.weekly_cap is not None,
    )


def case_slug(conn: Connection, case_id: int) -> str:
    """The name a case goes by in records."""
    return conn.scalars(select(Case.slug).where(Case.id == case_id)).one()


@cache
def _alert() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Alert.level,
            Alert.message_id,
            Alert.ask_hours,
            Alert.work,
            Message.reach,
            Message.audience,
            Message.merge_defaults,
            Message.begins_at,
            Message.expires_at,
            Message.budget_cents,
            Message.weekly_cap,
            Case.slug.label("case_slug"),
            Project.slug.label("project_slug"),
        )
        .join(Message, Message.id == Alert.message_id)
        .join(Case, Case.id == Alert.case_id)
        .outerjoin(Project, Project.id == Message.project_id)
        .where(Alert.id == bindparam("alert"))
    )


def _headlines(conn: Connection, alert_id: int) -> dict[str, Headline]:
    rows = conn.execute(ALERT_WORDS, {"alert": alert_id})
    return {language: Headline(title, summary) for language, title, summary in rows}


def _call(ask: Ask) -> CallDraft:
    return CallDraft(
        asks=ask.asks,
        scripts=ask.scripts,
        goal=ask.goal,
        deadline=Ending(at=ask.deadline),
    )
