"""A text's words as names are looked for in them, and names written together: hashtags, handles, addresses; pure.

``FreeJuanPérez`` is three words by its capitals. Where there are none (``#freejuanperez``), parts of one name side
by side are that name, and one part behind a call is, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise

from database.tables import folded

WORD = re.compile(r"[^\W\d_]+")
UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")  # between letters, for nobody's eyes
TAGGED = re.compile(r"[#@/][\w.\-]+|[\w.+\-]+(?=@)")  # hashtags, handles, the name of a mailbox
CALLS = re.compile(
    r"free|freedomfor|release|save|justicefor|whereis|standwith|libertad(?:para|a)?|liberen(?:a)?"
    r"|salven(?:a)?|justicia(?:para)?|dondeesta|todossomos"
)
SMALL = "(?:de|del|dela|delas|delos|la|los|las|y)?"  # between the parts of a name
LEAST_TAGGED = 7  # letters of parts side by side, so that no ordinary word is two short ones
LEAST_PLAIN = 9  # outside of a hashtag or handle
SHORTEST = 3  # letters of a part that is looked for in a longer word


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, where it stands."""

    folded: str
    start: int
    end: int
    capital: bool
    humps: tuple[Word, ...] = ()  # what its capitals make of it
    tagged: bool = False  # in a hashtag, a handle or an address


@dataclass(frozen=True)
class Words:
    """A text cut into words."""

    text: str
    words: tuple[Word, ...]
    spelt: frozenset[str] = field(repr=False)  # all of them, and their humps

    @cached_property
    def run_on(self) -> str:
        """All of them in a row: what is in none of them is not in this, and that is known at once."""
        return " ".join(each.folded for each in self.words)

    def of(self, parts: Collection[str]) -> tuple[Word, ...]:
        """Its words, those with capitals inside cut there unless they are one of these parts."""
        if not any(each.humps for each in self.words):
            return self.words
        cut = ((each,) if each.folded in parts else each.humps or (each,) for each in self.words)
        return tuple(piece for pieces in cut for piece in pieces)


@lru_cache(maxsize=512)
def words_of(text: str) -> Words:
    """Cut a text into words; whoever looks for many names cuts it once."""
    text = UNSEEN.sub("", unicodedata.normalize("NFC", text))
    tagged = [each.span() for each in TAGGED.finditer(text)]
    words = tuple(
        _word(each[0], each.start(), tagged=any(a <= each.start() < b for a, b in tagged))
        for each in WORD.finditer(text)
    )
    humps = (hump.folded for each in words for hump in each.humps)
    return Words(text, words, frozenset([*(each.folded for each in words), *humps]))


def together(words: Words, parts: Collection[str]) -> Iterator[tuple[Word, list[str]]]:
    """The words in which parts of one name stand side by side, or one behind a call; with those parts."""
    if not (spelt := frozenset(each for each in parts if len(each) >= SHORTEST)):
        return
    if not any(each in words.run_on for each in spelt):
        return
    for word in words.words:
        long = LEAST_TAGGED if word.tagged else LEAST_PLAIN
        if len(word.folded) < long or word.folded in parts or word.humps:
            continue
        if not any(each in word.folded for each in spelt):
            continue
        if found := _side_by_side(word, spelt) or _called_for(word, spelt):
            yield word, found


def _side_by_side(word: Word, parts: frozenset[str]) -> list[str]:
    part, several = _patterns(parts)
    found = several.search(word.folded) if word.tagged else several.fullmatch(word.folded)
    if found is None or len(found[0]) < LEAST_TAGGED:
        return []
    return part.findall(found[0])


def _called_for(word: Word, parts: frozenset[str]) -> list[str]:
    if not word.tagged:
        return []
    part, _ = _patterns(parts)
    for call in CALLS.finditer(word.folded):
        if call.start() == 0 and part.fullmatch(word.folded, call.end()):
            return [word.folded[call.end() :]]
    return []


@lru_cache(maxsize=1024)
def _patterns(parts: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """One part of a name, and several of them side by side."""
    part = "|".join(sorted(map(re.escape, parts), key=lambda each: (-len(each), each)))
    return re.compile(part), re.compile(f"(?:{part})(?:{SMALL}(?:{part}))+")


def _word(spelt: str, start: int, *, tagged: bool) -> Word:
    cuts = [0, *_humps(spelt), len(spelt)]
    humps = [
        Word(folded(spelt[a:b]), start + a, start + b, spelt[a].isupper())
        for a, b in pairwise(cuts)
    ]
    capital = spelt[0].isupper()
    several = tuple(humps) if len(humps) > 1 else ()
    return Word(folded(spelt), start, start + len(spelt), capital, several, tagged)


def _humps(spelt: str) -> Iterator[int]:
    """Where a capital begins another word: after a small letter, or before one."""
    for n in range(1, len(spelt)):
        if not spelt[n].isupper():
            continue
        if spelt[n - 1].islower() or spelt[n + 1 : n + 2].islower():
            yield n
