"""Which call does a reply tell of? That of the office it names, else of the one we asked about last.

A reply to "How did your call to Rep. Rivera go?" is about Rep. Rivera, whatever was sent since that
names no office. A text that names somebody's representative names an office as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from actions.asks import read_action
from actions.models import Response
from actions.targets import Role, Target, targets_for
from actions.whereabouts import place_of_contact
from messages import accounts
from messages.correspondents import Correspondent
from messages.models import Delivery, MessageText, Status
from messages.prompt_models import Prompt, PromptKind
from messages.templates import BadTemplate, compile_text

ASKED_LASTS = timedelta(days=3)  # so long an answer is one to our question
CORRECTED_WITHIN = timedelta(days=1)
OF_HOUSE = (Role.REPRESENTATIVE, Role.DELEGATE)
SHORTEST_NAME = 3  # letters: "Li" stands in too many words


@dataclass(frozen=True)
class Meant:
    """The call a reply is about."""

    action_id: int
    target: str  # "" = no office can be named
    by_name: bool = False  # the reply itself names it
    is_open: bool = False  # several offices are named, or it was told too long ago to be corrected
    prompt_id: int | None = None  # our question, which it answers


def meant(
    conn: Connection,
    writer: Correspondent,
    *,
    said: str = "",
    corrects: bool = False,
    now: datetime,
) -> Meant | None:
    """The call somebody tells of; None from nobody we know, and where nothing was asked of them.

    ``said`` is where they may have named the office; ``corrects`` that they take back what they told.
    """
    if writer.contact_id is None:
        return None
    asked = _asked(conn, writer.contact_id, now)
    if asked is not None and not _newer_names_one(conn, writer, asked):
        action_id, prompt_id, target = asked.action_id, asked.id, asked.target
    elif writer.action_id is not None:
        action_id, prompt_id, target = writer.action_id, None, ""
    else:
        return None
    offices = _offices(conn, action_id, writer.contact_id, now)
    named = accounts.offices_named(said, {each.key: _names(each) for each in offices})
    if named:
        return Meant(action_id, named[0], True, len(named) > 1, prompt_id)
    told = _told_by_text(conn, action_id, writer.contact_id)
    if corrects and told:
        late = told[0].at <= now - CORRECTED_WITHIN
        return Meant(action_id, told[0].target, is_open=late, prompt_id=prompt_id)
    if prompt_id is not None and target:
        late = any(each.target == target and each.at <= now - CORRECTED_WITHIN for each in told)
        return Meant(action_id, target, is_open=late, prompt_id=prompt_id)
    return Meant(action_id, _first(conn, writer, action_id, offices), prompt_id=prompt_id)


def first_thanks(conn: Connection, prompt_id: int, *, now: datetime) -> bool:
    """Whether an answer to this question has not been thanked for; it has from now on."""
    mine = (Prompt.id == prompt_id, Prompt.thanked_at.is_(None))
    return bool(conn.execute(update(Prompt).where(*mine).values(thanked_at=now)).rowcount)


def _asked(conn: Connection, contact_id: int, now: datetime) -> Row[Any] | None:
    """What we asked them last, if that has left and not too long ago."""
    left = Delivery.status.between(int(Status.SENDING), int(Status.UNDELIVERED))
    found: Select[*tuple[Any, ...]] = (
        select(Prompt.id, Prompt.action_id, Prompt.target, Prompt.settled_at, Delivery.message_id)
        .join(Delivery, Delivery.id == Prompt.delivery_id)
        .where(Prompt.contact_id == contact_id, Prompt.kind == PromptKind.ASK, left)
        .where(Prompt.settled_at > now - ASKED_LASTS)
        .order_by(Prompt.settled_at.desc(), Prompt.id.desc())
    )
    return conn.execute(found.limit(1)).one_or_none()


def _newer_names_one(conn: Connection, writer: Correspondent, asked: Row[Any]) -> bool:
    """Whether an alert came after our question whose text names their representative."""
    newer = writer.asked_at is not None and writer.asked_at > asked.settled_at
    return newer and _names_representative(conn, writer.asking_id)


def _names_representative(conn: Connection, message_id: int | None) -> bool:
    texts = conn.scalars(select(MessageText.sms).where(MessageText.message_id == message_id))
    return any("rep_name" in _fields(text) for text in texts)


def _fields(text: str) -> Collection[str]:
    try:
        return compile_text(text).fields
    except BadTemplate:
        return ()


def _offices(
    conn: Connection, action_id: int, contact_id: int, now: datetime
) -> tuple[Target, ...]:
    place = place_of_contact(conn, contact_id, now=now)
    return targets_for(conn, read_action(conn, action_id), place, now=now).with_phone


def _names(target: Target) -> list[str]:
    """What people call an office by."""
    known = (target.family_name, target.name, target.institution, target.key)
    return [each for each in known if len(each) >= SHORTEST_NAME]


def _first(
    conn: Connection, writer: Correspondent, action_id: int, offices: Sequence[Target]
) -> str:
    """Whom the text itself names; else the first office they have not told of, or the last of all."""
    if action_id == writer.action_id and _names_representative(conn, writer.asking_id):
        house = next((each.key for each in offices if each.role in OF_HOUSE), "")
        if house:
            return house
    done = select(Response.target).where(
        Response.action_id == action_id, Response.contact_id == writer.contact_id
    )
    told = set(conn.scalars(done))
    keys = [each.key for each in offices]
    return ([key for key in keys if key not in told] or keys[-1:] or [""])[0]


def _told_by_text(conn: Connection, action_id: int, contact_id: int) -> list[Row[Any]]:
    """What they told us by text of this action, the latest first."""
    told = select(Response.target, Response.at).where(
        Response.action_id == action_id,
        Response.contact_id == contact_id,
        Response.channel == "sms",
    )
    return list(conn.execute(told.order_by(Response.at.desc(), Response.id.desc())))
