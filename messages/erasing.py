"""Erase a person, at their request: what is left is that an address must not be written to, as a keyed hash.

Each copy they got stays as a counted row without contact, address and provider's number, so that the
account of every past message still balances. What an address says that somebody else here shares stays
theirs: only this person goes. Erasing waits for what is under way, never the other way round.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    cast,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from actions.models import Response
from actions.office_models import OfficeReport
from contacts import erased, pairing
from contacts.ledger import Pair
from contacts.models import (
    Address,
    AddressStanding,
    Channel,
    Consent,
    Contact,
    ImportChange,
    SignUp,
)
from contacts.people import NoSuchContact
from messages import followed
from messages.call_models import Call, CallStatus, CallStep
from messages.calling_off import cancel
from messages.connecting import FORGOTTEN
from messages.control import NotNow
from messages.doubts import Closed
from messages.eligibility import SHARED
from messages.inbox_models import WrittenAnswer
from messages.models import (
    Click,
    Delivery,
    Doubt,
    Event,
    FollowedCopy,
    Message,
    MessageStatus,
    MessageText,
    OutboxMessage,
    Reply,
    Status,
)
from messages.reach_models import ListDifference, MailTrouble
from messages.receipts import INBOUND

ERASED = "erased"  # why a copy that waited was not sent
WRITING_OUT = "an alert is just being written out to its audience; try again in a minute"
ON_THE_WIRE = "a copy to this person is on its way at this moment; try again in a minute"
UNREAD = "receipts about this person wait to be taken in; try again in a minute"


@dataclass(frozen=True)
class Erasure:
    """What erasing a person came to, in numbers."""

    addresses: int  # of which only hashes are left
    shared: int  # addresses that somebody else here has too, and keeps
    copies: int  # rows of past messages that count on, without the person
    called_off: int  # copies that waited and will not be sent


def erase(conn: Connection, contact_id: int, *, now: datetime) -> Erasure:
    """Erase a contact and all that is known of them, in the caller's transaction.

    On SQLite the file keeps traces until ``database.scrubbing`` writes it anew. Raises NoSuchContact,
    and NotNow while a copy of theirs is on the wire, an alert is being expanded, or receipts wait.
    """
    locked = select(Contact.id).where(Contact.id == contact_id).with_for_update()
    if conn.execute(locked).one_or_none() is None:
        raise NoSuchContact(f"there is no contact {contact_id}; they may have been removed")
    require_nobody_written_out(conn)
    alone, shared = named_addresses(conn, contact_id)
    _erase_answers(conn, contact_id, alone)
    called_off, copies = _erase_copies(conn, contact_id, alone, now)
    _erase_events(conn, alone)
    conn.execute(delete(Reply).where(_of(Reply, contact_id, alone)))
    _erase_responses(conn, contact_id)
    _erase_calls(conn, contact_id, alone)
    _erase_pairs(conn, contact_id, alone)
    for table in (Consent, AddressStanding, SignUp, MailTrouble, ListDifference):
        conn.execute(delete(table).where(at(table, alone)))
    conn.execute(delete(ImportChange).where(mentions(ImportChange.before, alone)))
    conn.execute(delete(ImportChange).where(mentions(ImportChange.after, alone)))
    erased.remember(conn, alone, now)
    conn.execute(delete(Contact).where(Contact.id == contact_id))  # and all that hangs on it
    return Erasure(len(alone), len(shared), copies, called_off)


def require_nobody_written_out(conn: Connection) -> None:
    """Nobody is being written into an audience, who would then get no copy, or a second one. Raises NotNow."""
    writing = select(Message.id).where(
        Message.expanded_at.is_(None), Message.status != MessageStatus.DRAFT
    )
    if conn.execute(writing.limit(1)).first() is not None:
        raise NotNow(WRITING_OUT)


def named_addresses(conn: Connection, contact_id: int) -> tuple[list[Pair], list[Pair]]:
    """The addresses that are, or were, this person's alone; and those that others have too."""
    named: set[Pair] = set()
    for table in (Address, Delivery, Reply):
        rows = select(table.channel, table.address).where(
            table.contact_id == contact_id, table.address.is_not(None)
        )
        named |= {(row.channel, row.address) for row in conn.execute(rows)}
    named |= set(_replaced(conn, contact_id))
    others = select(Address.channel, Address.address).where(
        Address.contact_id != contact_id, at(Address, named)
    )
    shared = {(row.channel, row.address) for row in conn.execute(others)}
    return sorted(named - shared), sorted(shared)


def _replaced(conn: Connection, contact_id: int) -> Iterable[Pair]:
    """The addresses that imports took from this person, or gave them."""
    changes = select(ImportChange.before, ImportChange.after)
    for row in conn.execute(changes.where(ImportChange.contact_id == contact_id)):
        for state in row:
            yield from (("sms", each) for each in state.get("phones", ()))
            yield from (("email", each) for each in state.get("emails", ()))


def _erase_answers(conn: Connection, contact_id: int, alone: Sequence[Pair]) -> None:
    """What organizers wrote to this person alone: those words tell of them."""
    theirs = (
        select(Delivery.message_id)
        .join(WrittenAnswer, WrittenAnswer.message_id == Delivery.message_id)
        .where(_of(Delivery, contact_id, alone))
    )
    conn.execute(delete(MessageText).where(MessageText.message_id.in_(theirs)))


def _erase_copies(
    conn: Connection, contact_id: int, alone: Sequence[Pair], now: datetime
) -> tuple[int, int]:
    """Call off what waits, and take the person out of every row; how many of each there were."""
    _hand_over(conn, contact_id, alone)
    theirs = _of(Delivery, contact_id, alone)
    locked = select(Delivery.id, Delivery.status).where(theirs).order_by(Delivery.id)
    rows = conn.execute(locked.with_for_update()).all()
    if any(row.status == Status.SENDING for row in rows):
        raise NotNow(ON_THE_WIRE)
    ids = [row.id for row in rows]
    mine = Delivery.id.in_(ids)
    called_off = cancel(conn, [mine], Status.SKIPPED, ERASED, now)
    conn.execute(
        update(Doubt)
        .where(Doubt.delivery_id.in_(ids), Doubt.closed_at.is_(None))
        .values(closed_at=now, closed_how=Closed.ERASED, next_look_at=None)
    )
    for table in (Click, FollowedCopy, OutboxMessage):
        conn.execute(delete(table).where(table.delivery_id.in_(ids)))
    conn.execute(update(Delivery).where(mine).values(contact_id=None, **NOBODYS))
    return called_off, len(ids)


NOBODYS: dict[str, Any] = {"address": None, "provider_id": None, "language": ""}
"""What a delivery's row says once it only counts."""


def _hand_over(conn: Connection, contact_id: int, alone: Sequence[Pair]) -> None:
    """Give a copy that waits for a shared phone to the first of those who were to read it there too.

    They have a row that says so, which then is nobody's; each of both keeps its place in the counts.
    """
    waiting = select(Delivery.id, Delivery.message_id, Delivery.channel, Delivery.address).where(
        Delivery.contact_id == contact_id,
        Delivery.status == Status.PENDING,
        Delivery.address.is_not(None),
        ~at(Delivery, alone),
    )
    for copy in conn.execute(waiting).all():
        other = aliased(Delivery)
        heir = conn.execute(
            select(other.id, other.contact_id)
            .join(Address, Address.contact_id == other.contact_id)
            .where(Address.channel == copy.channel, Address.address == copy.address)
            .where(other.message_id == copy.message_id, other.channel == copy.channel)
            .where(other.reason == SHARED, other.contact_id != contact_id)
            .order_by(other.contact_id)
            .limit(1)
        ).one_or_none()
        if heir is not None:
            _give(conn, heir.id, None)
            _give(conn, copy.id, heir.contact_id)
            followed.note(conn, [copy.id])


def _give(conn: Connection, delivery_id: int, contact_id: int | None) -> None:
    conn.execute(update(Delivery).where(Delivery.id == delivery_id).values(contact_id=contact_id))


def _erase_events(conn: Connection, alone: Sequence[Pair]) -> None:
    """What providers told about these addresses: texts and emails go, receipts keep only their key.

    By its key a receipt that comes twice is known. Raises NotNow while one of them is unread.
    """
    theirs = mentions(Event.payload, alone)
    if conn.scalar(select(exists().where(theirs, Event.applied_at.is_(None)))):
        raise NotNow(UNREAD)
    conn.execute(delete(Event).where(theirs, Event.kind == INBOUND))
    conn.execute(update(Event).where(theirs).values(payload={}))


def _erase_responses(conn: Connection, contact_id: int) -> None:
    """Their calls count on, as one person's of whom nothing else is known.

    What they heard at an office and nobody has confirmed goes; what was confirmed says not from whom.
    """
    theirs = select(Response.id).where(Response.contact_id == contact_id)
    conn.execute(delete(OfficeReport).where(OfficeReport.response_id.in_(theirs)))
    someone = f"{ERASED}:{secrets.token_hex(8)}"
    conn.execute(
        update(Response)
        .where(Response.contact_id == contact_id)
        .values(contact_id=None, who=someone, note="")
    )


def _erase_pairs(conn: Connection, contact_id: int, alone: Sequence[Pair]) -> None:
    """Forms that had an address of theirs beside somebody's say it no more, not even masked."""
    named = select(SignUp.pair).where(_of(SignUp, contact_id, alone), SignUp.pair.is_not(None))
    for pair in list(conn.scalars(named)):
        pairing.settle(conn, pair)


def _erase_calls(conn: Connection, contact_id: int, alone: Sequence[Pair]) -> None:
    """Calls we put through count on, without whose they were and what was said in them.

    One that is under way goes on: its numbers are Twilio's to know, who tells them with each request.
    """
    phones = [address for channel, address in alone if channel == Channel.SMS]
    theirs = or_(Call.contact_id == contact_id, Call.phone.in_(phones))
    ids = list(conn.scalars(select(Call.id).where(theirs).with_for_update()))
    conn.execute(delete(CallStep).where(CallStep.call_id.in_(ids)))
    waiting = (Call.id.in_(ids), Call.status == CallStatus.WAITING)
    conn.execute(update(Call).where(*waiting).values(status=CallStatus.EXPIRED))
    nobodys = {"contact_id": None, **FORGOTTEN}
    conn.execute(update(Call).where(Call.id.in_(ids)).values(**nobodys))


def _of(table: Any, contact_id: int, pairs: Sequence[Pair]) -> ColumnElement[bool]:
    """Rows of a person, or of an address that is theirs alone."""
    return or_(table.contact_id == contact_id, at(table, pairs))


def at(table: Any, pairs: Iterable[Pair]) -> ColumnElement[bool]:
    """That a row is about one of these addresses."""
    return tuple_(table.channel, table.address).in_(sorted(pairs))


def mentions(document: Any, pairs: Sequence[Pair]) -> ColumnElement[bool]:
    """JSON in which an address stands, in whatever place and case; every row is looked at."""
    told = func.lower(cast(document, Text))
    found = [told.contains(address, autoescape=True) for _channel, address in pairs]
    return or_(false(), *found)
