"""What a file has told of so far, for a forecast: as if its rows were on file, though nothing is written.

Only that is kept which another row may touch: a contact the file changes, and one that it would make
if another row of the file shares an address with them. Of the rest a mark or two is enough.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from contacts.ledger import Pair
from contacts.mapping import UNKNOWN_STATUS, Row
from contacts.matching import Entry, alone
from contacts.words import Word

BITS = 1 << 27  # 16 MB; a million people mark one bit in seventy


class Marks:
    """Contacts by id, a byte for each: a file may tell of a million."""

    def __init__(self) -> None:
        self._marks = bytearray()

    def add(self, ids: Iterable[int]) -> None:
        """Mark contacts."""
        for each in ids:
            if each >= len(self._marks):
                self._marks.extend(bytes(each + 1024 - len(self._marks)))
            self._marks[each] = 1

    def __contains__(self, each: object) -> bool:
        return isinstance(each, int) and each < len(self._marks) and self._marks[each] == 1


class Repeats:
    """Which addresses a file tells of more than once: all of them, and by chance a few more."""

    def __init__(self, rows: Iterable[Row]) -> None:
        seen, self._repeated = bytearray(BITS // 8), set[int]()
        for row in rows:
            for address in (row.phone, row.email):
                if address:
                    place, bit = _bit(address)
                    if seen[place] & bit:
                        self._repeated.add(hash(address) % BITS)
                    seen[place] |= bit

    def __contains__(self, address: object) -> bool:
        return hash(address) % BITS in self._repeated

    def alone(self, rows: Sequence[Row], known: Sequence[Entry]) -> list[bool]:
        """As ``matching.alone``, but of the whole file."""
        return [
            by_itself and row.phone not in self and row.email not in self
            for row, by_itself in zip(rows, alone(rows, known), strict=True)
        ]


class Overlay:
    """The contacts on file as they would be by now."""

    def __init__(self) -> None:
        self._touched = Marks()
        self._changed: dict[int, Entry] = {}
        self._by_address: dict[str, list[Entry]] = defaultdict(list)

    def known(self, on_file: Sequence[Entry], rows: Iterable[Row]) -> list[Entry]:
        """Everybody who would share an address with these rows, the oldest first."""
        found: dict[Entry, None] = {}
        for entry in on_file:
            entry.touched = entry.id in self._touched
            found[self._changed.get(entry.id or 0, entry)] = None
        for row in rows:
            for address in (row.phone, row.email):
                for entry in self._by_address.get(address, ()):
                    found[entry] = None
        return sorted(found, key=lambda entry: (entry.id is None, entry.id or 0, entry.number))

    def take(self, entries: Iterable[Entry]) -> None:
        """Remember contacts that a chunk has told of, as if it had been written."""
        for entry in entries:
            if entry.id is not None:
                self._touched.add([entry.id])
            if entry.changed or entry.id is None:
                self._remember(entry)
                entry.before = entry.facts

    def _remember(self, entry: Entry) -> None:
        if entry.id is not None:
            self._changed[entry.id] = entry
        for address in (*entry.facts.phones, *entry.facts.emails):
            if entry not in self._by_address[address]:
                self._by_address[address].append(entry)


class ToldAbove:
    """What earlier chunks of a file have said about consent."""

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats
        self._willing: set[Pair] = set()
        self._refused: set[Pair] = set()

    def news(self, word: Word) -> tuple[Word, set[Pair]]:
        """What a chunk's word adds to that, and whom it would write to though refused above."""
        refused_above = word.willing & self._refused
        news = Word(word.willing - self._willing - refused_above, word.refused)
        self._willing |= {pair for pair in news.willing if pair[1] in self._repeats}
        self._refused |= {
            pair for pair, standing in word.refused.items() if standing is not UNKNOWN_STATUS
        }
        return news, refused_above


def _bit(address: str) -> tuple[int, int]:
    place = hash(address) % BITS
    return place >> 3, 1 << (place & 7)
