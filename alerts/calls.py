"""What is a call about? The alert behind its action, and for somebody who dials, which alert that is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from actions.flooding import Most
from alerts.models import Alert
from alerts.pages import AlertPage, Person, page_for_delivery, page_of_action
from alerts.weighing import naming_by_now
from contacts.models import Channel
from database.jobs import Jobs
from messages import calling, connecting
from messages.call_hours import require_hour
from messages.call_limits import CannotConnect, NotTaken, VoiceRules, sources_of
from messages.call_texts import own_phone
from messages.calling import Subject
from messages.calling_off import taken_back
from messages.correspondents import correspondent
from messages.models import Message
from messages.providers.twilio_voice import Heard, Verb

LATEST = 20  # alerts that are looked at for one that is not over

Hide = Callable[[str], str]
"""Makes a keyed hash of what is counted, another one each day."""


def ask(
    conn: Connection,
    delivery_id: int,
    *,
    language: str,
    address: str,
    hide: Hide,
    rules: VoiceRules,
    now: datetime,
) -> str:
    """Note that whoever has this copy wants to be rung on their own number; return the call's name.

    ``address`` is the hidden network address it comes from. Raises NoSuchPage and CannotConnect.
    """
    page, person = page_for_delivery(conn, delivery_id, now=now)
    if page.ended_at(now) is not None:
        raise CannotConnect("This action is over; please do not call any more.")
    if naming_by_now(conn, page.alert_id):
        raise CannotConnect("Somebody is looking at this action again; please come back later.")
    phone = "" if person.contact_id is None else own_phone(conn, person.contact_id)
    if person.contact_id is None or not phone:
        raise CannotConnect(
            "We have no phone number of yours that we may ring; please call the offices yourself."
        )
    require_hour(conn, person.contact_id, rules, now)
    return connecting.ask_for_call(
        conn,
        action_id=page.ask.action_id,
        contact_id=person.contact_id,
        phone=phone,
        language=language,
        sources={
            **sources_of(phone, hide, rules),
            address: Most(rules.per_address, rules.per_address),
        },
        rules=rules,
        now=now,
    )


def dialled(
    conn: Connection, jobs: Jobs, heard: Heard, *, hide: Hide, rules: VoiceRules, now: datetime
) -> tuple[str, list[Verb]]:
    """Take a call of somebody who dials the network's number: its name, and what they hear first.

    A number can be forged: one that no carrier vouches for is that of a stranger. Raises NotTaken.
    """
    writer = correspondent(conn, Channel.SMS, heard.caller) if heard.vouched_for else None
    action_id = _open_action(conn, writer.action_id if writer else None, now)
    if action_id is None:
        raise NotTaken("nothing")
    token = connecting.take_call(
        conn,
        heard,
        action_id=action_id,
        contact_id=writer.contact_id if writer else None,
        language=(writer.language if writer else "") or rules.default_language,
        sources=sources_of(heard.caller, hide, rules),
        rules=rules,
        now=now,
    )
    return token, step(conn, jobs, token, 0, heard, rules=rules, now=now)


def step(
    conn: Connection,
    jobs: Jobs,
    token: str,
    number: int,
    heard: Heard,
    *,
    rules: VoiceRules,
    now: datetime,
) -> list[Verb]:
    """What is said to one request about a call; of what names somebody by now, no word. Raises NoSuchCall."""
    call = calling.find(conn, token)
    page = page_of_action(conn, call.action_id, now=now)
    subject = Subject(
        slug=page.slug,
        titles={language: words.title for language, words in page.words.items()},
        instead=_instead(conn, page, now),
    )
    return calling.go_on(conn, jobs, call, number, heard, rules=rules, subject=subject, now=now)


def ended(conn: Connection, token: str, heard: Heard, *, rules: VoiceRules, now: datetime) -> None:
    """Take in what is told of a call's end; "" is one that somebody dialled. Raises NoSuchCall."""
    name = token or calling.name_of(conn, heard.call_sid)
    call = calling.bind(conn, calling.find(conn, name), heard.call_sid)
    connecting.finish(conn, call, heard, rules=rules, now=now)


def own_number(
    conn: Connection, person: Person | None, rules: VoiceRules, *, now: datetime
) -> tuple[str, str]:
    """The number that somebody may have rung from their page, and why it would not be at this hour.

    Both are "" where there is no number, the second also where nothing is in the way.
    """
    phone = own_phone(conn, person.contact_id) if person and person.contact_id else ""
    if person is None or person.contact_id is None or not phone:
        return "", ""
    try:
        require_hour(conn, person.contact_id, rules, now)
    except CannotConnect as error:
        return phone, str(error)
    return phone, ""


def _open_action(conn: Connection, own: int | None, now: datetime) -> int | None:
    """The action a caller was last asked for, or else the latest of all, that began, is not over and may be told."""
    begun = or_(Message.starts_at.is_(None), Message.starts_at <= now)
    launched = (
        select(func.coalesce(Message.action_id, Alert.action_id))
        .join(Alert, Alert.message_id == Message.id)
        .where(Message.launched_at.is_not(None), begun, ~taken_back())
        .order_by(Message.launched_at.desc(), Message.id.desc())
        .limit(LATEST)
    )
    every = list(conn.scalars(launched))
    first = [own] if own is not None and own in every else []
    for action_id in (*first, *every):
        if not _instead(conn, page_of_action(conn, action_id, now=now), now):
            return action_id
    return None


def _instead(conn: Connection, page: AlertPage, now: datetime) -> str:
    """What is said in its place where no calls are wanted, or its words name somebody who must not be named."""
    if page.ended_at(now) is not None:
        return "over"
    return "withheld" if naming_by_now(conn, page.alert_id) else ""
