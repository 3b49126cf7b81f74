"""How fast may this sender send? One token bucket per sender identity, shared by every process.

A token is one SMS segment (carriers count segments, not texts) or one email. Tokens are taken in
the transaction that claims, from a rough segment count; after rendering the difference is settled.
Answers to people take tokens even when there are none, so bulk waits for them and not the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from database.upserts import insert_or
from messages.models import Pace


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many copies may leave now, and if none, when one may."""

    copies: int
    ready_at: datetime


def refilled(tokens: float, *, rate: float, elapsed: timedelta) -> float:
    """A bucket's content after some time; it holds one second's worth, or one whole message."""
    return min(max(rate, 1.0), tokens + max(elapsed.total_seconds(), 0.0) * rate)


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
    tokens = _tokens(conn, sender, rate, now)
    # A long text may need more tokens than a slow sender's bucket holds: one leaves from a full
    # one, and the debt delays the next.
    need = min(float(segments), max(rate, 1.0))
    granted = copies if first else min(copies, _affordable(tokens, segments, need))
    _set(conn, sender, tokens - granted * segments, now)
    wait = max(0.0, (need - tokens) / rate)
    return Allowance(granted, now + timedelta(seconds=wait))


def settle(conn: Connection, sender: str, *, difference: int, rate: float) -> None:
    """Take (or give back) the tokens by which rendered texts differ from the estimate."""
    if rate > 0 and difference:
        conn.execute(
            update(Pace).where(Pace.sender == sender).values(tokens=Pace.tokens - difference)
        )


def _affordable(tokens: float, segments: int, need: float) -> int:
    if tokens < need:
        return 0
    return max(1, int(tokens // segments))


def _tokens(conn: Connection, sender: str, rate: float, now: datetime) -> float:
    full = max(rate, 1.0)
    conn.execute(
        insert_or(conn, Pace)
        .values(sender=sender, tokens=full, filled_at=now)
        .on_conflict_do_nothing()
    )
    row = conn.execute(
        select(Pace.tokens, Pace.filled_at).where(Pace.sender == sender).with_for_update()
    ).one()
    return refilled(row.tokens, rate=rate, elapsed=now - row.filled_at)


def _set(conn: Connection, sender: str, tokens: float, now: datetime) -> None:
    conn.execute(update(Pace).where(Pace.sender == sender).values(tokens=tokens, filled_at=now))
