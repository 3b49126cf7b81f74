"""How many emails has a sender's domain handed over today, and how many may it, while it is new?

Mailbox providers distrust a domain that nobody has heard of and that writes to thousands on its first day.
So a new one begins with so many a day and doubles on each day on which it sends (UTC); what is over waits
until tomorrow. What is urgent does not wait for it. Copies are counted when they are claimed and given
back where they provably did not leave, so that a crash errs on the side of having sent them.

Of those to gmail.com and googlemail.com a count is kept, too: whoever sends 5,000 of them on a day, from
all names under one registered domain, is a "bulk sender" for good
(https://support.google.com/a/answer/14229414). Domains of companies at Google Workspace cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, func, select, update

from database.upserts import insert_or
from messages.mailboxes import GMAIL, domain_of, primary_domain, sender_domain
from messages.reach_models import MailDay, SenderDomain

BULK = 5_000  # to Gmail on one day
NEARLY_BULK = 4_000
KNOWN = 50_000  # a day: whoever may send that many is new no more
REST = timedelta(minutes=1)  # after midnight, so that no clock is a moment early


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How a new sender domain begins."""

    first_day: int = 0  # emails; 0 = no warm-up
    warm: frozenset[str] = frozenset()  # domains that mailbox providers know

    def daily(self, days: int) -> int | None:
        """How many emails may leave on a day before which it sent on so many others; None = any number."""
        if not self.first_day:
            return None
        most = self.first_day * 2 ** min(days, 30)
        return None if most >= KNOWN else most


COLD = WarmUp()


@dataclass(frozen=True, slots=True)
class Today:
    """How far a domain is today."""

    domain: str
    copies: int
    gmail: int
    most: int | None  # by its warm-up; None = any number
    resumes_at: datetime  # when the next day begins

    @property
    def left(self) -> int | None:
        """How many more may leave today."""
        return None if self.most is None else max(0, self.most - self.copies)


def today(
    conn: Connection, sender: str, rule: WarmUp, *, now: datetime, lock: bool = False
) -> Today:
    """How far a sender's domain is today; ``lock`` for whoever will count more."""
    domain, day = sender_domain(sender), now.astimezone(UTC).date()
    mine = select(MailDay.copies, MailDay.gmail).where(MailDay.domain == domain, MailDay.day == day)
    if lock:
        _begin(conn, domain, day)
        mine = mine.with_for_update()
    row = conn.execute(mine).one_or_none()
    copies, gmail = (row.copies, row.gmail) if row else (0, 0)
    return Today(domain, copies, gmail, _most(conn, domain, rule, day), _tomorrow(now))


def _most(conn: Connection, domain: str, rule: WarmUp, day: date) -> int | None:
    if not rule.first_day or not domain or domain in rule.warm:
        return None
    if conn.scalar(select(SenderDomain.warm).where(SenderDomain.domain == domain)):
        return None
    before = (MailDay.domain == domain, MailDay.day < day, MailDay.copies > 0)
    return rule.daily(conn.scalar(select(func.count()).where(*before)) or 0)


def _tomorrow(now: datetime) -> datetime:
    begins = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return begins + REST


def _begin(conn: Connection, domain: str, day: date) -> None:
    new = insert_or(conn, MailDay).values(domain=domain, day=day, copies=0, gmail=0)
    conn.execute(new.on_conflict_do_nothing())


def count(
    conn: Connection,
    sender: str,
    *,
    claimed: Iterable[str] = (),
    unsent: Iterable[str] = (),
    now: datetime,
) -> None:
    """Note addresses whose copies are claimed, and those whose copies came back unsent."""
    more, fewer = list(claimed), list(unsent)
    domain, day = sender_domain(sender), now.astimezone(UTC).date()
    copies, gmail = len(more) - len(fewer), _to_gmail(more) - _to_gmail(fewer)
    if not domain or not (copies or gmail):
        return
    mine = update(MailDay).where(MailDay.domain == domain, MailDay.day == day)
    added = mine.values(copies=MailDay.copies + copies, gmail=MailDay.gmail + gmail)
    if not conn.execute(added).rowcount and copies > 0:
        _begin(conn, domain, day)
        conn.execute(added)


def _to_gmail(addresses: Sequence[str]) -> int:
    return sum(domain_of(address) in GMAIL for address in addresses)


@dataclass(frozen=True, slots=True)
class Gmail:
    """How many emails went to Gmail from all names under one registered domain."""

    domain: str
    today: int
    most: int  # on the day with the most, of all that we kept
    most_on: date | None

    @property
    def bulk(self) -> bool:
        """Whether Gmail counts it among bulk senders by now, for good."""
        return self.most >= BULK

    @property
    def nearly(self) -> bool:
        """Whether it is close to it today."""
        return not self.bulk and self.today >= NEARLY_BULK


def to_gmail(conn: Connection, *, now: datetime) -> dict[str, Gmail]:
    """The same of every registered domain that has written there."""
    rows = conn.execute(select(MailDay.domain, MailDay.day, MailDay.gmail).where(MailDay.gmail > 0))
    by_day: dict[str, dict[date, int]] = {}
    for domain, day, gmail in rows:
        days = by_day.setdefault(primary_domain(domain), {})
        days[day] = days.get(day, 0) + gmail
    today, found = now.astimezone(UTC).date(), {}
    for domain, days in by_day.items():
        most_on = max(days, key=lambda day: (days[day], day))
        found[domain] = Gmail(domain, days.get(today, 0), days[most_on], most_on)
    return found
