"""Whether somebody who wrote may be answered, on which address, and when a text may reach them.

**Consent.** What somebody sends us invites an answer: CTIA's Messaging Principles (May 2023, 5.1) call that
conversational and ask for no further permission, nor is a message “to any person with that person's prior
express invitation or permission” a telephone solicitation (47 CFR 64.1200(f)(15)). It holds for an answer, not
for ever: where no consent is on file, only within thirty days of their last word. A refusal always holds
(``contacts.consent.refusal_of``), is asked again by the claim, and so does a doubt that nobody has settled.

**Quiet hours.** The federal hours are for solicitations (47 CFR 64.1200(c)(1)); whether they cover texts sent
with consent is disputed, and some states are stricter. So a text waits for the morning at their place as any
other does, but for a conversation that is going on: whoever wrote within the last hour is awake and expects it.
What is kept from leaving is asked again (``leaves``): an hour later nobody knows whether they still are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    bindparam,
    func,
    or_,
    select,
)

from contacts.consent import refusal_of, suppression
from contacts.models import NETWORK, Address, Channel, Contact, Membership, project_scope
from messages import hours
from messages.eligibility import stored_message
from messages.hours import Hours
from messages.house import HouseRules
from messages.models import Message, Reply
from representatives.models import ZoneSet
from representatives.timezones import candidate_zones

CONVERSATION = timedelta(days=30)  # so long somebody without consent may be answered
LIVE = timedelta(hours=1)  # so long after their last word a text may arrive at any hour
TOO_LATE = "too_late"  # they never agreed to messages, and wrote too long ago


@dataclass(frozen=True)
class Way:
    """An address on which somebody may be answered, or why not."""

    channel: Channel
    address: str
    refusal: str  # "" = they may be
    held_until: datetime | None = None  # quiet hours at their place last until then


@dataclass(frozen=True)
class Talk:
    """With whom, and when they wrote last."""

    reply: Row[Any]
    source: Row[Any] | None  # the message they answered
    contact: Row[*tuple[Any, ...]] | None
    projects: Sequence[int]
    wrote_at: datetime
    zones: Sequence[str]

    @property
    def scopes(self) -> list[str]:
        """Where a refusal of theirs would count: also in the project they answered and may have left."""
        counting = set(self.projects) | ({self.owner} if self.owner is not None else set())
        return [NETWORK, *(project_scope(each) for each in sorted(counting))]

    @property
    def owner(self) -> int | None:
        """The project whose message they answered; None for the network's, or for none of ours."""
        return self.source.project_id if self.source is not None else None

    def goes_on(self, channel: Channel, now: datetime) -> bool:
        """Whether they wrote on this channel so lately that they expect an answer at any hour."""
        return channel == self.reply.channel and self.wrote_at > now - LIVE


@dataclass(frozen=True)
class Origin:
    """From where a reply came, as ``same_address`` asks of it."""

    channel: Any
    address: Any


GIVEN = Origin(bindparam("channel"), bindparam("address"))  # parameters of a statement that is kept


def ways(conn: Connection, reply_id: int, house: HouseRules, *, now: datetime) -> list[Way]:
    """The addresses on which whoever wrote may be answered: theirs first, then what else we know."""
    return ways_in(conn, talk_with(conn, reply_id), house, now)


def talk_with(conn: Connection, reply_id: int) -> Talk:
    """The conversation that a reply belongs to."""
    reply = conn.execute(_REPLY, {"reply": reply_id}).one()
    person = {"person": reply.contact_id}
    here = {"channel": reply.channel, "address": reply.address}
    contact = conn.execute(_PERSON, person).one_or_none() if reply.contact_id else None
    return Talk(
        reply=reply,
        source=stored_message(conn, reply.message_id) if reply.message_id else None,
        contact=contact,
        projects=list(conn.scalars(_SERVED, person)) if contact is not None else [],
        wrote_at=conn.execute(_LAST, here).scalar_one(),
        zones=_zones(conn, reply, contact),
    )


def same_address(reply: Row[Any] | Origin) -> tuple[Any, ...]:
    """That a reply came from the same address as another."""
    return (Reply.channel == reply.channel, Reply.address == reply.address)


_REPLY = select(Reply).where(Reply.id == bindparam("reply"))
_PERSON = select(
    Contact.id, Contact.given_name, Contact.language, Contact.zip, Contact.zone_set_id
).where(Contact.id == bindparam("person"))
_SERVED = (
    select(Membership.project_id)
    .where(Membership.contact_id == bindparam("person"))
    .order_by(Membership.project_id)
)
_LAST = select(func.max(Reply.received_at)).where(*same_address(GIVEN))
_ZONES = select(ZoneSet.zones).where(ZoneSet.id == bindparam("zones"))


def same_owner(talk: Talk) -> ColumnElement[bool]:
    """That a reply answers a message of the same project as this one, or as this one none of a project's."""
    theirs = select(Message.id).where(Message.project_id == talk.owner)
    answers = Reply.message_id.in_(theirs)
    return answers if talk.owner is not None else or_(Reply.message_id.is_(None), answers)


def _zones(conn: Connection, reply: Row[Any], contact: Row[*tuple[Any, ...]] | None) -> list[str]:
    """Where they may be: as for every message to them, else by the number they write from."""
    if contact is not None and contact.zone_set_id is not None:
        known = conn.execute(_ZONES, {"zones": contact.zone_set_id})
        return str(known.scalar_one()).split()
    phone = reply.address if reply.channel == Channel.SMS else None
    return sorted(candidate_zones(conn, contact.zip if contact else "", phone))


def ways_in(conn: Connection, talk: Talk, house: HouseRules, now: datetime) -> list[Way]:
    """The same of a conversation that is known."""
    channel, address = Channel(talk.reply.channel), talk.reply.address
    given = {"held": address, "scopes": talk.scopes}
    row = conn.execute(_may_be_answered(channel, house.countries), given).one()
    refused = row.refused or ""
    if not refused and row.suppressed and talk.wrote_at < now - CONVERSATION:
        refused = TOO_LATE
    found = [Way(channel, address, refused), *_others(conn, talk, house)]
    return [replace(each, held_until=_held_until(talk, each, house, now)) for each in found]


@lru_cache
def _may_be_answered(channel: Channel, countries: tuple[str, ...]) -> Select[str, str]:
    held = bindparam("held", type_=String())
    return select(
        suppression(channel, held, _scopes(), countries).label("suppressed"),
        refusal_of(channel, held, _scopes()).label("refused"),
    )


def _scopes() -> BindParameter[str]:
    return bindparam("scopes", expanding=True)


def _others(conn: Connection, talk: Talk, house: HouseRules) -> list[Way]:
    """The person's first address on the other channel: there a consent of theirs is needed."""
    if talk.reply.contact_id is None:
        return []
    given = {
        "person": talk.reply.contact_id,
        "channel": talk.reply.channel,
        "scopes": talk.scopes,
    }
    rows = conn.execute(_other_addresses(house.countries), given)
    return [Way(Channel(row.channel), row.address, row.suppressed or "") for row in rows]


@lru_cache
def _other_addresses(countries: tuple[str, ...]) -> Select[str, str, str]:
    held = Address.__table__.c
    suppressed = suppression(held.channel, held.address, _scopes(), countries)
    return select(Address.channel, Address.address, suppressed.label("suppressed")).where(
        Address.contact_id == bindparam("person"),
        Address.channel != bindparam("channel"),
        Address.rank == 0,
    )


def _held_until(talk: Talk, way: Way, house: HouseRules, now: datetime) -> datetime | None:
    """Until when a text waits; None where it may arrive now."""
    if way.channel is not Channel.SMS or house.hours is None or way.refusal:
        return None
    if talk.goes_on(way.channel, now):
        return None
    opens = _opens_at(talk, house.hours, now)
    return opens if opens > now else None


def _opens_at(talk: Talk, window: Hours, now: datetime) -> datetime:
    try:
        return hours.opens_at(talk.zones, window, now)
    except (hours.NeverOpen, hours.UnknownZone):
        return now + hours.LOOK_AHEAD


def leaves(
    talk: Talk, channel: Channel, house: HouseRules, now: datetime
) -> tuple[Hours | None, datetime | None]:
    """The hours in which an answer that may leave from now on does, and when it is too late for it.

    One that goes on at night is for whoever is awake now: what an outage keeps for an hour wakes nobody later.
    """
    if channel is not Channel.SMS or house.hours is None:
        return None, None
    if talk.goes_on(channel, now) and _opens_at(talk, house.hours, now) > now:
        return None, now + LIVE
    return house.hours, None
