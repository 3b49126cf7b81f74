"""Claim a window of deliveries, and record what came of the one before: the two durable steps.

A claim *is* the intent: ``pending → sending`` is committed before the first byte leaves. The
outcomes of one window commit together with the claim of the next. Every outcome is fenced by owner
and attempt, so a sender that slept cannot overwrite what happened meanwhile. Eligibility is asked
again in the claiming statement itself, because a STOP may have come in since the launch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    Select,
    Update,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)

from contacts.models import Channel, Contact, Standing
from database import handing, locking
from messages import allowances, counts, emailing_instead, mail_limits
from messages.allowances import Limits
from messages.batches import extend, hold, in_range, let_go, lock, of_message, reopen
from messages.calling_off import call_off, leftover
from messages.eligibility import Terms, refusal, terms_in
from messages.mail_limits import ADDRESS, MailLimits
from messages.models import Batch, Delivery, Message, MessageStatus, Status
from messages.recording import PERSON, Claim, Done, Person, record
from messages.zones import Zones, waits_of

TIME = Delivery.not_before.type
READ_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Window:
    """What a batch's owner may do next: send these, or come back at ``next_at``."""

    message_id: int
    channel: Channel
    priority: int
    now: datetime  # when this was decided
    claims: Sequence[Claim] = ()
    next_at: datetime | None = None  # None: not before somebody acts (resumes it, say)
    finished: bool = False  # nothing in the batch waits any more
    paced: float = 0.0  # seconds for which all its message waits on this channel, for the pace


Candidate = list[Any]
"""A copy that waits: id, next attempt, contact, address, language, why not, zones, and its Person."""

WHOSE, WHY, ZONES, PERSONAL = 2, 5, 6, 7  # places in a Candidate: WHY is "" where it may leave


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a choosing statement is built from; the rest are its parameters."""

    dialect: str
    channel: Channel
    terms: Terms
    anywhere: bool  # also to people of whom no zone is on file


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who claims, and until when the claim counts."""

    owner: str
    now: datetime
    lease_until: datetime


def record_and_claim(
    conn: Connection,
    batch_id: int,
    *,
    owner: str,
    done: Sequence[Done],
    limits: Callable[[Channel], Limits],
    zones: Zones,
    now: datetime,
    claim: bool = True,
) -> Window:
    """Record the last window's outcomes and claim the next, in one transaction.

    Unless ``claim``, the batch is handed back, to be taken up again at once. The kept counts are
    changed once and last: they are what all senders of a message share, and whoever held some of
    them while waiting for others would soon stand in a circle with its neighbours.
    """
    deltas: counts.Deltas = Counter()
    lock(conn, batch_id)
    # Read only now: a stop may have held the batch, and what it did must be seen.
    batch = conn.execute(_batch_and_message(), {"batch_id": batch_id}).one()
    within = limits(Channel(batch.channel))
    mail_limits.note_answers(conn, batch, done, now)
    status = record(
        conn, batch, done, owner=owner, message_status=batch.status, deltas=deltas, now=now
    )
    allowances.settle(conn, batch, within, done, now)
    if not batch.open and counts.more_waiting(deltas):
        reopen(conn, batch, now=now)
    window = _window(batch, now, next_at=now)
    if claim and batch.owner == owner:
        window = _claim(conn, batch, status, owner, within, zones, deltas, now)
    if window.claims:
        extend(conn, batch.id, owner, now + within.lease)
    else:
        let_go(conn, batch, owner, next_at=window.next_at, finished=window.finished, now=now)
    counts.apply(conn, deltas)
    return window


@lru_cache
def _batch_and_message() -> Select[Any]:
    """A batch, and what about its message decides what may leave."""
    told = (
        *(Message.status, Message.kind, Message.reach, Message.scopes, Message.weekly_cap),
        *(Message.hours, Message.sms_sender, Message.email_sender, Message.segments),
        *(Message.starts_at, Message.expires_at, Message.countries, Message.budget_cents),
        *(Message.part_of, Message.own_hour, Message.urgent),
        locking.locked().label("locked"),
    )
    return (
        select(*Batch.__table__.columns, *told)
        .join(Message, Message.id == Batch.message_id)
        .where(Batch.id == bindparam("batch_id"))
    )


def _claim(
    conn: Connection,
    batch: Row[Any],
    status: str,
    owner: str,
    limits: Limits,
    zones: Zones,
    deltas: counts.Deltas,
    now: datetime,
) -> Window:
    ended = leftover(status)
    if ended is not None:
        call_off(conn, in_range(batch), *ended, deltas, now)
        return _window(batch, now, finished=True)
    if status != MessageStatus.SENDING or batch.locked:
        return _window(batch, now)
    if batch.expires_at is not None and batch.expires_at <= now:
        return _window(batch, now, next_at=now + READ_AGAIN)  # until housekeeping ends it
    if now < batch.starts_at:
        return _window(batch, now, next_at=batch.starts_at)
    return _claim_within(conn, batch, owner, limits, zones, deltas, now)


def _claim_within(
    conn: Connection,
    batch: Row[Any],
    owner: str,
    limits: Limits,
    zones: Zones,
    deltas: counts.Deltas,
    now: datetime,
) -> Window:
    """Claim what pace and hours allow of a message that is being sent."""
    allowed = allowances.allowed(conn, batch, limits, now)
    if not allowed.copies:
        wait = (allowed.ready_at - now).total_seconds()
        return _window(batch, now, next_at=allowed.ready_at, paced=wait)
    mail = mail_limits.limits_of(conn, batch, allowed.copies, limits.warm_up, now)
    if not mail.copies:
        return _held_back(conn, batch, limits, allowed.copies, mail, now)
    chosen = _choose(conn, batch, zones, mail, now)
    may = mail_limits.let_through(conn, mail, chosen, now)
    willing = [row for row in may if not row[WHY]]
    paid, spent = allowances.pay(conn, batch, limits, len(willing), now)
    claimed = willing[:paid]
    _send(conn, claimed, Ownership(owner, now, now + limits.lease))
    mail_limits.note_claims(conn, batch, [row[ADDRESS] for row in claimed], now)
    if len(willing) < len(may):
        _keep_back(conn, batch, [row for row in may if row[WHY]], deltas, now)
    _count(deltas, batch, claimed)
    allowances.give_back(conn, batch, limits, allowed.copies - len(claimed))
    if spent:
        hold(conn, batch.message_id, because=spent)
        return _window(batch, now)
    if chosen:
        claims = [Claim._make([*row[:WHY], Person._make(row[PERSONAL:])]) for row in claimed]
        return replace(_window(batch, now, next_at=now), claims=claims)
    next_at = _next_at(conn, batch, zones, mail, now)
    return _window(batch, now, next_at=next_at, finished=next_at is None)


def _held_back(
    conn: Connection, batch: Row[Any], limits: Limits, unused: int, mail: MailLimits, now: datetime
) -> Window:
    """Nothing of it may leave: until a person has looked, or not before its day."""
    allowances.give_back(conn, batch, limits, unused)
    if mail.held:
        hold(conn, batch.message_id, because=mail.held)
        return _window(batch, now)
    return _window(batch, now, next_at=mail.ready_at)


def _window(
    batch: Row[Any],
    now: datetime,
    *,
    next_at: datetime | None = None,
    finished: bool = False,
    paced: float = 0.0,
) -> Window:
    return Window(
        message_id=batch.message_id,
        channel=Channel(batch.channel),
        priority=batch.priority,
        now=now,
        next_at=next_at,
        finished=finished,
        paced=paced,
    )


def _choose(
    conn: Connection, batch: Row[Any], zones: Zones, mail: MailLimits, now: datetime
) -> list[Candidate]:
    """Lock what may leave now, with the reason for each copy that may not leave at all."""
    waits = waits_of(batch, Channel(batch.channel))
    open_zones = zones.open_at(conn, waits, now)
    anywhere = zones.ready(conn, None, waits, now) <= now
    terms = terms_in(conn, batch, message_id=batch.message_id, now=now)
    terms = replace(terms, message_id=None)
    shape = _Shape(conn.dialect.name, Channel(batch.channel), terms, anywhere=anywhere)
    values = {
        "message_id": batch.message_id,
        "low": batch.lo_id,
        "high": batch.hi_id,
        "now": now,
        "copies": mail.copies,
    }
    if mail.closed:
        values["closed"] = mail.closed
    if open_zones is not None:
        values |= handing.ids(conn.dialect.name, open_zones)
    chosen = _candidates(shape, hours=open_zones is not None, gates=bool(mail.closed))
    text = conn.execute(chosen, values).scalar_one()
    return sorted(handing.rows_in(text))


@lru_cache(maxsize=64)
def _candidates(shape: _Shape, *, hours: bool, gates: bool) -> Select[str]:
    """The statement that chooses, built once for all messages alike in what decides."""
    why = refusal(
        shape.channel, Delivery.address.expression, Delivery.contact_id.expression, shape.terms
    )
    rows = (
        select(
            Delivery.id,
            (Delivery.attempt + 1).label("attempt"),
            Delivery.contact_id,
            func.coalesce(Delivery.address, "").label("address"),
            Delivery.language.label("spoken"),
            why.label("why"),
            Delivery.zone_set_id,
            *PERSON,
        )
        .outerjoin(Contact, Contact.id == Delivery.contact_id)
        .where(
            Delivery.id >= bindparam("low", type_=BigInteger),
            Delivery.id < bindparam("high", type_=BigInteger),
            of_message(bindparam("message_id", type_=BigInteger)),
            Delivery.channel == shape.channel,
            Delivery.status == Status.PENDING,
            or_(Delivery.not_before.is_(None), Delivery.not_before <= bindparam("now", type_=TIME)),
        )
    )
    if hours:
        open_now = handing.among(shape.dialect, Delivery.zone_set_id.expression)
        rows = rows.where(
            or_(Delivery.zone_set_id.is_(None), open_now) if shape.anywhere else open_now
        )
    if gates:
        rows = rows.where(mail_limits.not_closed(shape.dialect))
    locked = (
        rows.order_by(Delivery.id)
        .limit(bindparam("copies", type_=Integer))
        .with_for_update(of=Delivery)
        .subquery()
    )
    return handing.gathered(shape.dialect, list(locked.c), locked)


def _send(conn: Connection, chosen: Sequence[Candidate], claim_as: Ownership) -> None:
    """The intent: durable before the first byte leaves."""
    if chosen:
        values = {
            **handing.ids(conn.dialect.name, [row[0] for row in chosen]),
            "owned_by": claim_as.owner,
            "leased_until": claim_as.lease_until,
            "now": claim_as.now,
        }
        conn.execute(_intend(conn.dialect.name), values)


@lru_cache
def _intend(dialect: str) -> Update:
    return (
        update(Delivery)
        .where(handing.among(dialect, Delivery.id.expression))
        .values(
            status=int(Status.SENDING),
            reason="",
            attempt=Delivery.attempt + 1,
            owner=bindparam("owned_by"),
            lease_until=bindparam("leased_until", type_=TIME),
            changed_at=bindparam("now", type_=TIME),
        )
    )


def _keep_back(
    conn: Connection,
    batch: Row[Any],
    chosen: Sequence[Candidate],
    deltas: counts.Deltas,
    now: datetime,
) -> None:
    """Copies that may not leave: most never, each with its reason.

    Where a reply may mean stop, or not, the copy waits until a person has read it.
    """
    for reason in sorted({row[WHY] for row in chosen}):
        these = Delivery.id.in_([row[0] for row in chosen if row[WHY] == reason])
        if reason == Standing.REVIEW:
            conn.execute(update(Delivery).where(these).values(not_before=now + READ_AGAIN))
        else:
            call_off(conn, [these], Status.SKIPPED, reason, deltas, now)
    people = {row[WHOSE] for row in chosen if row[WHY] != Standing.REVIEW and row[WHOSE]}
    emailing_instead.note(conn, batch, people, deltas)


def _count(deltas: counts.Deltas, batch: Row[Any], claimed: Sequence[Candidate]) -> None:
    for zone_set_id, number in Counter(row[ZONES] for row in claimed).items():
        counts.many_moved(
            deltas,
            counts.place(batch.message_id, batch.channel, Status.PENDING, "", zone_set_id),
            counts.place(batch.message_id, batch.channel, Status.SENDING, "", zone_set_id),
            number,
        )


def _next_at(
    conn: Connection, batch: Row[Any], zones: Zones, mail: MailLimits, now: datetime
) -> datetime | None:
    """When something in this batch can leave; None when nothing in it waits any more."""
    behind = mail_limits.behind(conn.dialect.name, mail).label("behind")
    waiting = conn.execute(
        select(
            Delivery.zone_set_id,
            behind,
            func.min(func.coalesce(Delivery.not_before, literal(now, TIME))),
        )
        .where(*in_range(batch), Delivery.status == Status.PENDING)
        .group_by(Delivery.zone_set_id, "behind")
    ).all()
    waits = waits_of(batch, Channel(batch.channel))
    times = [
        zones.ready(conn, zone_set_id, waits, max(now, not_before, mail.opens_at(domain, now)))
        for zone_set_id, domain, not_before in waiting
    ]
    return min(times, default=None)
