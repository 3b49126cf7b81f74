"""Read a draft alert back as its author had it in mind, to go on writing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select

from actions.asks import read_action
from alerts.citing import as_written, written_of
from alerts.drafts import AlertDraft, CallDraft, CaseDraft, Ending, Headline
from alerts.models import Alert, AlertText, Case, Level, Work
from contacts.models import Project
from messages.audience import read as read_audience
from messages.control import Words
from messages.models import Message, MessageText, Reach


def stored_draft(conn: Connection, alert_id: int) -> AlertDraft:
    """The draft as it was written, with what it cites; the caller knows that it exists.

    Its case comes without words and facts: writing them again would tell them twice.
    """
    return as_written(told_draft(conn, alert_id), written_of(conn, alert_id))


def told_draft(conn: Connection, alert_id: int) -> AlertDraft:
    """The same as people read it, with the words of the facts it cites."""
    row = conn.execute(_alerts().where(Alert.id == alert_id)).one()
    return AlertDraft(
        case=CaseDraft(slug=row.case_slug),
        level=Level(row.level),
        words=_headlines(conn, alert_id),
        texts=_texts(conn, row.message_id),
        call=_call(conn, row.action_id),
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


def _alerts() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Alert.level,
            Alert.message_id,
            Alert.action_id,
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
    )


def _headlines(conn: Connection, alert_id: int) -> dict[str, Headline]:
    columns = (AlertText.language, AlertText.title, AlertText.summary)
    rows = conn.execute(select(*columns).where(AlertText.alert_id == alert_id))
    return {language: Headline(title, summary) for language, title, summary in rows}


def _texts(conn: Connection, message_id: int) -> dict[str, Words]:
    columns = (MessageText.language, MessageText.sms, MessageText.subject, MessageText.body)
    rows = conn.execute(select(*columns).where(MessageText.message_id == message_id))
    return {language: Words(sms, subject, body) for language, sms, subject, body in rows}


def _call(conn: Connection, action_id: int) -> CallDraft:
    ask = read_action(conn, action_id)
    return CallDraft(
        asks=ask.asks,
        scripts=ask.scripts,
        goal=ask.goal,
        deadline=Ending(at=ask.deadline),
    )
