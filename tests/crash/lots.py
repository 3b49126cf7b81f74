"""Who of an experiment's people must get which words? Reckoned from bare rows, with nothing of the product.

The arithmetic of the lots stands in ``messages/parts.py`` as a sentence; here it is written down a second time. What
must hold is asked of what reached the provider: nobody twice, nobody forgotten, nobody who was to get nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from tests.crash import checker

WHOLE, PRIME = 1000, 2**31 - 1
WAITS, NOTHING = -1, -2  # for the decision; for ever


@dataclass(frozen=True)
class Mailbox:
    """An address, and whoever reads it."""

    first: int  # the contact whose lot it has
    languages: frozenset[str]


@dataclass(frozen=True)
class Trial:
    """What was tried with an occurrence, and what came of it."""

    local_time: str
    salt: int
    plan: Mapping[str, Any]
    texts: list[dict[str, dict[str, str]]]
    state: str
    why: str
    chosen: int | None
    messages: frozenset[int]  # of each way of writing, and to the others

    def part_of(self, contact_id: int) -> int:
        """The place of the words that somebody gets, WAITS or NOTHING."""
        drawn = lot(self.salt, contact_id)
        if drawn >= WHOLE - self.plan["holdout"]:
            return NOTHING
        share, ways = self.plan["share"], len(self.plan["others"]) + 1
        cuts = [share * place // ways for place in range(1, ways + 1)]
        return next((place for place, cut in enumerate(cuts) if drawn < cut), WAITS)

    def subjects_for(self, mailbox: Mailbox) -> frozenset[str]:
        """What may be over the one email of a mailbox; none where none may come."""
        place: int | None = self.part_of(mailbox.first)
        if place == WAITS:
            place = self.chosen if self.state == "decided" else None
        if place is None or place == NOTHING:
            return frozenset()
        return frozenset(self.texts[place][each]["subject"] for each in mailbox.languages)


def lot(salt: int, contact_id: int) -> int:
    """The lot, 0 to 999: a linear map over a prime, and two squarings."""
    digest = blake2b(salt.to_bytes(8, "big"), digest_size=32, person=b"parts").digest()
    factor, *added = (int.from_bytes(digest[at : at + 8], "big") for at in range(0, 32, 8))
    value = (contact_id * (1 + factor % (PRIME - 1)) + added[0]) % PRIME
    for more in added[1:]:
        value = (value * value + more) % PRIME
    return value % WHOLE


def mailboxes(url: str) -> dict[str, Mailbox]:
    """Everybody's address, and whose it is."""
    rows = checker.query(
        url,
        "SELECT a.address, c.id, c.language FROM addresses a JOIN contacts c ON c.id = a.contact_id"
        " WHERE a.channel = 'email' AND a.rank = 0",
    )[0]
    readers: dict[str, list[tuple[int, str]]] = {}
    for address, contact_id, language in rows:
        readers.setdefault(address, []).append((contact_id, language))
    return {
        address: Mailbox(min(each)[0], frozenset(language for _, language in each))
        for address, each in readers.items()
    }


def trials(url: str) -> list[Trial]:
    """All that was tried, by time."""
    rows, ways = checker.query(
        url,
        "SELECT r.local_time, e.id, e.salt, e.plan, e.texts, e.state, e.why, e.chosen, e.message_id"
        " FROM experiments e JOIN campaign_runs r ON r.id = e.run_id ORDER BY r.local_time",
        "SELECT experiment_id, message_id FROM experiment_variants",
    )
    return [
        Trial(
            *(local_time, salt, _read(plan), _read(texts), state, why, chosen),
            frozenset(
                [message for number, message in ways if number == each] + [rest] * bool(rest)
            ),
        )
        for local_time, each, salt, plan, texts, state, why, chosen, rest in rows
    ]


def _read(stored: Any) -> Any:
    """SQLite hands out JSON as the text it is."""
    return json.loads(stored) if isinstance(stored, str) else stored


def verdict(
    trial: Trial,
    everybody: Mapping[str, Mailbox],
    got: Iterable[tuple[str, str]],
    *,
    excused: Collection[str] = (),
) -> Iterator[str]:
    """What is not as it must be. ``got``: addresses and subjects; ``excused``: of whom it is known why they may have none."""
    times = Counter(got)
    each_got: Counter[str] = Counter()
    for (address, subject), count in times.items():
        each_got[address] += count
        if address not in everybody:
            yield f"{trial.local_time}: {address} is nobody's"
        elif subject not in trial.subjects_for(everybody[address]):
            part = trial.part_of(everybody[address].first)
            yield f"{trial.local_time}: {address} of part {part} got {subject!r}, and was to get another, or none"
    yield from (f"{trial.local_time}: {who} got {n}" for who, n in each_got.items() if n > 1)
    for address, mailbox in everybody.items():
        if trial.subjects_for(mailbox) and not each_got[address] and address not in excused:
            yield f"{trial.local_time}: {address} was forgotten"
