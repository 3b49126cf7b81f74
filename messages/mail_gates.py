"""Which mailbox provider asked us to slow down, and how many emails may leave for it now?

Where Gmail, Outlook or anybody else answers "later, you are too fast" (``providers/mail_codes.py``), only
its own people wait: nothing leaves for it for a minute, and then so many copies a minute. Each time it says
so again, the wait doubles and the portion halves; every twenty minutes without it are a step back to full
speed. A gate is a row, so all senders keep it; while none is closed, a claim reads one empty table.

Reading and using one is done under a lock of its row, which everybody takes before deliveries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, select

from database.upserts import insert_or
from messages.mailboxes import domain_of, provider_of
from messages.providers.mail_codes import asks_to_slow
from messages.reach_models import MailboxGate

STEEPEST = 6
FIRST_WAIT = timedelta(minutes=1)
PORTION = 400  # copies, at the first step
BETWEEN = timedelta(minutes=1)  # portions
CALM = timedelta(minutes=20)  # without another "later", for each step back
SLACK = timedelta(seconds=30)  # that a provider takes to tell us, as SendGrid does


@dataclass(frozen=True, slots=True)
class Gate:
    """How slowly we write to a mailbox provider."""

    mailbox: str
    level: int  # at ``deferred_at``
    deferred_at: datetime
    opens_at: datetime
    left: int
    code: str = ""

    def level_at(self, now: datetime) -> int:
        """How many steps it is from full speed; 0 = there."""
        return self.level - max(0, int((now - self.deferred_at) / CALM))

    def allowed(self, now: datetime) -> int:
        """How many copies may leave now; only asked while it is in force."""
        return self.left if now >= self.opens_at else 0

    def used(self, copies: int, now: datetime) -> Gate:
        """After so many have left: when its portion is, it closes until the next."""
        if copies < self.left:
            return replace(self, left=self.left - copies)
        return replace(self, left=portion(self.level_at(now)), opens_at=now + BETWEEN)

    def deferred(self, code: str, now: datetime) -> Gate:
        """After it said "later" once more. For a while what it says is about what had left before."""
        if now < self.deferred_at + wait(self.level) + SLACK:
            return self
        return closed(self.mailbox, min(STEEPEST, max(0, self.level_at(now)) + 1), code, now)


def closed(mailbox: str, level: int, code: str, now: datetime) -> Gate:
    """A gate that has just closed at a step."""
    return Gate(mailbox, level, now, now + wait(level), portion(level), code)


def wait(level: int) -> timedelta:
    """For how long nothing leaves after a "later"."""
    return FIRST_WAIT * (1 << (max(1, level) - 1))


def portion(level: int) -> int:
    """How many copies may leave in one go."""
    return max(1, PORTION >> (max(1, level) - 1))


def note(conn: Connection, answers: Iterable[tuple[str, str]], *, now: datetime) -> None:
    """Close the gates of whoever said "later, you are too fast": pairs of address and code."""
    said = {
        provider_of(domain_of(address)): code
        for address, code in answers
        if code and asks_to_slow(code)
    }
    said.pop("", None)
    if not said:
        return
    known = {gate.mailbox: gate for gate in _locked(conn, sorted(said))}
    for mailbox, code in sorted(said.items()):
        before = known.get(mailbox)
        after = before.deferred(code, now) if before else closed(mailbox, 1, code, now)
        if after != before:
            _put(conn, after)


def in_force(conn: Connection, *, now: datetime, lock: bool = False) -> list[Gate]:
    """The gates that slow something down now, in their order; ``lock`` for whoever will use them."""
    rows = select(MailboxGate).where(MailboxGate.deferred_at > now - STEEPEST * CALM)
    ordered = rows.order_by(MailboxGate.mailbox)
    found = conn.execute(ordered.with_for_update() if lock else ordered)
    return [gate for gate in map(_gate, found) if gate.level_at(now) > 0]


def use(
    conn: Connection, gates: Collection[Gate], copies: Mapping[str, int], *, now: datetime
) -> None:
    """Note how many copies have been claimed for each mailbox provider behind a gate."""
    for gate in gates:
        if copies.get(gate.mailbox):
            _put(conn, gate.used(copies[gate.mailbox], now))


def within(
    addresses: Iterable[str], gates: Collection[Gate], *, now: datetime
) -> tuple[list[bool], Counter[str]]:
    """Which of these may leave now, in their order, and how many that takes of each gate's portion."""
    left = {gate.mailbox: gate.allowed(now) for gate in gates}
    taken: Counter[str] = Counter()
    may = []
    for address in addresses:
        mailbox = provider_of(domain_of(address))
        if mailbox in left:
            if taken[mailbox] >= left[mailbox]:
                may.append(False)
                continue
            taken[mailbox] += 1
        may.append(True)
    return may, taken


def forget(conn: Connection, *, now: datetime) -> None:
    """Take away gates that have been open for long."""
    conn.execute(delete(MailboxGate).where(MailboxGate.deferred_at < now - 2 * STEEPEST * CALM))


def clock_set_back(conn: Connection, *, now: datetime) -> None:
    """No gate of a time that has not come yet stays closed for longer than one can be."""
    conn.execute(delete(MailboxGate).where(MailboxGate.deferred_at > now))


def _locked(conn: Connection, mailboxes: Collection[str]) -> list[Gate]:
    mine = select(MailboxGate).where(MailboxGate.mailbox.in_(mailboxes))
    rows = conn.execute(mine.order_by(MailboxGate.mailbox).with_for_update())
    return [_gate(row) for row in rows]


def _gate(row: Row[MailboxGate]) -> Gate:
    return Gate(row.mailbox, row.level, row.deferred_at, row.opens_at, row.left, row.code)


def _put(conn: Connection, gate: Gate) -> None:
    values = {
        "level": gate.level,
        "deferred_at": gate.deferred_at,
        "opens_at": gate.opens_at,
        "left": gate.left,
        "code": gate.code[:16],
    }
    statement = insert_or(conn, MailboxGate).values(mailbox=gate.mailbox, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["mailbox"], set_=values))
