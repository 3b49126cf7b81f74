"""Write to one person about one office, once: a reminder they asked for, or the question how it went.

A prompt is a row until it is due. Then one transaction settles it: it becomes a delivery of a message
like any other, so that the sending promise covers it and its claim asks for consent, stop, cap and
quiet hours; or it is dropped, with the reason. Copies about one office until one hour share a message.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from contacts.consent import suppression
from contacts.models import Address, Channel, Contact
from database.jobs import Jobs
from database.upserts import insert_or
from messages import audience as audiences
from messages import control, links, wording
from messages.adding import add_copy, begin_empty
from messages.calling_off import LIVE
from messages.control import Draft, Words
from messages.eligibility import NO_ADDRESS, PROMPT, SHARED
from messages.estimating import most_segments
from messages.hours import read as read_hours
from messages.house import HouseRules
from messages.models import (
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    Reach,
)
from messages.prompt_models import Prompt, PromptKind

PRIORITY = 10  # before any bulk: who asked for a time means that time
STOPPED, LATE, PAUSED = "stopped", "late", "paused"
REACH = {Channel.SMS: Reach.SMS, Channel.EMAIL: Reach.EMAIL}


class AlreadyReminded(Exception):
    """We have reminded you of this call already; one reminder for each office is all we send."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A text, or email, that is to reach one person about one office between two instants."""

    kind: PromptKind
    action_id: int
    contact_id: int
    source_id: int  # the message whose copy led to it
    channel: str
    target: str
    named: Mapping[str, str]  # the office's name, by language
    due_at: datetime
    until: datetime


def ask_for(conn: Connection, wish: Wish) -> None:
    """Keep a wish; a second one about the same office moves the first. Raises AlreadyReminded."""
    values = {
        "source_id": wish.source_id,
        "channel": wish.channel,
        "named": dict(wish.named),
        "due_at": wish.due_at,
        "until": wish.until,
        "settled_at": None,
        "dropped": "",
    }
    key = {
        "kind": wish.kind,
        "action_id": wish.action_id,
        "contact_id": wish.contact_id,
        "target": wish.target,
    }
    row = insert_or(conn, Prompt).values(**key, **values)
    kept = row.on_conflict_do_update(
        index_elements=["action_id", "contact_id", "kind", "target"],
        set_=values,
        where=or_(Prompt.settled_at.is_(None), Prompt.dropped != ""),
    ).returning(Prompt.id)
    if conn.execute(kept).one_or_none() is None:
        raise AlreadyReminded(AlreadyReminded.__doc__)


def ask_once(conn: Connection, wish: Wish) -> bool:
    """Keep a question, unless they were asked of this action before; whether it is new."""
    row = insert_or(conn, Prompt).values(
        kind=wish.kind,
        action_id=wish.action_id,
        contact_id=wish.contact_id,
        source_id=wish.source_id,
        channel=wish.channel,
        target=wish.target,
        named=dict(wish.named),
        due_at=wish.due_at,
        until=wish.until,
        dropped="",
    )
    return conn.execute(row.on_conflict_do_nothing().returning(Prompt.id)).first() is not None


def take_back(
    conn: Connection, action_id: int, contact_id: int, target: str, now: datetime
) -> None:
    """Drop a reminder that has not left."""
    mine = (Prompt.action_id == action_id, Prompt.contact_id == contact_id)
    about = (Prompt.target == target, Prompt.kind == PromptKind.REMIND)
    waits = Prompt.settled_at.is_(None)
    dropped = update(Prompt).where(*mine, *about, waits)
    conn.execute(dropped.values(settled_at=now, dropped="taken_back"))


def reminders_of(
    conn: Connection, action_id: int, contact_id: int
) -> dict[str, tuple[datetime, bool]]:
    """What somebody has asked to be reminded of: the office, when, and whether that has left."""
    found = select(Prompt.target, Prompt.due_at, Prompt.settled_at).where(
        Prompt.action_id == action_id,
        Prompt.contact_id == contact_id,
        Prompt.kind == PromptKind.REMIND,
        Prompt.dropped == "",
    )
    return {
        target: (due_at, settled_at is not None)
        for target, due_at, settled_at in conn.execute(found)
    }


def target_of(conn: Connection, delivery_id: int) -> str:
    """The office a copy is about; "" for one that names none."""
    return conn.scalar(select(Prompt.target).where(Prompt.delivery_id == delivery_id)) or ""


def message_of(conn: Connection, delivery_id: int) -> int:
    """The message a copy is of."""
    return conn.execute(select(Delivery.message_id).where(Delivery.id == delivery_id)).scalar_one()


def may_be_written_to(conn: Connection, delivery_id: int) -> bool:
    """Whether who got this copy may be written to now, on its channel, as its message was."""
    copy = conn.execute(
        select(
            Delivery.channel,
            Delivery.contact_id,
            Message.scopes,
            Message.countries,
            Address.address,
        )
        .join(Message, Message.id == Delivery.message_id)
        .join(
            Address,
            (Address.contact_id == Delivery.contact_id)
            & (Address.channel == Delivery.channel)
            & (Address.rank == 0),
        )
        .where(Delivery.id == delivery_id)
    ).one_or_none()
    if copy is None:
        return False
    why = suppression(
        Channel(copy.channel), literal(copy.address), copy.scopes, copy.countries.split()
    )
    return conn.scalar(select(why)) == ""


def drop(conn: Connection, prompt_id: int, why: str, now: datetime) -> None:
    """Settle a prompt without a copy, and say why."""
    done = update(Prompt).where(Prompt.id == prompt_id)
    conn.execute(done.values(settled_at=now, dropped=why))


def write_copy(
    conn: Connection, jobs: Jobs, prompt: Row[Any], *, house: HouseRules, now: datetime
) -> str:
    """Turn a due prompt, whose row the caller has locked, into a delivery; return why not, or "".

    Nothing is decided here that the claim decides: it asks for consent, stop, cap and quiet hours. While
    the message it belongs to is paused, for its money is spent perhaps, a prompt stays unsettled.
    """
    channel = Channel(prompt.channel)
    person = conn.execute(
        select(Contact.zone_set_id, Address.address)
        .outerjoin(
            Address,
            (Address.contact_id == Contact.id) & (Address.channel == channel) & (Address.rank == 0),
        )
        .where(Contact.id == prompt.contact_id)
    ).one_or_none()
    if person is None or person.address is None:
        drop(conn, prompt.id, NO_ADDRESS, now)
        return NO_ADDRESS
    message = _message(conn, prompt, channel, house, now)
    stands = control.locked(conn, message.id).status
    if stands == MessageStatus.PAUSED:
        return PAUSED
    if stands not in (MessageStatus.SENDING, MessageStatus.FINISHED):
        drop(conn, prompt.id, STOPPED, now)
        return STOPPED
    delivery_id = add_copy(
        conn,
        jobs,
        message,
        channel=channel,
        contact_id=prompt.contact_id,
        address=person.address,
        zone_set_id=person.zone_set_id,
        now=now,
    )
    if delivery_id is None:
        drop(conn, prompt.id, SHARED, now)
        return SHARED
    settled = update(Prompt).where(Prompt.id == prompt.id)
    conn.execute(settled.values(settled_at=now, delivery_id=delivery_id))
    return ""


def live_messages(conn: Connection, sources: Sequence[int]) -> list[int]:
    """The messages of prompts that came of these and are on their way."""
    found = (
        select(Message.id)
        .join(Delivery, Delivery.message_id == Message.id)
        .join(Prompt, Prompt.delivery_id == Delivery.id)
        .where(Prompt.source_id.in_(sources), Message.status.in_(LIVE))
        .distinct()
        .order_by(Message.id)
    )
    return list(conn.scalars(found))


def _message(
    conn: Connection, prompt: Row[Any], channel: Channel, house: HouseRules, now: datetime
) -> Row[Any]:
    """The message for all who are told the same of one office, until the same instant."""
    told = (prompt.kind, prompt.source_id, channel, prompt.target, prompt.until.isoformat())
    key = f"{PROMPT}{sha256(repr([*map(str, told)]).encode()).hexdigest()[:48]}"
    found = select(Message).where(Message.key == key)
    message = conn.execute(found).one_or_none()
    if message is not None:
        return message
    # Two may be the first at once, of whom one must not lose its copy.
    with contextlib.suppress(IntegrityError), conn.begin_nested():
        _begin(conn, _draft(conn, prompt, channel, house, key), house, now)
    return conn.execute(found).one()


def _draft(
    conn: Connection, prompt: Row[Any], channel: Channel, house: HouseRules, key: str
) -> Draft:
    """As the message it came of, for whoever that reached; but always under the weekly cap."""
    source = conn.execute(select(Message).where(Message.id == prompt.source_id)).one()
    texts = {each: _words(prompt, channel, each) for each in house.languages}
    return Draft(
        texts=texts,
        audience=audiences.read(source.audience),
        kind=MessageKind.ALERT,
        reach=REACH[channel],
        project_id=source.project_id,
        action_id=source.action_id,
        default_language=source.default_language,
        hours=read_hours(source.hours),
        weekly_cap=house.weekly_cap,
        countries=source.countries.split(),
        segments=most_segments(texts, {}, house.identity),
        expires_at=prompt.until,
        priority=PRIORITY,
        sms_sender=source.sms_sender,
        email_sender=source.email_sender,
        created_by=source.created_by,
        key=key,
    )


def _begin(conn: Connection, draft: Draft, house: HouseRules, now: datetime) -> None:
    """Write a message that is launched and has nobody yet."""
    message_id = begin_empty(conn, draft, now=now)
    written = [text for words in draft.texts.values() for text in (words.sms, words.body)]
    links.save_links(conn, message_id, written, public_url=house.identity.public_url)


def _words(prompt: Row[Any], channel: Channel, language: str) -> Words:
    office = prompt.named.get(language) or next(iter(prompt.named.values()), "")
    if prompt.kind == PromptKind.ASK:
        return Words(sms=wording.how_it_went(language, office))
    said = wording.reminder(language, office)
    if channel is Channel.SMS:
        return Words(sms=said.words)
    return Words(subject=said.subject, body=said.words)
