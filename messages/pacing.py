"""How fast may this sender send? One token bucket per sender identity, shared by every process.

A token is one SMS segment (carriers count segments, not texts) or one email. Tokens are taken in
the transaction that claims, from a rough segment count; after rendering the difference is settled.
Answers to people take tokens even when there are none, so bulk waits for them and not the reverse.

When a provider asks to slow down, the bucket fills more slowly for everybody: half as fast at each
429, and back to the full rate within a minute. That share is kept in the same row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, select, update

from contacts.models import Channel
from database.upserts import insert_or
from messages.sender_models import Pace

REGROWTH = timedelta(minutes=1)  # from nothing to the full rate
SLOWEST = 1 / 32  # of the rate: something must leave for us to learn that it may
ROUNDING = 1e-3  # of a token: times are kept in microseconds
ONE_WORD = timedelta(seconds=1)  # windows in flight together hear the same "slow down" once


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many copies may leave now, and if none, when one may."""

    copies: int
    ready_at: datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a sender identity may spend, as it was written down."""

    tokens: float
    filled_at: datetime
    slowed: float = 1.0
    slowed_at: datetime | None = None


def identity(channel: Channel, *, sms_sender: str, email_sender: str) -> str:
    """Whose pace a message keeps on a channel."""
    return f"{channel}:{sms_sender if channel is Channel.SMS else email_sender}"


def refilled(tokens: float, *, rate: float, elapsed: timedelta) -> float:
    """A bucket's content after some time; it holds one second's worth, or one whole message."""
    return min(max(rate, 1.0), tokens + max(elapsed.total_seconds(), 0.0) * rate)


def share(slowed: float, slowed_at: datetime | None, *, now: datetime) -> float:
    """What part of its rate a sender may use now, 0 to 1: it grows back after a 429."""
    if slowed_at is None:
        return 1.0
    grown = max(now - slowed_at, timedelta()) / REGROWTH
    return min(1.0, max(slowed, SLOWEST) + grown)


def ready_at(bucket: Bucket, *, rate: float, segments: int, now: datetime) -> datetime:
    """When a copy of so many segments may leave: ``now``, or later. ``rate`` 0 is no limit."""
    if rate <= 0:
        return now
    effective = rate * share(bucket.slowed, bucket.slowed_at, now=now)
    tokens = refilled(bucket.tokens, rate=effective, elapsed=now - bucket.filled_at)
    wait = max(0.0, (_need(segments, effective) - tokens) / effective)
    return now + timedelta(seconds=wait)


def buckets(conn: Connection, senders: Iterable[str]) -> dict[str, Bucket]:
    """What these identities may spend; one that has sent nothing yet is missing."""
    found = conn.execute(select(Pace).where(Pace.sender.in_(list(senders))))
    return {row.sender: _bucket(row) for row in found}


def take(
    conn: Connection,
    sender: str,
    *,
    rate: float,
    copies: int,
    segments: int,
    first: bool,
    now: datetime,
) -> Allowance:
    """Take tokens for up to ``copies`` copies of ``segments`` each.

    ``rate`` is tokens per second, 0 for no limit. ``first`` is for answers: they always leave.
    """
    if rate <= 0:
        return Allowance(copies, now)
    bucket = _locked(conn, sender, rate, now)
    left, granted = spent(bucket, rate=rate, copies=copies, segments=segments, now=now, first=first)
    _set(conn, sender, left)
    if granted:
        return Allowance(granted, now)
    return Allowance(0, ready_at(bucket, rate=rate, segments=segments, now=now))


def spent(
    bucket: Bucket, *, rate: float, copies: int, segments: int, now: datetime, first: bool = False
) -> tuple[Bucket, int]:
    """What is left when as many of the copies leave as may, and how many those are."""
    effective = rate * share(bucket.slowed, bucket.slowed_at, now=now)
    # A clock that is behind the one that filled last must not fill that stretch a second time.
    at = max(now, bucket.filled_at)
    tokens = refilled(bucket.tokens, rate=effective, elapsed=at - bucket.filled_at)
    # A long text may need more tokens than a slow sender's bucket holds: one leaves from a full
    # one, and the debt delays the next.
    need = _need(segments, effective)
    granted = copies if first else min(copies, _affordable(tokens, segments, need))
    return replace(bucket, tokens=tokens - granted * segments, filled_at=at), granted


def settle(conn: Connection, sender: str, *, difference: int, rate: float) -> None:
    """Take (or give back) the tokens by which rendered texts differ from the estimate."""
    if rate > 0 and difference:
        conn.execute(
            update(Pace).where(Pace.sender == sender).values(tokens=Pace.tokens - difference)
        )


def slow_down(conn: Connection, sender: str, *, rate: float, now: datetime) -> None:
    """A provider answered 429: halve the pace of this identity, for every process."""
    if rate <= 0:
        return
    bucket = _locked(conn, sender, rate, now)
    if bucket.slowed_at is not None and abs(now - bucket.slowed_at) < ONE_WORD:
        return
    halved = max(SLOWEST, share(bucket.slowed, bucket.slowed_at, now=now) / 2)
    conn.execute(update(Pace).where(Pace.sender == sender).values(slowed=halved, slowed_at=now))


def any_filled_after(conn: Connection, time: datetime) -> bool:
    """Whether a bucket was filled after that time."""
    return conn.scalar(select(Pace.sender).where(Pace.filled_at > time).limit(1)) is not None


def clock_set_back(conn: Connection, *, now: datetime) -> None:
    """Let buckets that were filled, or slowed, at a time that has not come yet refill from now on."""
    conn.execute(update(Pace).where(Pace.filled_at > now).values(filled_at=now))
    conn.execute(update(Pace).where(Pace.slowed_at > now).values(slowed_at=now))


def _need(segments: int, rate: float) -> float:
    return min(float(segments), max(rate, 1.0))


def _affordable(tokens: float, segments: int, need: float) -> int:
    if tokens < need - ROUNDING:
        return 0
    return max(1, int(tokens // segments))


def _locked(conn: Connection, sender: str, rate: float, now: datetime) -> Bucket:
    full = max(rate, 1.0)
    conn.execute(
        insert_or(conn, Pace)
        .values(sender=sender, tokens=full, filled_at=now, slowed=1.0)
        .on_conflict_do_nothing()
    )
    row = conn.execute(select(Pace).where(Pace.sender == sender).with_for_update()).one()
    return _bucket(row)


def _bucket(row: Row[Pace]) -> Bucket:
    return Bucket(row.tokens, row.filled_at, row.slowed, row.slowed_at)


def _set(conn: Connection, sender: str, bucket: Bucket) -> None:
    left = {"tokens": bucket.tokens, "filled_at": bucket.filled_at}
    conn.execute(update(Pace).where(Pace.sender == sender).values(left))
