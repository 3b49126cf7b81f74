"""What may a window take? As many copies as its sender's pace lets through and its budgets pay for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from contacts.models import Channel
from messages import budgets, pacing
from messages.budgets import FREE, Purse, Tariff
from messages.providers.provider import Accepted, NotSent, Unknown
from messages.recording import Done
from messages.volumes import COLD, WarmUp


@dataclass(frozen=True, slots=True)
class Limits:
    """What one window may hold."""

    copies: int
    rate: float  # tokens per second, 0 = no limit
    lease: timedelta
    tariff: Tariff = FREE
    warm_up: WarmUp = COLD


def allowed(conn: Connection, batch: Row[Any], limits: Limits, now: datetime) -> pacing.Allowance:
    """Take what the pace lets through now, a second's worth at most."""
    most = max(1, min(limits.copies, int(limits.rate))) if limits.rate > 0 else limits.copies
    return pacing.take(
        conn,
        _sender(batch),
        rate=limits.rate,
        copies=most,
        segments=_cost(batch),
        first=batch.priority == 0,
        now=now,
    )


def pay(
    conn: Connection, batch: Row[Any], limits: Limits, copies: int, now: datetime
) -> tuple[int, str]:
    """Pay for so many copies, or for fewer: see ``budgets.pay``."""
    return budgets.pay(conn, _purse(batch, limits, now), copies=copies, segments=_cost(batch))


def give_back(conn: Connection, batch: Row[Any], limits: Limits, unused: int) -> None:
    """Give back the pace of copies that were not claimed after all."""
    pacing.settle(conn, _sender(batch), difference=-unused * _cost(batch), rate=limits.rate)


def settle(
    conn: Connection, batch: Row[Any], limits: Limits, done: Sequence[Done], now: datetime
) -> None:
    """Texts were claimed at the message's longest; what they really took is known by now."""
    budgets.correct(conn, _purse(batch, limits, now), _unpaid(batch, done))
    if limits.rate <= 0:
        return
    estimate = _cost(batch)
    difference = sum(item.segments - estimate for item in done if item.segments)
    pacing.settle(conn, _sender(batch), difference=difference, rate=limits.rate)
    if any(isinstance(item.outcome, NotSent) and item.outcome.slow_down for item in done):
        pacing.slow_down(conn, _sender(batch), rate=limits.rate, now=now)


def _unpaid(batch: Row[Any], done: Sequence[Done]) -> int:
    """By how many segments what may have left differs from what its claim paid for."""
    went = [item for item in done if isinstance(item.outcome, Accepted | Unknown)]
    return sum(item.segments or _cost(batch) for item in went) - len(done) * _cost(batch)


def _purse(batch: Row[Any], limits: Limits, now: datetime) -> Purse:
    return budgets.purse(
        batch.part_of or batch.message_id,  # the parts of an alert have one budget
        batch.budget_cents,
        channel=batch.channel,
        kind=batch.kind,
        tariff=limits.tariff,
        now=now,
    )


def _sender(batch: Row[Any]) -> str:
    named = batch.sms_sender if batch.channel == Channel.SMS else batch.email_sender
    return f"{batch.channel}:{named}"


def _cost(batch: Row[Any]) -> int:
    return max(1, batch.segments) if batch.channel == Channel.SMS else 1
