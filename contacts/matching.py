"""Whether a row is somebody we know already, and what it changes about them. No database here.

The same email address is the same person. The same phone is the same person only if the given names
agree or one is missing: a household shares a phone and stays two people. What a row leaves blank
stays as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from contacts.mapping import Row
from database.tables import folded


class Fate(StrEnum):
    """What becomes of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    MERGED = "merged"  # it tells of somebody whom an earlier row of the file told of


@dataclass(frozen=True)
class Facts:
    """What an import may write about a contact."""

    given_name: str = ""
    family_name: str = ""
    language: str = ""
    zip: str = ""
    city: str = ""
    phones: tuple[str, ...] = ()  # the one we write to first
    emails: tuple[str, ...] = ()


Single = Callable[[Sequence[Row], Sequence["Entry"]], list[bool]]  # see ``alone``
TEXTS = ("given_name", "family_name", "language", "zip", "city")


@dataclass(eq=False)
class Entry:
    """A contact, known or about to be, while rows are laid upon them."""

    facts: Facts
    id: int | None = None  # None: to be created
    before: Facts | None = None  # as the database has them
    touched: bool = False  # a row of this file has told of them
    tags: set[str] = field(default_factory=set)
    number: int = 0  # the row that first told of them, of a contact to be created

    @property
    def changed(self) -> bool:
        """Whether there is something to write about a contact the database knows."""
        return self.before is not None and self.facts != self.before


class Matcher:
    """Lays rows upon the contacts it knows, and makes new ones for the rest."""

    def __init__(self, *, language: str) -> None:
        self._language = language
        self._by_email: dict[str, Entry] = {}
        self._by_phone: dict[str, list[Entry]] = defaultdict(list)

    def know(self, entries: Iterable[Entry]) -> None:
        """Learn of contacts on file, the oldest first."""
        for entry in entries:
            self._index(entry)

    def lay(self, row: Row) -> tuple[Entry, Fate]:
        """Find or make the contact a row tells of, and let it tell."""
        entry = self._find(row)
        if entry is None:
            entry = Entry(Facts(language=row.language or self._language), number=row.number)
            fate = Fate.CREATED
        else:
            fate = Fate.MERGED if entry.touched else Fate.UNCHANGED
        facts = told(entry.facts, row)
        if fate is Fate.UNCHANGED and facts != entry.facts:
            fate = Fate.UPDATED
        entry.facts, entry.touched = facts, True
        entry.tags.update(row.tags)
        self._index(entry)
        return entry, fate

    def _find(self, row: Row) -> Entry | None:
        if row.email and row.email in self._by_email:
            return self._by_email[row.email]
        housemates = self._by_phone.get(row.phone, ()) if row.phone else ()
        given = folded(row.given_name)
        names = ((entry, folded(entry.facts.given_name)) for entry in housemates)
        return next((entry for entry, name in names if _agree(given, name)), None)

    def _index(self, entry: Entry) -> None:
        for email in entry.facts.emails:
            self._by_email.setdefault(email, entry)
        for phone in entry.facts.phones:
            if entry not in self._by_phone[phone]:
                self._by_phone[phone].append(entry)


def alone(rows: Sequence[Row], known: Sequence[Entry]) -> list[bool]:
    """Of each row, whether it shares no address with another of them nor with anybody on file.

    ``Matcher.lay`` would find nobody for such a row and make a contact that no other row finds: it
    comes to exactly what the row says, and can be written as it stands.
    """
    taken = {address for each in known for address in (*each.facts.phones, *each.facts.emails)}
    taken |= _repeated([row.phone for row in rows if row.phone])
    taken |= _repeated([row.email for row in rows if row.email])
    if not taken:
        return [True] * len(rows)
    return [row.phone not in taken and row.email not in taken for row in rows]


def _repeated(addresses: Sequence[str]) -> set[str]:
    if len(set(addresses)) == len(addresses):
        return set()
    return {address for address, times in Counter(addresses).items() if times > 1}


def told(facts: Facts, row: Row) -> Facts:
    """What is known of a person after a row has told its part; its blanks tell nothing."""
    news = {name: getattr(row, name) for name in TEXTS if getattr(row, name)}
    return replace(
        facts,
        **news,
        phones=_first(row.phone, facts.phones),
        emails=_first(row.email, facts.emails),
    )


def _first(address: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """A person's addresses with this one first."""
    if not address or known[:1] == (address,):
        return known
    return (address, *(each for each in known if each != address))


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other
