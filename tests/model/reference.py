"""Who may be written to, and what may happen to a copy: a second opinion in plain Python.

It knows what people did (launched, paused, said STOP) and what the provider took, and is shown the
tables after every commit. It shares no rule with the product: what the product gets wrong, it must
not also excuse.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.crash.checker import (
    FAILED,
    NEVER_LEFT,
    PENDING,
    SENDING,
    Copy,
    Ledger,
    always_wrong,
    gone_backwards,
    wrong_at_the_end,
)
from tests.model.store import Seen
from tests.model.turns import VirtualTime

SKIPPED, STOPPED, EXPIRED = 50, 51, 52
WEEK = timedelta(days=7)
SUNDAY = 6
OUT = {20, 21, 30, 40, 42}  # accepted, queued, sent, delivered, undelivered
ANSWERS = {"reply", "confirmation"}
MOVES = {  # of a message; what is stopped or expired stays so
    ("draft", "sending"),
    ("sending", "paused"),
    ("sending", "stopped"),
    ("sending", "expired"),
    ("sending", "finished"),
    ("paused", "sending"),
    ("paused", "finished"),  # resumed, and nobody in it is left
    ("paused", "stopped"),
    ("paused", "expired"),
    ("finished", "sending"),
}

Where = tuple[str, str]  # channel and address


class Broken(AssertionError):
    """The promise does not hold."""


@dataclass(frozen=True)
class Person:
    """Somebody in everybody's audience."""

    id: int
    addresses: Mapping[str, str]  # by channel
    zones: tuple[str, ...]


@dataclass
class Launched:
    """A message as the person who launched it knows it."""

    id: int
    at: datetime
    starts_at: datetime  # at the earliest
    undo: timedelta
    people: frozenset[int]  # who was there
    expires_at: datetime | None
    day: tuple[time, time, time] | None  # texts may arrive from, until; from on Sundays
    cap: int | None
    paused: bool = False
    ended: str = ""  # undone, stopped
    relaunched: bool = False  # the clock was set back to before its launch


@dataclass
class Reference:
    """The second opinion."""

    time: VirtualTime
    pace: float = 0.0  # texts a second
    people: dict[int, Person] = field(default_factory=dict)
    launched: dict[int, Launched] = field(default_factory=dict)
    no: dict[Where, set[str]] = field(default_factory=lambda: defaultdict(set))  # why not to write
    ever: set[Where] = field(default_factory=set)  # who once had a reason not to be written to
    journal: list[dict[str, Any]] = field(default_factory=list)  # what the provider did
    claims: dict[tuple[int, int], int] = field(default_factory=dict)  # clock settings at each
    seen: Seen = field(default_factory=lambda: Seen(Ledger({}, {}, {}), {}, {}, {}))
    wrong: list[str] = field(default_factory=list)
    gone_out: dict[tuple[int, int], set[int]] = field(default_factory=dict)  # by stamp
    _taken: Counter[tuple[Any, ...]] = field(default_factory=Counter)

    # What people do

    def refuse(self, where: Where, why: str) -> None:
        """From now on nobody may write there."""
        self.no[where].add(why)
        self.ever.add(where)

    def allow(self, where: Where, *reasons: str) -> None:
        """These reasons hold no longer; all, when none is named."""
        if reasons:
            self.no[where].difference_update(reasons)
        else:
            self.no[where].clear()

    # What is seen

    def look(self, seen: Seen) -> None:
        """Compare what has just been committed with what was there before."""
        before, self.seen = self.seen, seen
        wrong = [
            *always_wrong(_due(seen.ledger), self.journal),
            *_given_up(seen.ledger, self.journal),
            *gone_backwards(before.ledger, seen.ledger),
            *self._messages(before, seen),
            *self._unbalanced(seen),
            *self._moves(before, seen),
            *self._stamped(seen),
        ]
        self.wrong += wrong

    def arrived(self, delivery_id: int, attempt: int, address: str, seen: Seen) -> None:
        """A request reaches the provider: is it one that may leave?"""
        copy = seen.ledger.copies[delivery_id]
        claimed = self.claims.get((delivery_id, attempt))
        wrong = []
        if claimed is None:
            wrong.append(f"delivery {delivery_id}, attempt {attempt}, was never claimed")
        elif claimed == self.time.settings and (copy.status, copy.attempt) != (SENDING, attempt):
            wrong.append(f"delivery {delivery_id} is on the wire but stands at {copy.status}")
        if address != copy.address:
            wrong.append(f"delivery {delivery_id} went to somebody else")
        message = self.launched.get(copy.message_id)
        if message is not None and message.ended == "undone":
            wrong.append(f"message {message.id} was undone")
        self.wrong += wrong

    def at_the_end(self, seen: Seen) -> None:
        """Everybody has answered, all leases are over, nobody has anything left to do."""
        self.look(seen)
        rows = {(one.message_id, seen.contacts[one.id]) for one in seen.ledger.copies.values()}
        lost = [
            f"person {person} has no row in message {message.id}"
            for message in self.launched.values()
            for person in message.people
            if (message.id, person) not in rows
        ]
        open_ = [f"message {m.id} is still {m.status}" for m in seen.messages.values() if _open(m)]
        self.wrong += [*wrong_at_the_end(_due(seen.ledger), self.journal), *lost, *open_]

    def accepted(self, message_id: int) -> int:
        """How many copies of a message the provider has."""
        return sum(
            entry["kind"] == "accepted"
            and self.seen.ledger.copies[entry["delivery_id"]].message_id == message_id
            for entry in self.journal
        )

    def claimed(self, message_id: int) -> bool:
        """Whether any copy of a message was ever claimed."""
        copies = self.seen.ledger.copies
        return any(copies[delivery].message_id == message_id for delivery, _ in self.claims)

    # The rules

    def complain(self) -> None:
        """Say what was wrong so far; not while it is seen, for a sender outlives any error."""
        if self.wrong:
            raise Broken("; ".join(dict.fromkeys(self.wrong)))

    def _messages(self, before: Seen, seen: Seen) -> Iterator[str]:
        waiting = {
            one.message_id
            for one in seen.ledger.copies.values()
            if one.status in {PENDING, SENDING}
        }
        for now in seen.messages.values():
            was = before.messages.get(now.id)
            if was and was.status != now.status and (was.status, now.status) not in MOVES:
                yield f"message {now.id} went from {was.status} to {now.status}"
            if now.status == "finished" and now.id in waiting:
                yield f"message {now.id} is finished but somebody in it waits"
            known = self.launched.get(now.id)
            if known and known.paused and now.status == "sending":
                yield f"message {now.id} is sent though it was paused"

    def _unbalanced(self, seen: Seen) -> Iterator[str]:
        rows = Counter(one.message_id for one in seen.ledger.copies.values())
        for message in seen.messages.values():
            if rows[message.id] != message.expected:
                yield f"{message.expected} copies expected of message {message.id}, not {rows[message.id]}"

    def _stamped(self, seen: Seen) -> Iterator[str]:
        """Of the same stamp the same copies have gone out, however long ago it was seen."""
        out: dict[int, set[int]] = defaultdict(set)
        for copy in seen.ledger.copies.values():
            if copy.status in OUT:
                out[copy.message_id].add(copy.id)
        for message_id, stamp in seen.stamps.items():
            known = self.gone_out.setdefault((message_id, stamp), out[message_id])
            if known != out[message_id]:
                yield f"copies of message {message_id} went out without a new stamp"

    def _moves(self, before: Seen, seen: Seen) -> Iterator[str]:
        for new in seen.ledger.copies.values():
            old = before.ledger.copies.get(new.id)
            if old is not None and (old.status, old.attempt) == (new.status, new.attempt):
                continue
            if old is not None and new.attempt > old.attempt:
                yield from self._claim(before, seen, old, new)
            elif new.status == SENDING:
                yield f"delivery {new.id} is sending without a new attempt"
            elif new.status == SKIPPED:
                yield from self._skip(seen, new)
            elif new.status == FAILED:
                yield from self._failure(new)
            elif new.reason == "not_sent_again" and new.approved_sends < 2:
                yield f"delivery {new.id} was never to be sent again, it says"
            elif new.status == STOPPED and not self._has_ended(new, seen, "stopped"):
                yield f"delivery {new.id} was called off though nobody stopped its message"
            elif new.status == EXPIRED and not self._has_ended(new, seen, "expired"):
                yield f"delivery {new.id} expired before its message"

    def _has_ended(self, copy: Copy, seen: Seen, status: str) -> bool:
        return seen.messages[copy.message_id].status == status

    def _claim(self, before: Seen, seen: Seen, old: Copy, new: Copy) -> Iterator[str]:
        name = f"delivery {new.id} was claimed"
        if (old.status, new.status, new.attempt - old.attempt) != (PENDING, SENDING, 1):
            yield f"{name} while it stood at {old.status}"
        self.claims[new.id, new.attempt] = self.time.settings
        message = before.messages[new.message_id]
        if message.status != "sending":
            yield f"{name} though its message was {message.status}"
        if message.kind in ANSWERS:
            return
        known = self.launched[new.message_id]
        if known.ended or known.paused:
            yield f"{name} though its message was {known.ended or 'paused'}"
        if self.time.wall < known.starts_at:
            yield f"{name} within the undo time"
        if known.expires_at is not None and self.time.wall >= known.expires_at:
            yield f"{name} after its time"
        contact = seen.contacts[new.id]
        assert contact is not None
        yield from self._claim_of(name, known, new, self.people[contact])

    def _claim_of(self, name: str, message: Launched, copy: Copy, person: Person) -> Iterator[str]:
        assert copy.address is not None
        reasons = self.no[copy.channel, copy.address]
        if reasons:
            yield f"{name} in spite of {', '.join(sorted(reasons))}"
        if copy.channel == "sms" and not self._is_day(message, person):
            yield f"{name} outside the person's hours"
        if message.cap is not None and self._had(copy, person) >= message.cap:
            yield f"{name} beyond the weekly cap"
        if copy.channel == "sms" and self.pace:
            instant = (self.time.wall, self.time.settings)
            self._taken[instant] += 1
            if self._taken[instant] > max(self.pace, 1):
                yield f"{name} faster than the pace allows"

    def _is_day(self, message: Launched, person: Person) -> bool:
        if message.day is None:
            return True
        opens, closes, sunday_opens = message.day
        local = [self.time.wall.astimezone(ZoneInfo(zone)) for zone in person.zones]
        return all(
            (sunday_opens if at.weekday() == SUNDAY else opens) <= at.time() < closes
            for at in local
        )

    def _had(self, copy: Copy, person: Person) -> int:
        """How many of the week's other messages the provider has for this person."""
        copies = self.seen.ledger.copies
        recent = {one.id for one in self.launched.values() if one.at > self.time.wall - WEEK} - {
            copy.message_id
        }
        had = {
            other.message_id
            for entry in self.journal
            if entry["kind"] == "accepted"
            and (other := copies[entry["delivery_id"]]).message_id in recent
            and other.channel == copy.channel
            and other.status < FAILED
            and self.seen.contacts[other.id] == person.id
        }
        return len(had)

    def _skip(self, seen: Seen, copy: Copy) -> Iterator[str]:
        contact = seen.contacts[copy.id]
        address = None if contact is None else self.people[contact].addresses.get(copy.channel)
        known = self.launched.get(copy.message_id)
        justified = {
            "no_address": address is None,
            "shared_address": any(
                (other.message_id, other.channel, other.address)
                == (copy.message_id, copy.channel, address)
                for other in seen.ledger.copies.values()
            ),
            "texted": any(
                (other.message_id, other.channel, seen.contacts[other.id])
                == (copy.message_id, "sms", contact)
                and other.status < SKIPPED
                for other in seen.ledger.copies.values()
            ),
            "weekly_cap": known is not None and known.cap is not None,
        }
        refused = (copy.channel, address) in self.ever
        if not justified.get(copy.reason, refused):
            yield f"delivery {copy.id} was skipped, it says for {copy.reason}"

    def _failure(self, copy: Copy) -> Iterator[str]:
        said = any(
            entry["kind"] in {"refused", "receipt"} and entry["delivery_id"] == copy.id
            for entry in self.journal
        )
        if copy.reason == "too_many_tries" or not said:
            yield f"delivery {copy.id} failed, it says for {copy.reason}; the provider never said so"
        elif copy.address is not None and copy.reason in {"21610", "21211"}:
            self.refuse((copy.channel, copy.address), copy.reason)


def _given_up(ledger: Ledger, journal: list[dict[str, Any]]) -> Iterator[str]:
    """Copies that were to be sent once more, told as if nobody had got them, though the first left."""
    taken = {entry["delivery_id"] for entry in journal if entry["kind"] == "accepted"}
    told = {entry["delivery_id"] for entry in journal if entry["kind"] == "receipt"}
    for copy in ledger.copies.values():
        ended = copy.status in NEVER_LEFT - {PENDING} or (
            copy.status == FAILED and copy.id not in told
        )
        if copy.approved_sends > 1 and copy.id in taken and ended:
            yield f"delivery {copy.id} was accepted once but stands at {copy.status}"


def _due(ledger: Ledger) -> Ledger:
    """The ledger with each copy that a person meant to send again at its next attempt already.

    While it waits, the row tells of the next attempt; if that is called off, of the one before.
    """
    copies = {
        copy.id: replace(copy, attempt=copy.attempt + 1)
        if copy.status == PENDING and copy.approved_sends > 1
        else copy
        for copy in ledger.copies.values()
    }
    return replace(ledger, copies=copies)


def _open(message: Any) -> bool:
    return message.status not in {"draft", "stopped", "expired", "finished"}
