"""Why is each unknown unknown? Every one must have a cause that somebody else saw. (I16)

The causes are the faults that the provider played to that very copy, by its own journal, and the
kills that the launcher made: an unknown names the process that had claimed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tests.crash.checker import ACCEPTED, UNKNOWN, Copy, Entry, Ledger, taken_of

SPOILED = {"accept_500", "accept_reset", "accept_half", "accept_bad_json", "accept_hang"}
NO_CAUSE = "no cause"


@dataclass
class Explanation:
    """How many were unknown at some time, by cause and by what is known now."""

    settled: Counter[str] = field(default_factory=Counter)  # later, by a callback
    still: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def explain(
    ledger: Ledger,
    journal: Iterable[Entry],
    kills: Iterable[Entry],
    seen: Collection[int],
) -> Explanation:
    """``seen``: deliveries that were found unknown, or in a dead process's hands, on the way."""
    entries = list(journal)
    accepted = {
        (number, entry["attempt"]): entry["fault"]
        for number, many in taken_of(entries).items()
        for entry in many
    }
    refused = _refused(entries)
    killed = {kill["pid"] for kill in kills}
    found = Explanation()
    for copy in ledger.copies.values():
        fault = accepted.get((copy.id, copy.attempt))
        if copy.status != UNKNOWN and not (
            copy.status >= ACCEPTED and (copy.id in seen or fault in SPOILED)
        ):
            continue
        cause = _cause(copy, fault, refused, killed)
        (found.still if copy.status == UNKNOWN else found.settled)[cause] += 1
        if cause == NO_CAUSE:
            found.broken.append(f"I16: delivery {copy.id} was unknown and nothing explains it")
    return found


def _cause(
    copy: Copy, fault: str | None, refused: Mapping[tuple[int, int], int], killed: Collection[int]
) -> str:
    if fault in SPOILED:
        return f"{fault}: accepted, the answer lost"
    status = refused.get((copy.id, copy.attempt), 0)
    if status >= 500:
        return f"answered {status}, not accepted"
    if copy.pid not in killed:
        return NO_CAUSE
    if status:
        return f"on the wire at a kill: answered {status}, not accepted"
    return "on the wire at a kill: accepted" if fault else "on the wire at a kill: never arrived"


def _refused(entries: Iterable[Entry]) -> dict[tuple[int, int], int]:
    """With which HTTP status the provider refused an attempt."""
    found: dict[tuple[int, int], int] = {}
    for entry in entries:
        if entry["kind"] == "refused":
            own = [(entry.get(name) for name in ("delivery_id", "attempt"))]
            for delivery, attempt in entry.get("copies", own):
                found[delivery, attempt] = entry["status"]
    return found
