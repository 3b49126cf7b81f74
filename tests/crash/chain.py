"""Is the record of who did what whole, and does it tell of everything that was done? (I7)"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.crash.checker import Entry, query

ENTRIES = (
    "SELECT id, at, actor, act, project_id, object, before, after, previous, hash"
    " FROM audit_entries ORDER BY id"
)
HEAD = "SELECT last_id, hash FROM audit_heads"
PRESSED = ("launch", "pause", "resume", "stop", "undo")


def read_record(url: str) -> tuple[list[Any], list[Any]]:
    """The entries, first to last, and the head, as the database has them."""
    entries, head = query(url, ENTRIES, HEAD)
    return entries, head


def broken_record(entries: Sequence[Any], head: Sequence[Any], acts: Sequence[Entry]) -> list[str]:
    """I7: links that do not hold, and buttons that were pressed without an entry."""
    return [*_broken_links(entries, head), *_untold(entries, acts)]


def _broken_links(entries: Sequence[Any], head: Sequence[Any]) -> list[str]:
    last, seal = 0, "0" * 64
    for number, at, *told, previous, digest in entries:
        if (number, previous) != (last + 1, seal):
            return [f"I7: entry {number} does not follow entry {last}"]
        text = json.dumps(
            [number, _time(at), *told, previous], separators=(",", ":"), ensure_ascii=False
        )
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            return [f"I7: the seal of entry {number} is not that of its words"]
        last, seal = number, digest
    if entries and [tuple(row) for row in head] != [(last, seal)]:
        return ["I7: the head of the record is not its last entry"]
    return []


def _untold(entries: Sequence[Any], acts: Sequence[Entry]) -> list[str]:
    """Who was told that it worked must find it on the record; a command that was killed may."""
    # Who launches from the command line launches alone, and the record calls it that.
    told = Counter(str(row[3]).removeprefix("alert.").removesuffix("_alone") for row in entries)
    done = Counter(act["act"] for act in acts if act["ok"] and act["act"] in PRESSED)
    return [
        f"I7: {number} times {name}, of which {told[name]} are on the record"
        for name, number in done.items()
        if told[name] < number
    ]


def _time(value: str | datetime) -> str:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")
