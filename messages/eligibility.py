"""What becomes of each person in an audience, on one channel: a copy, or the reason for none.

One rule serves the forecast, the expansion into deliveries and the claim before each request:
``contacts.consent.suppression`` decides by address; here come the reasons that depend on the
message. What we answer by ourselves to what a person has just sent is exempt: they asked for it, and the
confirmation of an opt-out is allowed by name (47 CFR 64.1200(a)(12)). An organizer's answer needs no consent
either, but goes to no address that refuses (``messages/conversing.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from contacts.consent import refusal_of, suppression
from contacts.countries import AT_HOME
from contacts.models import Address, Channel, Contact
from contacts.preferences import held_back
from database import locking
from database.once import once
from messages.models import Delivery, Message, MessageKind, MessageStatus, Reach, Status

NO_ADDRESS = "no_address"  # nothing to write to on this channel
SHARED = "shared_address"  # somebody before them in this message has the same phone or mailbox
ELSEWHERE = "another_project"  # gets this alert from another committee
TEXTED = "texted"  # gets the text, and this message emails only those who do not
CAPPED = "weekly_cap"  # has had as many messages this week as the cap allows

CAP_PERIOD = timedelta(days=7)
CAPPED_KINDS = (MessageKind.ALERT, MessageKind.CAMPAIGN)
PROMPT = "prompt:"  # begins the key of a message that is one, see ``prompting.py``
EXEMPT_KINDS = (MessageKind.REPLY, MessageKind.CONFIRMATION)
ANSWERS = (*EXEMPT_KINDS, MessageKind.ANSWER)
CHANNELS = {
    Reach.BOTH: (Channel.SMS, Channel.EMAIL),
    Reach.TEXT_FIRST: (Channel.SMS, Channel.EMAIL),
    Reach.SMS: (Channel.SMS,),
    Reach.EMAIL: (Channel.EMAIL,),
    Reach.PAGE: (),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What about a message decides who may get it."""

    reach: Reach
    scopes: tuple[str, ...]
    kind: MessageKind = MessageKind.ALERT
    weekly_cap: int | None = None
    recent: tuple[int, ...] = ()  # messages of the last seven days that count towards the cap
    countries: tuple[str, ...] = AT_HOME  # whose numbers may be texted
    message_id: int | None = None  # of a message that has deliveries already
    family: tuple[int, ...] = ()  # the other parts of the same alert: nobody gets two of them
    today: date | None = None  # whose pauses count; None: nobody's

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels it uses, texts first."""
        return CHANNELS[self.reach]


_STORED = select(Message).where(Message.id == bindparam("message"))


@once
def stored_message(conn: Connection, message_id: int) -> Row[*tuple[Any, ...]]:
    """A message's row; the caller knows that it exists."""
    return conn.execute(_STORED, {"message": message_id}).one()


def terms_of(conn: Connection, message_id: int, *, now: datetime) -> Terms:
    """The terms of a stored message."""
    row = stored_message(conn, message_id)
    terms = terms_in(conn, row, message_id=row.id, now=now)
    return replace(terms, family=family_of(conn, row.part_of or row.id, but=row.id))


_FAMILY = (
    select(Message.id)
    .where(or_(Message.id == bindparam("root"), Message.part_of == bindparam("root")))
    .order_by(Message.id)
)


def family_of(conn: Connection, root_id: int, *, but: int | None = None) -> tuple[int, ...]:
    """A message and its parts, for an alert that several committees send; in the order of their ids."""
    return tuple(each for each in conn.scalars(_FAMILY, {"root": root_id}) if each != but)


_PARTS = (
    select(Message.part_of, Message.id)
    .where(Message.part_of.in_(bindparam("roots", expanding=True)))
    .order_by(Message.id)
)


def families_of(conn: Connection, root_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The same of many messages, none of which is a part."""
    found: dict[int, list[int]] = {each: [each] for each in root_ids}
    if not found:
        return {}
    for root_id, message_id in conn.execute(_PARTS, {"roots": list(root_ids)}):
        found[root_id or message_id].append(message_id)
    return {each: tuple(ids) for each, ids in found.items()}


def take_turns(conn: Connection, root_id: int) -> None:
    """Let whoever decides at this moment which part of an alert writes to whom go one after another."""
    locking.take_turns(conn, [f"family:{root_id}"])


def terms_in(conn: Connection, message: Row[Any], *, message_id: int, now: datetime) -> Terms:
    """The terms of a message that has been read already."""
    recent: tuple[int, ...] = ()
    if message.weekly_cap is not None:
        recent = recent_messages(conn, now=now, but=message_id)
        # Nobody has more copies of fewer messages than the cap: then nobody need be counted.
        recent = recent if len(recent) >= message.weekly_cap else ()
    return Terms(
        reach=Reach(message.reach),
        scopes=tuple(message.scopes),
        kind=MessageKind(message.kind),
        weekly_cap=message.weekly_cap,
        recent=recent,
        countries=tuple(message.countries.split()),
        message_id=message_id,
        today=now.date(),
    )


_RECENT = select(Message.id).where(
    func.coalesce(Message.starts_at, Message.launched_at) > bindparam("since"),
    Message.kind.in_(CAPPED_KINDS),
    or_(Message.key.is_(None), ~Message.key.startswith(PROMPT, autoescape=True)),
)


def recent_messages(conn: Connection, *, now: datetime, but: int | None = None) -> tuple[int, ...]:
    """The messages of the last seven days that count towards a weekly cap.

    What follows an alert for one person counts not: a reminder is their own wish.
    """
    launched = conn.scalars(_RECENT, {"since": now - CAP_PERIOD})
    return tuple(found for found in launched if found != but)


def refusal(
    channel: Channel,
    address: ColumnElement[Any],
    contact_id: ColumnElement[Any],
    terms: Terms,
) -> ColumnElement[str]:
    """SQL for why this address gets no copy of this message; '' when it gets one."""
    if terms.kind in EXEMPT_KINDS:
        return literal("")
    if terms.kind in (MessageKind.ANSWER, MessageKind.TRIAL):
        return refusal_of(channel, address, terms.scopes)
    suppressed = suppression(channel, address, terms.scopes, terms.countries)
    return refused(channel, contact_id, terms, suppressed)


def refused(
    channel: Channel,
    contact_id: ColumnElement[Any],
    terms: Terms,
    suppressed: ColumnElement[str],
) -> ColumnElement[str]:
    """The same of an alert or an email, where the ledger has been asked about the address already."""
    reasons = [suppressed]
    if terms.today is not None:
        urgent = terms.kind is not MessageKind.CAMPAIGN
        unwanted = held_back(contact_id, today=terms.today, urgent=urgent)
        reasons.append(unwanted)
    if terms.weekly_cap is not None and terms.recent:
        had = _had_recently(channel, contact_id, terms.recent)
        reasons.append(case((had >= terms.weekly_cap, literal(CAPPED)), else_=""))
    # The first that is not empty, each reckoned once.
    return func.coalesce(*(func.nullif(each, "") for each in reasons), "")


def fates(
    people: ColumnElement[bool], channel: Channel, terms: Terms, *, ids: range | None = None
) -> Select[int, int, str, str]:
    """One row per contact: (contact_id, zone_set_id, address, reason), in contact order.

    ``people`` is a condition on ``contacts``; ``ids``, where the caller knows it, is the range they are
    within: told of the addresses too, PostgreSQL reads no others. ``address`` is NULL for those who get no row's worth
    of a copy of their own; ``reason`` is '' for those who get one.
    """
    found = _addressed(people, channel, terms, ids).subquery()
    reason = case(
        (found.c.address.is_(None), literal(NO_ADDRESS)),
        (found.c.turn > 1, literal(SHARED)),
        (found.c.taken, literal(SHARED)),
        (found.c.elsewhere, literal(ELSEWHERE)),
        (found.c.texted, literal(TEXTED)),
        else_=refusal(channel, found.c.address, found.c.contact_id, terms),
    )
    own = case((or_(found.c.turn > 1, found.c.taken), null()), else_=found.c.address)
    return select(
        found.c.contact_id, found.c.zone_set_id, own.label("address"), reason.label("reason")
    ).order_by(found.c.contact_id)


def _addressed(
    people: ColumnElement[bool], channel: Channel, terms: Terms, ids: range | None
) -> Select[int, int, str | None, int, bool, bool, bool]:
    """Contacts with the address we would use, and whether somebody before them has it too."""
    turn = func.row_number().over(partition_by=Address.address, order_by=Contact.id)
    theirs = [Address.contact_id == Contact.id, Address.channel == channel, Address.rank == 0]
    if ids is not None:
        theirs += [Address.contact_id >= ids.start, Address.contact_id < ids.stop]
    return (
        select(
            Contact.id.label("contact_id"),
            Contact.zone_set_id,
            Address.address,
            turn.label("turn"),
            _taken(channel, terms).label("taken"),
            _elsewhere(channel, terms).label("elsewhere"),
            _texted(people, channel, terms).label("texted"),
        )
        .outerjoin(Address, and_(*theirs))
        .where(people)
    )


def _taken(channel: Channel, terms: Terms) -> ColumnElement[bool]:
    """Whether an earlier part of the expansion gave this address a copy."""
    if terms.message_id is None:
        return literal(value=False)
    earlier = select(Delivery.id).where(
        Delivery.message_id == terms.message_id,
        Delivery.channel == channel,
        Delivery.address == Address.address,
    )
    # Not EXISTS: PostgreSQL would read all earlier rows of the message for it, at every chunk.
    return earlier.limit(1).scalar_subquery().is_not(None)


def _elsewhere(channel: Channel, terms: Terms) -> ColumnElement[bool]:
    """Whether another committee's part of the same alert has written, or writes, to this address.

    Parts are written down one at a time (``expanding``), so that each sees all of the others.
    """
    if not terms.family:
        return literal(value=False)
    return reaches(terms.family, channel, Address.address)


def reaches(family: Sequence[int], channel: Any, address: Any) -> ColumnElement[bool]:
    """SQL for whether one of these messages has written, or will write, to an address."""
    theirs = aliased(Delivery)
    found = select(theirs.id).where(
        theirs.message_id.in_(family),
        theirs.channel == channel,
        theirs.address == address,
        theirs.status.not_in((Status.SKIPPED, Status.STOPPED, Status.EXPIRED)),
        or_(theirs.status != Status.PENDING, theirs.message_id.not_in(_ended(family))),
    )
    return found.limit(1).scalar_subquery().is_not(None)


def _ended(family: Sequence[int]) -> Select[int]:
    """The parts of an alert of which nothing more leaves, though not every copy says so yet."""
    over = (MessageStatus.STOPPED, MessageStatus.EXPIRED)
    return select(Message.id).where(Message.id.in_(family), Message.status.in_(over))


def _texted(people: ColumnElement[bool], channel: Channel, terms: Terms) -> ColumnElement[bool]:
    """Whether they get the text, where emails go only to those who do not."""
    if terms.reach is not Reach.TEXT_FIRST or channel is not Channel.EMAIL:
        return literal(value=False)
    if terms.message_id is not None:
        return exists().where(
            Delivery.contact_id == Contact.id,
            Delivery.message_id.in_((terms.message_id, *terms.family)),
            Delivery.channel == Channel.SMS,
            Delivery.status < Status.UNDELIVERED,
        )
    texts = fates(people, Channel.SMS, terms).order_by(None).subquery()
    return Contact.id.in_(select(texts.c.contact_id).where(texts.c.reason == ""))


def _had_recently(
    channel: Channel, contact_id: ColumnElement[Any], recent: Sequence[int]
) -> ColumnElement[int]:
    """How many of the recent messages reached, or may have reached, this contact."""
    earlier = Delivery.__table__.alias("earlier")
    return (
        select(func.count())
        .select_from(earlier)
        .where(
            earlier.c.contact_id == contact_id,
            earlier.c.message_id.in_(recent),
            earlier.c.channel == channel,
            earlier.c.status < Status.FAILED,
            earlier.c.status > Status.PENDING,
        )
        .scalar_subquery()
    )
