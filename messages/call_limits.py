"""Who may be put through, how often, and for how much money a day.

Money is reckoned in minutes of a leg: while an office is called there are two, and both are paid for.
Minutes are reserved before anything that costs, in a row that is locked until the transaction commits, and
what was not used is given back: so a day never costs more than it may, however many call at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, exists, func, select

from actions.flooding import Most, TooOften, count_answer
from contacts.addresses import is_charged, is_toll_free
from contacts.countries import AT_HOME, PLUS_ONE, textable
from database.locking import take_turns
from database.upserts import insert_or
from messages.call_models import Call, CallStatus
from messages.hours import DEFAULT, Hours
from messages.sender_models import Spending

MINUTE = 60
HELLO_MINUTES = 2  # reserved for ringing somebody and greeting them
PREFIX = 8  # characters of "+1" with area code and exchange: ten thousand numbers
UNDER_WAY = (CallStatus.WAITING, CallStatus.PLACING, CallStatus.PLACED, CallStatus.LIVE)
AT_ONCE = timedelta(minutes=15)  # after which somebody may be rung again, whatever became of it
DAY = timedelta(days=1)


class CannotConnect(Exception):
    """A call that is not put through; the message says why and what to do instead."""


class NotTaken(Exception):
    """A call somebody dialled that is not put through; the message names the sentence that says why."""


class OnTheLine(Exception):
    """Another call of the same number is under way."""


@dataclass(frozen=True, kw_only=True)
class VoiceRules:
    """How this installation puts calls through."""

    number: str  # E.164 that supporters may dial
    sender: str  # E.164 that rings them
    ring_seconds: int = 25
    longest_seconds: int = 600  # with one office
    most_offices: int = 6  # in one call
    cents_per_minute: Decimal = Decimal("1.4")  # of a leg
    daily_cents: int = 2_000  # 0 = no limit
    per_person: int = 3  # calls a day
    per_number: int = 4
    per_prefix: int = 20
    per_address: int = 30  # of a network, from which people tap
    network: str = ""
    public_url: str = ""
    languages: tuple[str, ...] = ("en", "es")
    default_language: str = "en"
    countries: tuple[str, ...] = ("US",)
    hours: Hours | None = (
        DEFAULT  # when somebody may be rung, in their own time; None = at any hour
    )

    @property
    def daily_minutes(self) -> int:
        """Minutes of a leg that a day may cost; 0 = no limit."""
        if not self.daily_cents or not self.cents_per_minute:
            return 0
        return max(1, int(self.daily_cents / self.cents_per_minute))

    @property
    def leg_minutes(self) -> int:
        """Minutes that calling one office may take, on both of its legs."""
        return 2 * billed(self.longest_seconds)

    @property
    def longest_call(self) -> timedelta:
        """After which a call is over, whether we were told so or not."""
        return timedelta(seconds=self.most_offices * self.longest_seconds) + AT_ONCE

    def cents(self, minutes: int) -> int:
        """What so many minutes cost, about."""
        return round(minutes * self.cents_per_minute)


def billed(seconds: int) -> int:
    """Minutes that are paid for, as each that has begun is."""
    return -(-seconds // MINUTE)


def is_served(phone: str, rules: VoiceRules) -> bool:
    """Whether calls of this number are put through: of the United States or Canada, and one that we text.

    A network may text Jamaica; a call there costs many times what a minute is reckoned at.
    """
    near = tuple(each for each in rules.countries if each in AT_HOME)
    return phone.startswith(PLUS_ONE) and textable(phone, near)


def may_dial(number: str, rules: VoiceRules) -> bool:
    """Whether an office of this number is called: at the price of a minute, or of no charge to its callers."""
    return is_toll_free(number) or (is_served(number, rules) and not is_charged(number))


def require_free_line(conn: Connection, phone: str, rules: VoiceRules, now: datetime) -> None:
    """Raise OnTheLine while another call of this number is under way; who asks later waits for who asked first."""
    take_turns(conn, [f"line:{phone}"])
    theirs = (Call.phone == phone, Call.status.in_(UNDER_WAY))
    since = Call.asked_at > now - rules.longest_call
    if conn.scalar(select(exists().where(*theirs, since))):
        raise OnTheLine


def require_few(conn: Connection, sources: Mapping[str, Most], *, now: datetime) -> None:
    """Count a call that is asked for; raise CannotConnect if it is one too many for any source."""
    try:
        count_answer(conn, sources, now=now)
    except TooOften:
        raise CannotConnect(
            "So many calls were asked for that we connect no more for now; please call the offices"
            " yourself, or try again tomorrow."
        ) from None


def require_few_of_person(
    conn: Connection, contact_id: int, rules: VoiceRules, now: datetime
) -> None:
    """Raise CannotConnect for somebody who is being rung, or was connected as often as one is in a day.

    Whoever presses the button twice is rung once: a second press waits for the first to be written.
    """
    take_turns(conn, [f"call:{contact_id}"])
    theirs = select(func.count()).where(Call.contact_id == contact_id)
    ringing = theirs.where(Call.status.in_(UNDER_WAY), Call.asked_at > now - AT_ONCE)
    if conn.execute(ringing).scalar_one():
        raise CannotConnect(
            "We are ringing you already: pick up, and press 1. If nothing rings, try again in a"
            " quarter of an hour."
        )
    if conn.execute(theirs.where(Call.asked_at > now - DAY)).scalar_one() >= rules.per_person:
        raise CannotConnect(
            "We have connected you as often as we do in one day; please call the offices yourself."
        )


def sources_of(phone: str, hide: Callable[[str], str], rules: VoiceRules) -> dict[str, Most]:
    """What a number's calls are counted by: itself, and those that share its first digits.

    ``hide`` makes a keyed hash: no number is kept for counting.
    """
    return {
        hide(f"call {phone}"): Most(rules.per_number, rules.per_number),
        hide(f"calls {phone[:PREFIX]}"): Most(rules.per_prefix, rules.per_prefix),
    }


def reserve(conn: Connection, minutes: int, rules: VoiceRules, *, day: datetime) -> bool:
    """Take minutes from a day's; whether there were as many. Below zero gives some back.

    The day of a call is the one it was asked on, to its end: midnight moves no money.
    """
    total = _spend(conn, minutes, day)
    if minutes > 0 and rules.daily_minutes and total > rules.daily_minutes:
        _spend(conn, -minutes, day)
        return False
    return True


def spent_minutes(conn: Connection, *, now: datetime) -> int:
    """Minutes that today's calls have taken or reserved."""
    return conn.scalar(select(Spending.segments).where(Spending.account == _account(now))) or 0


def _spend(conn: Connection, minutes: int, day: datetime) -> int:
    """A day's account holds minutes where those of texts hold segments."""
    row = insert_or(conn, Spending).values(account=_account(day), segments=minutes)
    row = row.on_conflict_do_update(
        index_elements=["account"], set_={"segments": Spending.segments + minutes}
    )
    return conn.execute(row.returning(Spending.segments)).scalar_one()


def _account(day: datetime) -> str:
    return f"voice:{day:%Y-%m-%d}"
