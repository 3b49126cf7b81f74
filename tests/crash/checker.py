"""Was anybody written to twice, or lost? Asked of the provider's journal and the bare tables.

Nothing of the product is imported here, nor in the modules beside it that check one promise each:
what the product gets wrong they must not also excuse. The statuses are numbers on purpose, as they
stand in the database. Every sentence begins with the number of the promise it breaks; the table of
them stands in docs/architecture.md.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

PENDING, SENDING, UNKNOWN, ACCEPTED, DELIVERED, FAILED = 0, 10, 15, 20, 40, 43
NEVER_LEFT = {PENDING, 50, 51, 52}  # pending, skipped, stopped, expired
MOVES_DOWN = {  # a person's or a sender's own steps back; everything else only moves up
    (SENDING, PENDING),
    (UNKNOWN, PENDING),
}

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Copy:
    """A row of deliveries."""

    id: int
    message_id: int
    channel: str
    address: str | None
    status: int
    reason: str
    attempt: int
    approved_sends: int
    provider_id: str | None
    owner: str | None = None
    zones: str = ""  # of its person, frozen; "" = none

    @property
    def pid(self) -> int | None:
        """The process that claimed it last: an owner is machine:process:chance."""
        return int(self.owner.split(":")[1]) if self.owner else None


@dataclass(frozen=True)
class Ledger:
    """The tables at one moment."""

    copies: Mapping[int, Copy]
    expected: Mapping[int, int]
    kept_counts: Mapping[tuple[int, str, int, str], int]
    kinds: Mapping[int, str] = field(default_factory=dict)  # of messages


@dataclass
class Account:
    """The numbers behind a verdict, for the person who reads the log."""

    accepted: int = 0
    unknown: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


def read_ledger(url: str) -> Ledger:
    """Read the tables in one snapshot."""
    rows = query(
        url,
        "SELECT d.id, d.message_id, d.channel, d.address, d.status, d.reason, d.attempt,"
        " d.approved_sends, d.provider_id, d.owner, coalesce(z.zones, '')"
        " FROM deliveries d LEFT JOIN zone_sets z ON z.id = d.zone_set_id",
        "SELECT id, expected, kind FROM messages",
        "SELECT message_id, channel, status, reason, sum(count) FROM message_counts"
        " GROUP BY message_id, channel, status, reason",
    )
    copies = [Copy(*row) for row in rows[0]]
    return Ledger(
        copies={copy.id: copy for copy in copies},
        expected={number: expected for number, expected, _ in rows[1]},
        kept_counts={tuple(row[:4]): int(row[4]) for row in rows[2] if row[4]},
        kinds={number: kind for number, _, kind in rows[1]},
    )


def query(url: str, *statements: str) -> list[list[Any]]:
    """Run statements in one snapshot, over a connection of our own."""
    if url.startswith("sqlite"):
        path = urlsplit(url).path[1:]
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as conn:
            conn.execute("BEGIN")
            return [conn.execute(statement).fetchall() for statement in statements]
    plain = url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return [conn.execute(statement.encode()).fetchall() for statement in statements]


def read_journal(path: Path) -> list[dict[str, Any]]:
    """What somebody noted, one JSON object a line, a cut last line left out."""
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def always_wrong(ledger: Ledger, journal: Iterable[Entry]) -> list[str]:
    """What must hold at every moment, also while senders live."""
    taken = taken_of(journal)
    return [
        *_written_twice(ledger, taken),
        *_accepted_without_a_trace(ledger, taken),
        *_miscounted(ledger),
        *_doubled_rows(ledger),
    ]


def wrong_at_the_end(ledger: Ledger, journal: Sequence[Entry]) -> list[str]:
    """What must hold once everybody was tried and all senders are gone."""
    taken = taken_of(journal)
    return [
        *always_wrong(ledger, journal),
        *_lost(ledger),
        *_claimed_without_a_proof(ledger, taken),
    ]


def gone_backwards(before: Ledger, after: Ledger) -> list[str]:
    """I5: statuses that sank between two looks; a later attempt starts again."""
    pairs = [(old, after.copies.get(old.id)) for old in before.copies.values()]
    gone = [f"I5: delivery {old.id} is gone" for old, new in pairs if new is None]
    return gone + [
        f"I5: delivery {old.id} sank from {old.status} to {new.status}"
        for old, new in pairs
        if new is not None
        and new.status < old.status
        and (old.status, new.status) not in MOVES_DOWN
        and new.attempt == old.attempt
    ]


def account(ledger: Ledger, journal: Iterable[Entry]) -> Account:
    """Sum up."""
    statuses = Counter(copy.status for copy in ledger.copies.values())
    return Account(sum(map(len, taken_of(journal).values())), statuses[UNKNOWN], statuses)


Taken = Mapping[int, list[Entry]]


def taken_of(journal: Iterable[Entry]) -> Taken:
    """What the provider accepted, by our delivery id."""
    taken: dict[int, list[Entry]] = defaultdict(list)
    for entry in journal:
        if entry["kind"] == "accepted":
            taken[entry["delivery_id"]].append(entry)
    return taken


def _written_twice(ledger: Ledger, taken: Taken) -> list[str]:
    """I1, by our id and, trusting no id of ours, by message and address."""
    by_id = [
        f"I1: delivery {number} was accepted {len(entries)} times"
        for number, entries in taken.items()
        if len(entries) > ledger.copies[number].approved_sends
    ]
    people: Counter[tuple[int, str, str]] = Counter()
    for number, entries in taken.items():
        copy = ledger.copies[number]
        people[copy.message_id, copy.channel, entries[0]["to"]] += 1
    return by_id + [
        f"I1: an address got {count} copies of message {who[0]}"
        for who, count in people.items()
        if count > 1
    ]


def _lost(ledger: Ledger) -> list[str]:
    """I2: nobody waits, nobody hangs in the air, everybody has a row."""
    waiting = [
        f"I2: delivery {copy.id} still stands at {copy.status}"
        for copy in ledger.copies.values()
        if copy.status in {PENDING, SENDING}
    ]
    rows = Counter(copy.message_id for copy in ledger.copies.values())
    return waiting + [
        f"I2: message {number} has {rows[number]} rows, not {expected}"
        for number, expected in ledger.expected.items()
        if expected and rows[number] != expected
    ]


def _claimed_without_a_proof(ledger: Ledger, taken: Taken) -> list[str]:
    """I11: what we call accepted or better, the provider must have, at this try or one before."""
    return [
        f"I11: delivery {copy.id} stands at {copy.status} but was never accepted"
        for copy in ledger.copies.values()
        if ACCEPTED <= copy.status < FAILED
        and not any(entry["attempt"] <= copy.attempt for entry in taken.get(copy.id, []))
    ]


def _accepted_without_a_trace(ledger: Ledger, taken: Taken) -> list[str]:
    """I12: what the provider has, we must not think unsent."""
    return [
        f"I12: delivery {number}, attempt {entry['attempt']}, was accepted but stands at"
        f" {copy.status}"
        for number, entries in taken.items()
        for entry in entries
        if (copy := ledger.copies[number]).attempt <= entry["attempt"]
        and (copy.status in NEVER_LEFT or (copy.status == FAILED and copy.provider_id is None))
    ]


def _miscounted(ledger: Ledger) -> list[str]:
    """I14: the kept counts are those of the rows."""
    rows = Counter(
        (copy.message_id, copy.channel, copy.status, copy.reason) for copy in ledger.copies.values()
    )
    return [
        f"I14: counted {rows.get(key, 0)}, kept {ledger.kept_counts.get(key, 0)} of {key}"
        for key in rows.keys() | ledger.kept_counts.keys()
        if rows.get(key, 0) != ledger.kept_counts.get(key, 0)
    ]


def _doubled_rows(ledger: Ledger) -> list[str]:
    """I15."""
    rows = Counter(
        (copy.message_id, copy.channel, copy.address)
        for copy in ledger.copies.values()
        if copy.address is not None
    )
    return [
        f"I15: {count} rows for one address of message {key[0]}"
        for key, count in rows.items()
        if count > 1
    ]
