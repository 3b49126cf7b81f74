"""Does every copy stand where the webhooks say that it stands, in whatever order they came? (I4)

A small ladder of its own: of the events the product said it has, the highest counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tests.crash.checker import ACCEPTED, UNKNOWN, Entry, Ledger, taken_of

STANDS_AT = {
    "queued": 21,
    "sent": 30,
    "delivered": 40,
    "undelivered": 42,
    "processed": 20,
    "bounce": 42,
}
Key = tuple[int, int]  # delivery and attempt


def out_of_step(ledger: Ledger, journal: Iterable[Entry]) -> list[str]:
    """I4: accepted copies whose status is not the one that their events imply."""
    entries = list(journal)
    told, untold = _events(entries, "told"), _events(entries, "untold")
    found = []
    for number, accepted in taken_of(entries).items():
        copy = ledger.copies[number]
        key = (number, accepted[-1]["attempt"])
        if copy.attempt != key[1]:
            continue
        allowed = _allowed(told.get(key, set()), untold.get(key, set()))
        if copy.status not in allowed:
            found.append(f"I4: delivery {number} stands at {copy.status}, not {sorted(allowed)}")
    return found


def _allowed(told: set[int], untold: set[int]) -> set[int]:
    """Without any event only our own answer speaks: accepted, or lost on the way.

    Of an event that was given up nobody knows if it was stored before its answer was lost.
    """
    surely = {max(told)} if told else {UNKNOWN, ACCEPTED}
    return surely | {rank for rank in untold if rank > max(surely)}


def _events(entries: Iterable[Entry], kind: str) -> Mapping[Key, set[int]]:
    events: dict[Key, set[int]] = defaultdict(set)
    for entry in entries:
        if entry["kind"] == kind and entry["event"] in STANDS_AT:
            events[entry["delivery_id"], entry["attempt"]].add(STANDS_AT[entry["event"]])
    return events
