"""How much may texts cost? Budgets of a message and of a day, kept in the transaction that claims.

A budget is in cents, what was spent in segments: carriers bill segments, and what one costs may change.
A copy is paid for when it is claimed, at its message's longest text; what it really took is corrected
when its outcome is recorded. So two senders never spend the same money, and a crash errs on the side of
having spent it. An account is a row, locked until the claim commits, and only kept where there is a
budget: who has none pays no time for it. Emails, and answers to what a person sent, cost nothing here.

A day is UTC's, as on the pages where Twilio says what was used (https://www.twilio.com/docs/usage/api/usage-record).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    Text,
    bindparam,
    case,
    func,
    select,
    true,
)

from contacts.models import Channel
from database.handing import Handed
from database.upserts import insert_for, insert_or
from messages.eligibility import ANSWERS
from messages.models import Delivery, Message, MessageKind, Status
from messages.sender_models import Spending

CENTS = 100
MESSAGE_SPENT = "The budget of {dollars} for this message is spent; raise it, then resume, or stop."
DAY_SPENT = (
    "The budget of {dollars} for the texts of one day is spent; wait until tomorrow or raise "
    "sending.daily_budget_cents, then resume."
)
_SPENT = select(Spending.account, Spending.segments).where(
    Spending.account.in_(bindparam("accounts", expanding=True))
)
CHANGES = Handed("spent", {"account": Text(), "segments": BigInteger()})


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a text costs, and what all texts of a day may."""

    cents_per_segment: Decimal = Decimal(0)  # 0: texts are free, and no budget is looked at
    daily_cents: int = 0  # 0 = no limit


FREE = Tariff()


@dataclass(frozen=True, slots=True)
class Account:
    """What a budget allows, and what is said when it is spent."""

    name: str
    cents: int
    sentence: str

    @property
    def because(self) -> str:
        """Why a message pauses whose account this is."""
        return self.sentence.format(dollars=dollars(self.cents))


@dataclass(frozen=True, slots=True)
class Purse:
    """The accounts that a message's texts are paid from; none = nothing is limited."""

    accounts: tuple[Account, ...] = ()
    tariff: Tariff = FREE


def purse(
    message_id: int, cents: int, *, channel: str, kind: str, tariff: Tariff, now: datetime
) -> Purse:
    """What pays for the copies of a message, whose own budget is ``cents`` (0 = none)."""
    free = channel != Channel.SMS or MessageKind(kind) in ANSWERS
    if free or not tariff.cents_per_segment:
        return Purse()
    day = Account(_day(now), tariff.daily_cents, DAY_SPENT)
    own = Account(_own(message_id), cents, MESSAGE_SPENT)
    # In one order for everybody, so that two claims never wait for each other in a circle.
    return Purse(tuple(each for each in (day, own) if each.cents), tariff)


def pay(conn: Connection, purse: Purse, *, copies: int, segments: int) -> tuple[int, str]:
    """Pay for as many copies, of ``segments`` each, as every account has money for.

    Returns how many those are, and, where money is lacking for even one, the sentence that says so.
    """
    if not purse.accounts or not copies:
        return copies, ""
    after = _spend(conn, purse, copies * segments)
    price = purse.tariff.cents_per_segment
    left = {
        account: int(account.cents // price) - after[account.name] + copies * segments
        for account in purse.accounts
    }
    scarce = min(left, key=lambda account: left[account])
    paid = max(0, min(copies, left[scarce] // segments))
    correct(conn, purse, (paid - copies) * segments)
    return paid, "" if paid else scarce.because


def correct(conn: Connection, purse: Purse, difference: int) -> None:
    """Spend so many segments more than was paid for, or, where it is below zero, fewer."""
    if purse.accounts and difference:
        _spend(conn, purse, difference)


def open_account(conn: Connection, message_id: int, family: Sequence[int]) -> None:
    """Begin the account of a message that gets its budget when some of it, or of its parts, has left already.

    What they took is in it: a copy that is on the wire at the most it can take, as if its claim had paid.
    """
    longest = case((Message.segments > 1, Message.segments), else_=1)
    known = case((Delivery.status == Status.SENDING, 0), else_=Delivery.segments)
    took = (
        select(func.sum(func.coalesce(func.nullif(known, 0), longest)))
        .select_from(Delivery)
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.message_id.in_(family), Delivery.channel == Channel.SMS)
        .where(Delivery.status.between(Status.SENDING, Status.UNDELIVERED))
    )
    row = {"account": _own(message_id), "segments": conn.scalar(took) or 0}
    begun = insert_or(conn, Spending).values(**row)
    conn.execute(begun.on_conflict_do_update(index_elements=["account"], set_=row))


def spent(conn: Connection, message_id: int) -> int:
    """How many segments a message that has a budget has taken, with its parts."""
    return spent_by_message(conn, [message_id]).get(message_id, 0)


def spent_by_message(conn: Connection, message_ids: Collection[int]) -> dict[int, int]:
    """The same of many messages, asked for at once; those that have taken none are left out."""
    mine = {_own(each): each for each in message_ids}
    if not mine:
        return {}
    rows = conn.execute(_SPENT, {"accounts": list(mine)})
    return {mine[account]: segments for account, segments in rows}


def spent_on(conn: Connection, now: datetime) -> int:
    """How many segments this day's texts have taken so far, where a day has a budget."""
    return conn.scalar(select(Spending.segments).where(Spending.account == _day(now))) or 0


def because(cents: int) -> str:
    """Why a message is paused that has spent its own budget."""
    return Account("", cents, MESSAGE_SPENT).because


def dollars(cents: int) -> str:
    """Money as people write it: $50, or $12.50."""
    whole, rest = divmod(cents, CENTS)
    return f"${whole:,}.{rest:02}" if rest else f"${whole:,}"


def _day(now: datetime) -> str:
    return f"day:{now:%Y-%m-%d}"


def _own(message_id: int) -> str:
    return f"message:{message_id}"


def _spend(conn: Connection, purse: Purse, segments: int) -> Mapping[str, int]:
    rows = [(account.name, segments) for account in purse.accounts]
    found = conn.execute(_spending(conn.dialect.name), CHANGES.values(rows))
    return {row.account: row.segments for row in found}


@cache
def _spending(dialect: str) -> Executable:
    """Built once, as in ``counts``."""
    changes = select(CHANGES.table(dialect)).where(true())
    statement = insert_for(dialect, Spending).from_select(list(CHANGES.types), changes)
    return statement.on_conflict_do_update(
        index_elements=["account"],
        set_={"segments": Spending.segments + statement.excluded.segments},
    ).returning(Spending.account, Spending.segments)
