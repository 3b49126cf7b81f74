"""When will it be done, and what is left of the money? Reckoned before the launch, from what the settings allow.

The rate is the one at which a sender identity may send (``sending.sms_segments_per_second``,
``sending.emails_per_second``), not one that was measured: carriers may take longer, and others may send at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from contacts.models import Channel
from messages import budgets
from messages.budgets import CENTS, Tariff
from messages.estimating import Estimate
from messages.finishing import Finish, Rate, finish
from messages.forecast import HELD, NOW, Forecast

MINUTE = 60


@dataclass(frozen=True)
class Paces:
    """How fast a sender identity may send; 0 = no limit is known."""

    segments_per_second: float = 0.0
    emails_per_second: float = 0.0


@dataclass(frozen=True)
class Expected:
    """When the last copies leave, if nothing else is sent meanwhile and nobody pauses it."""

    minutes: int  # until all that may leave at once have left, at least one
    last_at: datetime  # when the last one leaves, those held among them
    held: int  # texts that wait for their people's morning
    late: int  # copies that would not leave before their time runs out


@dataclass(frozen=True)
class Money:
    """What the texts cost, and what would be left; None = no limit was set."""

    cost: Decimal  # dollars
    budget_cents: int | None
    left_cents: int | None
    day_cents: int | None  # what all texts of a day may cost
    day_left_cents: int | None  # of today's, after this alert


def expected(
    seen: Forecast,
    estimates: Sequence[Estimate],
    paces: Paces,
    *,
    starts_at: datetime,
    expires_at: datetime | None,
) -> Expected | None:
    """When everybody has their copy; None where nothing would leave, or no pace is known."""
    copies = sum(each.copies for each in estimates) or 1
    segments = max(1.0, sum(each.segments for each in estimates) / copies)
    openings: Counter[datetime] = Counter()
    for fate in seen.fates:
        if fate.fate == HELD and fate.opens_at is not None:
            openings[fate.opens_at] += fate.count
    texts = _finish(
        seen.total(Channel.SMS, NOW),
        openings,
        paces.segments_per_second / segments,
        starts_at,
        expires_at,
    )
    emails = _finish(
        seen.total(Channel.EMAIL, NOW), Counter(), paces.emails_per_second, starts_at, expires_at
    )
    ends = [each for each in (texts, emails) if each is not None]
    if not ends:
        return None
    first = [
        _finish(seen.total(channel, NOW), Counter(), rate, starts_at, None)
        for channel, rate in (
            (Channel.SMS, paces.segments_per_second / segments),
            (Channel.EMAIL, paces.emails_per_second),
        )
    ]
    longest = max((each.at - starts_at for each in first if each), default=timedelta())
    return Expected(
        minutes=max(1, -(-int(longest.total_seconds()) // MINUTE)),
        last_at=max(each.at for each in ends),
        held=openings.total(),
        late=sum(each.late for each in ends),
    )


def money(
    conn: Connection, cost: Decimal, *, budget_cents: int, tariff: Tariff, now: datetime
) -> Money:
    """What would be left of the alert's budget and of the day's; 0 cents = no limit."""
    price, day_cents = int(cost * CENTS), tariff.daily_cents
    spent = int(budgets.spent_on(conn, now) * tariff.cents_per_segment) if day_cents else 0
    day_left = day_cents - spent - price if day_cents else None
    return Money(
        cost=cost,
        budget_cents=budget_cents or None,
        left_cents=budget_cents - price if budget_cents else None,
        day_cents=day_cents or None,
        day_left_cents=day_left,
    )


def _finish(
    waiting: int,
    openings: Counter[datetime],
    per_second: float,
    starts_at: datetime,
    expires_at: datetime | None,
) -> Finish | None:
    return finish(
        waiting=waiting,
        openings=openings,
        rate=Rate(per_second * MINUTE, lately=False),
        starts_at=starts_at,
        expires_at=expires_at,
        now=starts_at,
    )
