"""How many mark our mail as spam? From 0.1 % on somebody is warned, from 0.3 % on it stops by itself.

Gmail and Yahoo ask every sender to stay below 0.1 % and act at 0.3 %
(https://support.google.com/a/answer/81126). A message that gets there is paused with the reason, and the
planned mail of its sender's domain is held until a person has looked. Whoever resumes is asked again only
if as large a share of what was delivered since then complains. An urgent message goes on, its texts too: lives
are at stake. Its sender's planned mail is held all the same, and its page and the overview say so. From a report that
names a copy by its Message-ID alone nothing follows: whoever was passed three emails could stop a network's mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from contacts.models import Channel
from messages import counts
from messages.batches import hold
from messages.faring import COMPLAINTS, FEW, LAUNCHED, PERIOD
from messages.mailboxes import sender_domain
from messages.models import Message, Status
from messages.providers.provider import Trouble
from messages.reach_models import MailTrouble, SenderHold

LEAST = 3  # complaints; of fewer nothing follows, however small the list
TOO_MANY = (
    "Of {delivered} people who got it, {complaints} marked it as spam; Gmail and Yahoo refuse senders of "
    "whom 3 in 1,000 say so. Find out why before you resume, or stop it."
)
HELD = (
    "The planned mail of {domain} is held: {complaints} of {delivered} people marked its mail as spam. "
    "Look at the page on deliverability, let its mail go on there, then resume."
)
GOES_ON = (
    "Of {delivered} people who got it by email, {complaints} marked it as spam. It goes on, because it is urgent; "
    "the planned mail of {domain} is held. Find out why; pause it if its emails do more harm than good."
)

_SENT = LAUNCHED.add_columns(Message.email_sender)
_STILL = select(SenderHold).where(SenderHold.ended_at.is_(None)).order_by(SenderHold.id)
_STILL_OF_SOME = _STILL.where(SenderHold.domain.in_(bindparam("domains", expanding=True)))
_WHOLE = func.coalesce(Message.part_of, Message.id)
_URGENT = (
    select(SenderHold, _WHOLE.label("whole"))
    .join(Message, Message.id == SenderHold.message_id)
    .where(SenderHold.ended_at.is_(None), Message.urgent)
    .where(_WHOLE.in_(bindparam("messages", expanding=True)))
    .order_by(SenderHold.id)
)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many marked our mail as spam, and from so many mailboxes it came back for good."""

    complaints: int = 0
    delivered: int = 0
    hard: int = 0
    soft: int = 0
    hearsay: int = 0  # complaints that nothing proves: they are told, and nothing follows from them

    @property
    def warns(self) -> bool:
        """Whether mailbox providers begin to mind."""
        return self._reaches(COMPLAINTS.warn)

    @property
    def stops(self) -> bool:
        """Whether it must not go on by itself."""
        return self._reaches(COMPLAINTS.bad)

    @property
    def percent(self) -> float:
        """Complaints as a percentage of what was delivered."""
        return round(100 * self.complaints / self.delivered, 2) if self.delivered else 0.0

    def since(self, earlier: Rate) -> Rate:
        """What came on top of an earlier look."""
        return Rate(
            max(0, self.complaints - earlier.complaints),
            max(0, self.delivered - earlier.delivered),
        )

    def __add__(self, other: Rate) -> Rate:
        """Both together."""
        return Rate(
            self.complaints + other.complaints,
            self.delivered + other.delivered,
            self.hard + other.hard,
            self.soft + other.soft,
            self.hearsay + other.hearsay,
        )

    def _reaches(self, share: float) -> bool:
        enough = self.complaints >= LEAST and self.delivered >= FEW
        return enough and self.complaints >= share * self.delivered


@dataclass(frozen=True, slots=True)
class Hold:
    """Why the planned mail of a domain waits."""

    id: int
    domain: str
    message_id: int | None
    rate: Rate
    at: datetime

    @property
    def because(self) -> str:
        """In a sentence for whoever looks at a message of its."""
        return self._said(HELD)

    @property
    def warning(self) -> str:
        """In a sentence for whoever looks at the urgent message that brought it about, and goes on."""
        return self._said(GOES_ON)

    def _said(self, sentence: str) -> str:
        complaints, delivered = f"{self.rate.complaints:,}", f"{self.rate.delivered:,}"
        return sentence.format(domain=self.domain, complaints=complaints, delivered=delivered)


_COMPLAINTS = (
    select(MailTrouble.message_id, func.count())
    .where(
        MailTrouble.message_id.in_(bindparam("messages", expanding=True)),
        MailTrouble.kind == Trouble.COMPLAINT.value,
    )
    .group_by(MailTrouble.message_id)
)


def complaints_of(conn: Connection, message_ids: Collection[int]) -> Counter[int]:
    """How often each of these messages was marked as spam."""
    return Counter(dict(conn.execute(_COMPLAINTS, {"messages": list(message_ids)}).all()))


def rates(conn: Connection, message_ids: Collection[int]) -> dict[int, Rate]:
    """How the emails of these messages fared, of each that has any.

    Where a provider does not report each that arrived (SMTP), those it took are the measure.
    """
    troubles: dict[int, dict[str, int]] = {}
    kinds = select(MailTrouble.message_id, MailTrouble.kind, func.count())
    mine = kinds.where(MailTrouble.message_id.in_(list(message_ids)))
    for message_id, kind, count in conn.execute(mine.group_by(*kinds.selected_columns[:2])):
        troubles.setdefault(message_id, {})[kind] = count
    arrived, taken = _arrived(conn, message_ids)
    return {
        each: Rate(
            complaints=troubles.get(each, {}).get(Trouble.COMPLAINT.value, 0),
            delivered=_measure(arrived.get(each, 0), taken.get(each, 0)),
            hard=troubles.get(each, {}).get(Trouble.HARD.value, 0),
            soft=troubles.get(each, {}).get(Trouble.SOFT.value, 0),
            hearsay=troubles.get(each, {}).get(Trouble.HEARSAY.value, 0),
        )
        for each in sorted(troubles.keys() | taken.keys())
    }


def _measure(arrived: int, taken: int) -> int:
    """Of how many emails complaints are a share: those that arrived, where their provider tells so.

    By a mail server hardly any arrival is reported, and what is may be anybody's invention; SendGrid
    reports each. So arrivals count once they are most of what was taken.
    """
    return arrived if 2 * arrived > taken else taken


def _arrived(
    conn: Connection, message_ids: Collection[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """How many emails of each were delivered, and how many a provider took at all."""
    arrived: dict[int, int] = {}
    taken: dict[int, int] = {}
    for place, count in counts.kept(conn, message_ids).items():
        if place.channel != Channel.EMAIL:
            continue
        if place.status == Status.DELIVERED:
            arrived[place.message_id] = arrived.get(place.message_id, 0) + count
        if Status.ACCEPTED <= place.status <= Status.DELIVERED:
            taken[place.message_id] = taken.get(place.message_id, 0) + count
    return arrived, taken


def rates_by_domain(conn: Connection, *, now: datetime) -> dict[str, Rate]:
    """How the emails of each sender domain fared in thirty days."""
    recent = conn.execute(_SENT, {"since": now - PERIOD})
    senders = {row.id: sender_domain(row.email_sender) for row in recent}
    found: dict[str, Rate] = {}
    for message_id, rate in rates(conn, senders.keys()).items():
        domain = senders[message_id]
        found[domain] = found.get(domain, Rate()) + rate
    found.pop("", None)
    return found


def judge(conn: Connection, message_ids: Collection[int], *, now: datetime) -> list[int]:
    """Hold the senders of whichever of these messages too many complain of; which of them were paused.

    Called in the transaction that notes a complaint, before the counts are changed. An urgent one goes on.
    """
    stopped = []
    for message_id, rate in rates(conn, message_ids).items():
        earlier = _last_hold(conn, message_id)
        if not (rate.since(earlier.rate) if earlier else rate).stops:
            continue
        _hold_sender(conn, message_id, rate, now)
        if conn.scalar(select(Message.urgent).where(Message.id == message_id)):
            continue
        hold(conn, message_id, because=_too_many(rate))
        stopped.append(message_id)
    return stopped


def _too_many(rate: Rate) -> str:
    return TOO_MANY.format(delivered=f"{rate.delivered:,}", complaints=f"{rate.complaints:,}")


def _hold_sender(conn: Connection, message_id: int, rate: Rate, now: datetime) -> None:
    sender = select(Message.email_sender).where(Message.id == message_id)
    conn.execute(
        insert(SenderHold).values(
            domain=sender_domain(conn.scalar(sender) or ""),
            message_id=message_id,
            complaints=rate.complaints,
            delivered=rate.delivered,
            at=now,
            ended_by="",
        )
    )


def _last_hold(conn: Connection, message_id: int) -> Hold | None:
    mine = select(SenderHold).where(SenderHold.message_id == message_id)
    row = conn.execute(mine.order_by(SenderHold.id.desc()).limit(1)).one_or_none()
    return None if row is None else _hold(row)


def held(conn: Connection, domains: Sequence[str] | None = None) -> list[Hold]:
    """The holds that nobody has ended, of these domains or of all."""
    if domains is None:
        return [_hold(row) for row in conn.execute(_STILL)]
    return [_hold(row) for row in conn.execute(_STILL_OF_SOME, {"domains": list(domains)})]


def urgent_ones(conn: Connection, message_ids: Collection[int]) -> dict[int, Hold]:
    """The holds that these urgent messages, or committees' parts of them, brought about and nobody has ended."""
    rows = conn.execute(_URGENT, {"messages": list(message_ids)})
    return {row.whole: _hold(row) for row in rows}


def _hold(row: Row[*tuple[Any, ...]]) -> Hold:
    return Hold(row.id, row.domain, row.message_id, Rate(row.complaints, row.delivered), row.at)


def let_go_on(conn: Connection, domain: str, *, by: str, now: datetime) -> int:
    """A person has looked: the domain's planned mail may leave again. Return how many holds ended.

    Its messages stay paused until somebody resumes each.
    """
    mine = update(SenderHold).where(SenderHold.domain == domain, SenderHold.ended_at.is_(None))
    return conn.execute(mine.values(ended_at=now, ended_by=by)).rowcount
