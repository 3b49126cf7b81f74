"""The messages of a step: one for all to whom its hour comes on the same day, begun empty and grown copy by copy.

So a copy is like any other: its claim asks for consent, stop, cap and own hour again, and the account balances. A
step whose words were changed goes on with another message; what was sent before keeps its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select
from sqlalchemy.orm import aliased

from campaigns import leading
from campaigns.firing import NOBODY
from campaigns.models import RunStatus
from campaigns.series import audience_of
from campaigns.step_approving import digest
from contacts.models import Address, Channel
from messages import control, links
from messages.adding import begin
from messages.calling_off import ANEW
from messages.checking import check_message
from messages.control import Draft, Words
from messages.findings import Finding
from messages.house import HouseRules
from messages.models import Delivery, Message, MessageKind, Reach
from messages.own_hour import OwnHour
from messages.series_models import Enrolment, StepCopy, StepMail

SERIES = "series:"  # begins the key of such a message


@dataclass(frozen=True)
class Mail:
    """The message of a step for one day; or what stands in the way of there being one."""

    message: Row[Any] | None
    blocking: Sequence[Finding] = ()


def mail_of(
    conn: Connection,
    series: Row[Any],
    step: Row[Any],
    day: date,
    turn: int,
    *,
    house: HouseRules,
    now: datetime,
) -> Mail:
    """The message for those to whom a step's hour comes on a day, begun if there is none.

    The caller has locked the series. A message is of one day of ours too, so that the weekly cap counts it right.
    ``turn`` is 0, and one more after each message that went out of use: it was stopped with its series, and that was
    undone.
    """
    told = (step.id, day, digest(series, step), now.date(), turn)
    key = f"{SERIES}{sha256(repr([*map(str, told)]).encode()).hexdigest()[:48]}"
    texts = [Words(**words) for words in step.texts.values()]
    over = [*leading.findings(conn, step.action_id, texts, now=now)]
    if over:
        return Mail(None, over)
    found = select(Message).where(Message.key == key)
    message = conn.execute(found).one_or_none()
    if message is not None:
        return Mail(message)
    message_id = _draft(conn, series, step, day, key, house, now)
    check = check_message(conn, message_id, house=house, now=now, reckon=False)
    blocking = [each for each in check.blocking if each.code not in NOBODY]
    if blocking:
        conn.execute(delete(Message).where(Message.id == message_id))
        return Mail(None, blocking)
    begin(conn, message_id, now=now)
    conn.execute(insert(StepMail).values(message_id=message_id, step_id=step.id))
    return Mail(conn.execute(found).one())


def own_hour(series: Row[Any], step: Row[Any], day: date) -> OwnHour | None:
    """The wall time of a step on a day; None where it goes at once."""
    if step.days == 0:
        return None
    return OwnHour(f"{day.isoformat()}T{step.hour}", series.zone, series.late_minutes)


def had_there(conn: Connection, step_id: int, address: str) -> bool:
    """Whether a copy of a step went to this mailbox: to somebody else who has it, too."""
    other = aliased(Enrolment)
    theirs = select(Address.contact_id).where(
        Address.channel == Channel.EMAIL, Address.address == address
    )
    had = exists().where(
        StepCopy.step_id == step_id,
        StepCopy.status == RunStatus.FIRED,
        other.id == StepCopy.enrolment_id,
        other.contact_id.in_(theirs),
    )
    return bool(conn.scalar(select(had)))


def replaced_there(conn: Connection, message_id: int, address: str) -> bool:
    """Whether a copy of a message to this mailbox was called off, and another is to take its place."""
    theirs = (Delivery.channel == Channel.EMAIL, Delivery.address == address)
    there = exists().where(Delivery.message_id == message_id, *theirs, Delivery.reason == ANEW)
    return bool(conn.scalar(select(there)))


def _draft(
    conn: Connection,
    series: Row[Any],
    step: Row[Any],
    day: date,
    key: str,
    house: HouseRules,
    now: datetime,
) -> int:
    texts = {code: Words(**words) for code, words in step.texts.items()}
    draft = Draft(
        kind=MessageKind.CAMPAIGN,
        texts=texts,
        audience=audience_of(series),
        reach=Reach.EMAIL,
        project_id=series.project_id,
        action_id=step.action_id,
        default_language=house.default_language,
        weekly_cap=house.weekly_cap,
        countries=house.countries,
        email_sender=series.email_sender or house.identity.email_sender,
        created_by=series.created_by,
        own_hour=own_hour(series, step, day),
        key=key,
    )
    message_id = control.create(conn, draft, now=now)
    bodies = [words.body for words in texts.values()]
    links.save_links(conn, message_id, bodies, public_url=house.identity.public_url)
    return message_id
