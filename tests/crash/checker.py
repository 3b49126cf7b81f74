"""Was anybody written to twice, or lost? Asked of the provider's journal and the bare tables.

Nothing of the product is imported here: what it gets wrong it must not also excuse. The statuses are
numbers on purpose, as they stand in the database.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True)
class Ledger:
    """The tables at one moment."""

    copies: Mapping[int, Copy]
    expected: Mapping[int, int]
    kept_counts: Mapping[tuple[int, str, int, str], int]


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
        "SELECT id, message_id, channel, address, status, reason, attempt, approved_sends,"
        " provider_id FROM deliveries",
        "SELECT id, expected FROM messages",
        "SELECT message_id, channel, status, reason, sum(count) FROM message_counts"
        " GROUP BY message_id, channel, status, reason",
    )
    copies = [Copy(*row) for row in rows[0]]
    return Ledger(
        copies={copy.id: copy for copy in copies},
        expected=dict(rows[1]),
        kept_counts={tuple(row[:4]): int(row[4]) for row in rows[2] if row[4]},
    )


def query(url: str, *statements: str) -> list[list[Any]]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(urlsplit(url).path[1:], isolation_level=None)) as conn:
            conn.execute("BEGIN")
            return [conn.execute(statement).fetchall() for statement in statements]
    plain = url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return [conn.execute(statement.encode()).fetchall() for statement in statements]


def read_journal(path: Path) -> list[dict[str, Any]]:
    """What the provider noted, a cut last line left out."""
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def always_wrong(ledger: Ledger, journal: Iterable[Mapping[str, Any]]) -> list[str]:
    """What must hold at every moment, also while senders live."""
    taken = _taken(journal)
    return [
        *_written_twice(ledger, taken),
        *_accepted_without_a_trace(ledger, taken),
        *_miscounted(ledger),
        *_doubled_rows(ledger),
    ]


def wrong_at_the_end(ledger: Ledger, journal: Iterable[Mapping[str, Any]]) -> list[str]:
    """What must hold once everybody was tried and all senders are gone."""
    taken = _taken(journal)
    return [
        *always_wrong(ledger, journal),
        *_lost(ledger),
        *_claimed_without_a_proof(ledger, taken),
    ]


def gone_backwards(before: Ledger, after: Ledger) -> list[str]:
    """I5: statuses that sank between two looks; a later attempt starts again."""
    pairs = [(old, after.copies.get(old.id)) for old in before.copies.values()]
    gone = [f"delivery {old.id} is gone" for old, new in pairs if new is None]
    return gone + [
        f"delivery {old.id} sank from {old.status} to {new.status}"
        for old, new in pairs
        if new is not None
        and new.status < old.status
        and (old.status, new.status) not in MOVES_DOWN
        and new.attempt == old.attempt
    ]


def account(ledger: Ledger, journal: Iterable[Mapping[str, Any]]) -> Account:
    """Sum up."""
    statuses = Counter(copy.status for copy in ledger.copies.values())
    return Account(sum(map(len, _taken(journal).values())), statuses[UNKNOWN], statuses)


Entry = Mapping[str, Any]
Taken = Mapping[int, list[Mapping[str, Any]]]


def _taken(journal: Iterable[Mapping[str, Any]]) -> Taken:
    """What the provider accepted, by our delivery id."""
    taken: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in journal:
        if entry["kind"] == "accepted":
            taken[entry["delivery_id"]].append(entry)
    return taken


def _written_twice(ledger: Ledger, taken: Taken) -> list[str]:
    """I1, by our id and, trusting no id of ours, by message and address."""
    by_id = [
        f"delivery {number} was accepted {len(entries)} times"
        for number, entries in taken.items()
        if len(entries) > ledger.copies[number].approved_sends
    ]
    people: Counter[tuple[int, str, str]] = Counter()
    for number, entries in taken.items():
        copy = ledger.copies[number]
        people[copy.message_id, copy.channel, entries[0]["to"]] += 1
    return by_id + [
        f"an address got {count} copies of message {who[0]}"
        for who, count in people.items()
        if count > 1
    ]


def _accepted_without_a_trace(ledger: Ledger, taken: Taken) -> list[str]:
    """I4: what the provider has, we must not think unsent."""
    return [
        f"delivery {number}, attempt {entry['attempt']}, was accepted but stands at {copy.status}"
        for number, entries in taken.items()
        for entry in entries
        if (copy := ledger.copies[number]).attempt <= entry["attempt"]
        and (copy.status in NEVER_LEFT or (copy.status == FAILED and copy.provider_id is None))
    ]


def _claimed_without_a_proof(ledger: Ledger, taken: Taken) -> list[str]:
    """I3: what we call accepted or better, the provider must have."""
    return [
        f"delivery {copy.id} stands at {copy.status} but was never accepted"
        for copy in ledger.copies.values()
        if ACCEPTED <= copy.status < FAILED
        and copy.attempt not in {entry["attempt"] for entry in taken.get(copy.id, [])}
    ]


def _miscounted(ledger: Ledger) -> list[str]:
    """I7: the kept counts are those of the rows."""
    rows = Counter(
        (copy.message_id, copy.channel, copy.status, copy.reason) for copy in ledger.copies.values()
    )
    return [
        f"counted {rows.get(key, 0)}, kept {ledger.kept_counts.get(key, 0)} of {key}"
        for key in rows.keys() | ledger.kept_counts.keys()
        if rows.get(key, 0) != ledger.kept_counts.get(key, 0)
    ]


def _doubled_rows(ledger: Ledger) -> list[str]:
    """I8."""
    rows = Counter(
        (copy.message_id, copy.channel, copy.address)
        for copy in ledger.copies.values()
        if copy.address is not None
    )
    return [
        f"{count} rows for one address of message {key[0]}"
        for key, count in rows.items()
        if count > 1
    ]


def _lost(ledger: Ledger) -> list[str]:
    """I2: nobody waits, nobody hangs in the air, everybody has a row."""
    waiting = [
        f"delivery {copy.id} still stands at {copy.status}"
        for copy in ledger.copies.values()
        if copy.status in {PENDING, SENDING}
    ]
    rows = Counter(copy.message_id for copy in ledger.copies.values())
    return waiting + [
        f"message {number} has {rows[number]} rows, not {expected}"
        for number, expected in ledger.expected.items()
        if expected and rows[number] != expected
    ]
