"""Claim a window of deliveries, and record what came of the one before: the two durable steps.

A claim *is* the intent: ``pending → sending`` is committed before the first byte leaves. The
outcomes of one window commit together with the claim of the next. Every outcome is fenced by owner
and attempt, so a sender that slept cannot overwrite what happened meanwhile. Eligibility is asked
again in the claiming statement itself, because a STOP may have come in since the launch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Subquery,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from contacts.models import Channel, Standing
from messages import counts, hours, pacing
from messages.batches import extend, in_range, let_go, reopen
from messages.control import call_off, leftover
from messages.eligibility import refusal, terms_in
from messages.models import Batch, Delivery, Message, MessageStatus, Status
from messages.providers.provider import NotSent
from messages.recording import Claim, Done, record
from messages.zones import Zones

UTC_TIME = Delivery.not_before.type
READ_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one window may hold."""

    copies: int
    rate: float  # tokens per second, 0 = no limit
    lease: timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """What a batch's owner may do next: send these, or come back at ``next_at``."""

    message_id: int
    channel: Channel
    priority: int
    claims: Sequence[Claim] = ()
    next_at: datetime | None = None  # None: not before somebody acts (resumes it, say)
    finished: bool = False  # nothing in the batch waits any more
    paced: float = 0.0  # seconds for which all its message waits on this channel, for the pace


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
    batch = conn.execute(select(Batch).where(Batch.id == batch_id).with_for_update()).one()
    message = conn.execute(select(Message).where(Message.id == batch.message_id)).one()
    within = limits(Channel(batch.channel))
    record(conn, batch, message, done, owner=owner, deltas=deltas, now=now)
    _settle_pace(conn, message, Channel(batch.channel), within, done, now)
    if not batch.open and counts.more_waiting(deltas):
        reopen(conn, batch, now=now)
    window = _window(batch, next_at=now)
    if claim and batch.owner == owner:
        window = _claim(conn, batch, message, owner, within, zones, deltas, now)
    if window.claims:
        extend(conn, batch.id, owner, now + within.lease)
    else:
        let_go(conn, batch, owner, next_at=window.next_at, finished=window.finished, now=now)
    counts.apply(conn, deltas)
    return window


def _claim(
    conn: Connection,
    batch: Row[Batch],
    message: Row[Message],
    owner: str,
    limits: Limits,
    zones: Zones,
    deltas: counts.Deltas,
    now: datetime,
) -> Window:
    status = conn.execute(select(Message.status).where(Message.id == message.id)).scalar_one()
    ended = leftover(status)
    if ended is not None:
        call_off(conn, in_range(batch), *ended, deltas, now)
        return _window(batch, finished=True)
    if status != MessageStatus.SENDING:
        return _window(batch)
    if message.expires_at is not None and message.expires_at <= now:
        return _window(batch, next_at=now + READ_AGAIN)  # until housekeeping ends it
    if now < message.starts_at:
        return _window(batch, next_at=message.starts_at)
    return _claim_within(conn, batch, message, owner, limits, zones, deltas, now)


def _claim_within(
    conn: Connection,
    batch: Row[Batch],
    message: Row[Message],
    owner: str,
    limits: Limits,
    zones: Zones,
    deltas: counts.Deltas,
    now: datetime,
) -> Window:
    """Claim what pace and hours allow of a message that is being sent."""
    channel = Channel(batch.channel)
    allowed = _allowed(conn, message, channel, limits, now)
    if not allowed.copies:
        wait = (allowed.ready_at - now).total_seconds()
        return _window(batch, next_at=allowed.ready_at, paced=wait)
    claim_as = Ownership(owner, now, now + limits.lease)
    open_zones = zones.open_at(conn, hours.read(message.hours), channel, now)
    claims, skipped = _claim_rows(
        conn, batch, message, open_zones, allowed.copies, claim_as, deltas
    )
    _give_back(conn, message, channel, limits, allowed.copies - len(claims))
    if claims or skipped:
        return _window(batch, claims, next_at=now)
    next_at = _next_at(conn, batch, message, zones, now)
    return _window(batch, next_at=next_at, finished=next_at is None)


def _window(
    batch: Row[Batch],
    claims: Sequence[Claim] = (),
    *,
    next_at: datetime | None = None,
    finished: bool = False,
    paced: float = 0.0,
) -> Window:
    channel = Channel(batch.channel)
    return Window(batch.message_id, channel, batch.priority, claims, next_at, finished, paced)


def _sender(message: Row[Message], channel: Channel) -> str:
    named = message.sms_sender if channel is Channel.SMS else message.email_sender
    return f"{channel}:{named}"


def _cost(message: Row[Message], channel: Channel) -> int:
    return max(1, message.segments) if channel is Channel.SMS else 1


def _allowed(
    conn: Connection, message: Row[Message], channel: Channel, limits: Limits, now: datetime
) -> pacing.Allowance:
    return pacing.take(
        conn,
        _sender(message, channel),
        rate=limits.rate,
        copies=limits.copies,
        segments=_cost(message, channel),
        first=message.priority == 0,
        now=now,
    )


def _give_back(
    conn: Connection, message: Row[Message], channel: Channel, limits: Limits, unused: int
) -> None:
    pacing.settle(
        conn,
        _sender(message, channel),
        difference=-unused * _cost(message, channel),
        rate=limits.rate,
    )


def _settle_pace(
    conn: Connection,
    message: Row[Message],
    channel: Channel,
    limits: Limits,
    done: Sequence[Done],
    now: datetime,
) -> None:
    """Texts were claimed at the message's longest; what they really took is known by now."""
    estimate = _cost(message, channel)
    difference = sum(item.segments - estimate for item in done if item.segments)
    pacing.settle(conn, _sender(message, channel), difference=difference, rate=limits.rate)
    if any(isinstance(item.outcome, NotSent) and item.outcome.slow_down for item in done):
        pacing.slow_down(conn, _sender(message, channel), rate=limits.rate, now=now)


def _claim_rows(
    conn: Connection,
    batch: Row[Batch],
    message: Row[Message],
    open_zones: Sequence[int] | None,
    copies: int,
    claim_as: Ownership,
    deltas: counts.Deltas,
) -> tuple[list[Claim], int]:
    """The claiming statement; returns the claims and how many were skipped instead."""
    chosen = _candidates(conn, batch, message, open_zones, copies, claim_as.now)
    sends = chosen.c.why == ""
    moved = conn.execute(
        update(Delivery)
        .where(Delivery.id == chosen.c.id, Delivery.status == Status.PENDING)
        .values(
            status=case((sends, int(Status.SENDING)), else_=int(Status.SKIPPED)),
            reason=chosen.c.why,
            attempt=Delivery.attempt + case((sends, 1), else_=0),
            owner=case((sends, claim_as.owner), else_=None),
            lease_until=case((sends, claim_as.lease_until), else_=None),
            changed_at=claim_as.now,
        )
        .returning(
            Delivery.id,
            Delivery.attempt,
            Delivery.contact_id,
            Delivery.address,
            Delivery.language,
            Delivery.status,
            Delivery.reason,
            Delivery.zone_set_id,
        )
    ).all()
    _count_claims(deltas, batch, moved)
    claims = [
        Claim(row.id, row.attempt, row.contact_id, row.address or "", row.language)
        for row in sorted(moved, key=lambda row: row.id)
        if row.status == Status.SENDING
    ]
    return claims, len(moved) - len(claims)


def _candidates(
    conn: Connection,
    batch: Row[Batch],
    message: Row[Message],
    open_zones: Sequence[int] | None,
    copies: int,
    now: datetime,
) -> Subquery:
    terms = terms_in(conn, message, now=now)
    why = refusal(
        Channel(batch.channel), Delivery.address.expression, Delivery.contact_id.expression, terms
    )
    rows = select(Delivery.id, why.label("why")).where(
        # Their reply may mean stop, or not: until a person has read it, the copy waits.
        why != Standing.REVIEW.value,
        *in_range(batch),
        Delivery.status == Status.PENDING,
        or_(Delivery.not_before.is_(None), Delivery.not_before <= now),
    )
    if open_zones is not None:
        rows = rows.where(or_(Delivery.zone_set_id.is_(None), Delivery.zone_set_id.in_(open_zones)))
    return rows.order_by(Delivery.id).limit(copies).subquery()


def _count_claims(deltas: counts.Deltas, batch: Row[Batch], moved: Sequence[Any]) -> None:
    for row in moved:
        counts.moved(
            deltas,
            counts.place(batch.message_id, batch.channel, Status.PENDING, "", row.zone_set_id),
            counts.place(batch.message_id, batch.channel, row.status, row.reason, row.zone_set_id),
        )


def _next_at(
    conn: Connection, batch: Row[Batch], message: Row[Message], zones: Zones, now: datetime
) -> datetime | None:
    """When something in this batch can leave; None when nothing in it waits any more."""
    waiting = conn.execute(
        select(
            Delivery.zone_set_id,
            func.min(func.coalesce(Delivery.not_before, literal(now, UTC_TIME))),
        )
        .where(*in_range(batch), Delivery.status == Status.PENDING)
        .group_by(Delivery.zone_set_id)
    ).all()
    window = hours.read(message.hours) if batch.channel == Channel.SMS else None
    times = []
    for zone_set_id, not_before in waiting:
        ready = max(now, not_before)
        if window is not None and zone_set_id is not None:
            ready = zones.opening(conn, zone_set_id, window, ready)
        times.append(ready)
    if not times:
        return None
    # What is due and was not claimed waits for a person to read a reply.
    return min(times) if min(times) > now else now + READ_AGAIN
