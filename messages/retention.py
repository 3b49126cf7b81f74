"""What is kept for how long: run by the clock, a small slice a transaction, so that nobody waits for it.

Nothing goes that the sending promise needs: not a copy of a message that is not over, not an event that
waits, not a doubt that is open; and never a refusal. Copies whose detail is over stay as rows without
person, address and provider's number: so the kept counts still equal the rows, and the account of an old
alert can be proven like that of a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from actions.office_models import Staffer
from contacts.models import Address, AddressStanding, Consent, SignUp, Standing
from database.engine import Database
from messages import counts
from messages.call_models import Call
from messages.connecting import FORGOTTEN
from messages.doubts import open_doubts
from messages.erasing import NOBODYS
from messages.inbox_models import Care, WrittenAnswer
from messages.mail_models import ReplyMail
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
from messages.reach_models import MailTrouble
from organizers import audit
from organizers.models import SignInAttempt

SLICE = 2_000  # rows a transaction: some ten milliseconds
ACTOR = "retention"
OVER = (MessageStatus.FINISHED, MessageStatus.STOPPED, MessageStatus.EXPIRED)


@dataclass(frozen=True)
class Keep:
    """For how long each kind is kept; None = for ever."""

    reply_bodies: timedelta | None = timedelta(days=180)
    delivery_detail: timedelta | None = timedelta(days=400)
    provider_events: timedelta | None = timedelta(days=30)
    sign_ins: timedelta | None = timedelta(days=7)
    consent: timedelta | None = timedelta(days=5 * 365)  # after the address left the list
    sign_ups: timedelta | None = timedelta(days=7)  # that nobody confirms
    calls: timedelta | None = timedelta(days=400)


@dataclass(frozen=True)
class Rule:
    """One kind: which of its rows are over before a time, and what becomes of them."""

    name: str  # as in Keep, unless it ends with another kind
    table: Any
    over: Callable[[datetime], ColumnElement[bool]]
    end: Callable[[Connection, ColumnElement[bool]], int]
    with_: str = ""  # the kind whose span it has; "" = its own

    def kept(self, keep: Keep) -> timedelta | None:
        """For how long it is kept; None = for ever."""
        span: timedelta | None = getattr(keep, self.with_ or self.name)
        return span


def _bodies(before: datetime) -> ColumnElement[bool]:
    """An answer that nobody has dealt with is still to be read."""
    mail = exists(select(ReplyMail.reply_id).where(ReplyMail.reply_id == Reply.id))
    said = or_(Reply.body != "", mail)
    return and_(Reply.received_at < before, Reply.handled_at.is_not(None), said)


def _empty(conn: Connection, which: ColumnElement[bool]) -> int:
    ids = list(conn.scalars(select(Reply.id).where(which).with_for_update()))
    # What a call's note was before somebody took the reply for one is a piece of its words.
    cared = update(Care).where(Care.reply_id.in_(ids), Care.acted != "")
    conn.execute(cared.values(acted="", acted_by="", acted_at=None, before={}))
    # A subject is words of theirs, and so are the names of what they attached.
    conn.execute(delete(ReplyMail).where(ReplyMail.reply_id.in_(ids)))
    return conn.execute(update(Reply).where(Reply.id.in_(ids)).values(body="")).rowcount


def _answers(before: datetime) -> ColumnElement[bool]:
    """What organizers answered goes with what it answers."""
    said = select(MessageText.message_id).where(MessageText.message_id == WrittenAnswer.message_id)
    over = select(Message.id).where(
        Message.id == WrittenAnswer.message_id, Message.status.in_(OVER)
    )
    return and_(WrittenAnswer.written_at < before, exists(said), exists(over))


def _forget_words(conn: Connection, which: ColumnElement[bool]) -> int:
    ids = list(conn.scalars(select(WrittenAnswer.message_id).where(which)))
    conn.execute(delete(MessageText).where(MessageText.message_id.in_(ids)))
    return len(ids)


def _copies(before: datetime) -> ColumnElement[bool]:
    ended = select(Message.id).where(Message.finished_at < before, Message.status.in_(OVER))
    told = (Delivery.contact_id, Delivery.address, Delivery.provider_id)
    return and_(
        Delivery.message_id.in_(ended),
        Delivery.status.not_in([Status.PENDING, Status.SENDING]),
        or_(*(column.is_not(None) for column in told)),
        ~exists(select(Doubt.id).where(*open_doubts())),
    )


def _reduce(conn: Connection, which: ColumnElement[bool]) -> int:
    ids = list(conn.scalars(select(Delivery.id).where(which).with_for_update()))
    for table in (Click, FollowedCopy, OutboxMessage, MailTrouble):
        conn.execute(delete(table).where(table.delivery_id.in_(ids)))
    messages = select(Delivery.message_id).where(Delivery.id.in_(ids)).distinct()
    counts.stamp(conn, list(conn.scalars(messages)))
    reduced = update(Delivery).where(Delivery.id.in_(ids))
    return conn.execute(reduced.values(contact_id=None, **NOBODYS)).rowcount


def _aides(before: datetime) -> ColumnElement[bool]:
    """Callers ask for them no longer, or never will again."""
    return or_(Staffer.expires_on < before.date(), Staffer.withdrawn_at < before)


def _events(before: datetime) -> ColumnElement[bool]:
    return and_(Event.received_at < before, Event.applied_at.is_not(None))


def _attempts(before: datetime) -> ColumnElement[bool]:
    return SignInAttempt.at < before


def _unconfirmed(before: datetime) -> ColumnElement[bool]:
    return and_(SignUp.created_at < before, SignUp.confirmed_at.is_(None))


def _agreements(before: datetime) -> ColumnElement[bool]:
    """A yes to an address that is on nobody's list, has not been spoken of since, and is not refused."""
    later, held = aliased(Consent), AddressStanding
    same = (later.channel == Consent.channel, later.address == Consent.address)
    refused = (held.channel == Consent.channel, held.address == Consent.address)
    listed = (Address.channel == Consent.channel, Address.address == Consent.address)
    return and_(
        Consent.at < before,
        Consent.standing.in_([Standing.GRANTED.value, Standing.WITHDRAWN.value]),
        ~exists(select(Address.id).where(*listed)),
        ~exists(select(later.id).where(*same, later.at >= before)),
        ~exists(select(held.address).where(*refused, held.standing != Standing.GRANTED.value)),
    )


def _forget_agreements(conn: Connection, which: ColumnElement[bool]) -> int:
    pairs = conn.execute(select(Consent.channel, Consent.address).where(which).distinct()).all()
    for channel, address in pairs:
        conn.execute(delete(AddressStanding).filter_by(channel=channel, address=address))
    return conn.execute(delete(Consent).where(which)).rowcount


def _calls(before: datetime) -> ColumnElement[bool]:
    return and_(Call.asked_at < before, Call.contact_id.is_not(None))


def _leave_nobodys(conn: Connection, which: ColumnElement[bool]) -> int:
    """Calls count on, without whose they were."""
    return conn.execute(update(Call).where(which).values(contact_id=None, **FORGOTTEN)).rowcount


def _delete(table: Any) -> Callable[[Connection, ColumnElement[bool]], int]:
    def end(conn: Connection, which: ColumnElement[bool]) -> int:
        return conn.execute(delete(table).where(which)).rowcount

    return end


RULES = (
    Rule("reply_bodies", Reply, _bodies, _empty),
    Rule("written_answers", WrittenAnswer, _answers, _forget_words, "reply_bodies"),
    Rule("delivery_detail", Delivery, _copies, _reduce),
    Rule("provider_events", Event, _events, _delete(Event)),
    Rule("sign_ins", SignInAttempt, _attempts, _delete(SignInAttempt)),
    Rule("sign_ups", SignUp, _unconfirmed, _delete(SignUp)),
    Rule("aides", Staffer, _aides, _delete(Staffer), "delivery_detail"),
    Rule("calls", Call, _calls, _leave_nobodys),
    Rule("consent", Consent, _agreements, _forget_agreements),
)


async def clear(
    database: Database, keep: Keep, *, now: datetime, rows: int = SLICE
) -> dict[str, int]:
    """End whatever is over, slice by slice; put it on the record as numbers, and return those."""
    done: dict[str, int] = {}
    for rule in RULES:
        kept = rule.kept(keep)
        if kept is not None:
            done[rule.name] = await _clear(database, rule, now - kept, rows)
    told = {name: count for name, count in done.items() if count}
    if told:
        await database.write(
            audit.note, "retention.run", actor=ACTOR, about="retention:0", after=told, now=now
        )
    return done


def foreseen(conn: Connection, keep: Keep, *, now: datetime) -> dict[str, int]:
    """How many rows of each kind are over now; nothing is changed."""
    found = {}
    for rule in RULES:
        kept = rule.kept(keep)
        if kept is not None:
            over = select(func.count()).select_from(rule.table).where(rule.over(now - kept))
            found[rule.name] = conn.execute(over).scalar_one()
    return found


def oldest(conn: Connection) -> datetime | None:
    """Since when there is detail on copies and answers; None where there is none."""
    times = [
        conn.scalar(select(func.min(Reply.received_at)).where(Reply.body != "")),
        conn.scalar(select(func.min(Event.received_at))),
        conn.scalar(select(func.min(Delivery.changed_at)).where(Delivery.address.is_not(None))),
    ]
    return min((each for each in times if each is not None), default=None)


async def _clear(database: Database, rule: Rule, before: datetime, rows: int) -> int:
    """Rows are looked for while others write, and asked again in the transaction that ends them."""
    ended = 0
    while ids := await database.read(_find, rule, before, rows):
        ended += await database.write(_end, rule, before, ids)
    return ended


def _find(conn: Connection, rule: Rule, before: datetime, rows: int) -> list[int]:
    over = select(rule.table.id).where(rule.over(before)).order_by(rule.table.id)
    return list(conn.scalars(over.limit(rows)))


def _end(conn: Connection, rule: Rule, before: datetime, ids: Sequence[int]) -> int:
    return rule.end(conn, and_(rule.table.id.in_(ids), rule.over(before)))
