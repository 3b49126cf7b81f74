"""What follows an alert for one person: the reminders that are due, and the question how a call went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, exists, or_, select
from sqlalchemy.orm import aliased

from actions.addressing import official_short
from actions.asks import read_action
from actions.models import Action, Response
from actions.targets import Target, targets_for
from actions.whereabouts import place_of_contact
from alerts.models import Alert, Case
from contacts.models import Channel
from database import locking
from database.jobs import Jobs
from messages import prompting
from messages.calling_off import LIVE
from messages.followed import by_people
from messages.house import HouseRules
from messages.models import Click, Delivery, Message, MessageStatus, Status
from messages.prompt_models import Prompt, PromptKind
from messages.prompting import LATE, STOPPED, Wish

MOST = 200  # people a transaction
ASK_WITHIN = timedelta(days=2)  # of following the link; later nobody remembers
ASKED_FOR = timedelta(days=1)  # so long the question may wait for somebody's morning
KEPT = timedelta(days=30)
OVER, TOLD = "over", "told"


def write_due(
    conn: Connection, jobs: Jobs, *, house: HouseRules, now: datetime, most: int = MOST
) -> int:
    """Settle the prompts that are due, each once; return how many there were.

    Two processes do so one after the other, for each locks the messages of its prompts in the prompts'
    order. While an alert or the prompt's own message is paused, or all sending locked, it waits until it
    comes too late.
    """
    if locking.is_locked(conn):
        return 0
    locking.take_turns(conn, ["prompts"])
    due: Select[*tuple[Any, ...]] = (
        select(
            *Prompt.__table__.columns,
            Message.status.label("status"),
            Message.expires_at.label("expires_at"),
            Action.deadline.label("deadline"),
            Case.closed_at.label("closed_at"),
        )
        .join(Message, Message.id == Prompt.source_id)
        .join(Action, Action.id == Prompt.action_id)
        .outerjoin(Alert, Alert.action_id == Prompt.action_id)
        .outerjoin(Case, Case.id == Alert.case_id)
        .where(Prompt.settled_at.is_(None), Prompt.due_at <= now)
        .where(
            or_((Message.status != MessageStatus.PAUSED) & ~_own_is_paused(), Prompt.until <= now)
        )
        .order_by(Prompt.id)
        .limit(most)
        .with_for_update(of=Prompt, skip_locked=True)
    )
    found = conn.execute(due).all()
    for prompt in found:
        why = _why_not(conn, prompt, now)
        if why:
            prompting.drop(conn, prompt.id, why, now)
        else:
            prompting.write_copy(conn, jobs, prompt, house=house, now=now)
    return len(found)


def _own_is_paused() -> Any:
    """Whether the message that this prompt would be a copy of, see ``write_copy``, is paused."""
    before = aliased(Prompt)
    own = aliased(Message)
    same = [
        getattr(before, each) == getattr(Prompt, each)
        for each in ("action_id", "kind", "source_id", "channel", "target", "until")
    ]
    return exists().where(
        *same,
        Delivery.id == before.delivery_id,
        own.id == Delivery.message_id,
        own.status == MessageStatus.PAUSED,
    )


def _why_not(conn: Connection, prompt: Row[Any], now: datetime) -> str:
    """Why a prompt that is due is not wanted any more; "" while it is."""
    if prompt.status == MessageStatus.STOPPED:
        return STOPPED
    ends = (prompt.expires_at, prompt.deadline, prompt.closed_at)
    if prompt.status == MessageStatus.EXPIRED or any(end and end <= now for end in ends):
        return OVER
    if prompt.until <= now:
        return LATE
    told = exists().where(
        Response.action_id == prompt.action_id, Response.contact_id == prompt.contact_id
    )
    if prompt.kind == PromptKind.REMIND:
        told = told.where(Response.target == prompt.target, Response.outcome != "skipped")
    return TOLD if conn.scalar(select(told)) else ""


def ask_how_it_went(conn: Connection, *, now: datetime, most: int = MOST) -> int:
    """Note the question for those who followed their link and told nothing; return how many.

    Only of alerts whose organizer chose so, some hours afterwards, once, and by text.
    """
    alerts: Select[*tuple[Any, ...]] = (
        select(Alert.action_id, Alert.ask_hours, Message.expires_at, Action.deadline)
        .join(Message, Message.id == Alert.message_id)
        .join(Action, Action.id == Alert.action_id)
        .join(Case, Case.id == Alert.case_id)
        .where(Alert.ask_hours > 0, Case.closed_at.is_(None))
        .where(Message.status.in_((*LIVE, MessageStatus.FINISHED)))
        .where(or_(Message.expires_at.is_(None), Message.expires_at > now))
        .where(or_(Action.deadline.is_(None), Action.deadline > now))
    )
    asked = 0
    for alert in conn.execute(alerts.order_by(Alert.id)).all():
        if asked < most:
            asked += _ask_of(conn, alert, now, most - asked)
    return asked


def _ask_of(conn: Connection, alert: Row[Any], now: datetime, most: int) -> int:
    since = timedelta(hours=alert.ask_hours)
    people: Select[*tuple[Any, ...]] = (
        select(Delivery.contact_id, Delivery.message_id)
        .join(Click, Click.delivery_id == Delivery.id)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.action_id == alert.action_id, Delivery.channel == Channel.SMS)
        .where(Delivery.contact_id.is_not(None))
        .where(Delivery.status.between(int(Status.ACCEPTED), int(Status.DELIVERED)))
        .where(Click.at <= now - since, Click.at > now - since - ASK_WITHIN, by_people())
        .where(~_has(Response, alert.action_id), ~_was_asked(alert.action_id))
        .order_by(Delivery.contact_id, Delivery.message_id)
        .distinct()
        .limit(most)
    )
    ends = [end for end in (now + ASKED_FOR, alert.expires_at, alert.deadline) if end is not None]
    asked = 0
    for contact_id, message_id in conn.execute(people).all():
        target = _first_office(conn, alert.action_id, contact_id, now)
        wish = Wish(
            kind=PromptKind.ASK,
            action_id=alert.action_id,
            contact_id=contact_id,
            source_id=message_id,
            channel=Channel.SMS,
            target=target.key if target else "",
            named=names_of(target) if target else {},
            due_at=now,
            until=_whole_hour(min(ends)),
        )
        asked += prompting.ask_once(conn, wish)
    return asked


def _whole_hour(at: datetime) -> datetime:
    """So that those who are asked within an hour share a message."""
    return at.replace(minute=0, second=0, microsecond=0)


def _has(table: type[Response], action_id: int) -> Any:
    return exists().where(table.action_id == action_id, table.contact_id == Delivery.contact_id)


def _was_asked(action_id: int) -> Any:
    return exists().where(
        Prompt.action_id == action_id,
        Prompt.contact_id == Delivery.contact_id,
        Prompt.kind == PromptKind.ASK,
    )


def _first_office(
    conn: Connection, action_id: int, contact_id: int, now: datetime
) -> Target | None:
    """Whom they were to call first, as far as it is known; the switchboard is nobody's name."""
    place = place_of_contact(conn, contact_id, now=now)
    offices = targets_for(conn, read_action(conn, action_id), place, now=now).with_phone
    return next((each for each in offices[:1] if each.name), None)


def names_of(target: Target) -> dict[str, str]:
    """An office as it stands in a sentence, in each language."""
    return {language: official_short(target, language) for language in ("en", "es")}


def forget(conn: Connection, *, now: datetime) -> int:
    """Prompts that were settled a month ago; return how many."""
    return conn.execute(delete(Prompt).where(Prompt.settled_at < now - KEPT)).rowcount
