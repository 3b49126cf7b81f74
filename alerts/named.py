"""Does a text name this person? Whole names and their parts, whatever the accents and capitals; pure.

Also written together (``alerts/name_words.py``). Two parts of a name beside each other are that person. One part alone is, too, unless it reads as something
else: an ordinary word in small letters, a place, an official, or a common name beside another's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from alerts.name_words import WORD, Word, Words, together, words_of
from alerts.risk_models import MaySay
from database.tables import folded

BESIDE = re.compile(r"[\s,\-–]*|[._]{1,2}")  # between the parts of one name
SHORTEST = 3  # letters of a part of a name that names somebody in small letters, too


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARTICLES = _words("de del la las los y e da di van von")

# Surnames of Spanish origin that are the commonest in the United States (2010 census): alone they are
# somebody else's as soon as another first name, or a title, stands before them.
COMMON_FAMILY = _words(
    "garcia rodriguez hernandez martinez lopez gonzalez perez sanchez ramirez torres flores "
    "rivera gomez diaz reyes morales cruz ortiz gutierrez chavez ramos gonzales ruiz "
    "alvarez mendoza vasquez castillo jimenez moreno romero herrera medina aguilar castro "
    "vargas guzman mendez fernandez munoz salazar soto vega contreras rojas guerrero "
    "estrada delgado maldonado campos santos rios"
)
# First names that many carry: before or after another's surname they are another's.
COMMON_GIVEN = _words(
    "jose juan carlos luis jorge miguel manuel francisco mario antonio pedro roberto rafael "
    "oscar david daniel ricardo jesus mauricio ernesto fernando alberto maria ana rosa "
    "marta martha carmen sandra elizabeth silvia gloria claudia patricia karla marcela ruth "
    "teresa john james robert michael mary jennifer linda susan"
)
TITLES = _words(
    "rep sen del senator representative congressman congresswoman senador senadora "
    "congresista diputado diputada juez jueza judge ministro ministra minister fiscal "
    "president presidente presidenta ambassador embajador embajadora secretary secretario "
    "secretaria governor gobernador"
)
# A saint or a street is a place.
OF_PLACES = _words("san santa santo sto sta colonia calle canton barrio rio avenida parque isla")
# Names that are words as well; they name somebody where they have a capital letter.
ORDINARY = _words(
    "flores reyes cruz rosa luz paz guerra campos santos iglesias mercedes dolores milagro "
    "consuelo esperanza victoria gloria soledad domingo angel angeles justo franco leon mar "
    "sol blanca blanco rubio moreno delgado guerrero rojas rios rivera torres castillo mesa "
    "hope grace rose brown king may will mark bill rich sandy baker cook young long"
)


@dataclass(frozen=True)
class Name:
    """Somebody's names."""

    given: frozenset[str]
    family: frozenset[str]
    others: tuple[tuple[str, ...], ...]  # what else they are called, word by word

    @classmethod
    def of(cls, given: str, family: str, also: str = "") -> Name:
        """A name as it was typed; small words such as "de" are no part of it."""
        called = (tuple(_folded(each)) for each in also.split(","))
        return cls(_parts(given), _parts(family), tuple(each for each in called if each))

    @cached_property
    def parts(self) -> frozenset[str]:
        """First and family names."""
        return self.given | self.family

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of it, whatever it is called."""
        return self.parts.union(*self.others)

    def __contains__(self, part: str) -> bool:
        """Whether a folded word is a part of it."""
        return part in self.given or part in self.family


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a text that names somebody."""

    words: str  # as they stand there
    says: MaySay  # FIRST or FULL
    sure: bool  # not only a first name, nor a family name that many bear


def mentions(text: str, name: Name) -> list[Mention]:
    """Every place of a text that names this person, in order."""
    cut = words_of(text)
    found = [*_joined(cut, name)]
    if any(each in cut.spelt for each in name.words):
        words = cut.of(name.words)
        found += [*_whole(cut.text, words, name), *_called(cut.text, words, name)]
    return [mention for _, mention in sorted(found, key=lambda each: each[0])]


def _joined(cut: Words, name: Name) -> Iterator[tuple[int, Mention]]:
    for word, parts in together(cut, name.parts):
        says = MaySay.FULL if name.family.intersection(parts) else MaySay.FIRST
        yield word.start, Mention(cut.text[word.start : word.end], says, _is_sure(parts, name))


def _whole(text: str, words: Sequence[Word], name: Name) -> Iterator[tuple[int, Mention]]:
    at = 0
    while at < len(words):
        run = _run(text, words, name, at)
        if run and (says := _says(words, at, run, name)):
            sure = _is_sure([each.folded for each in run if each.folded in name], name)
            yield run[0].start, Mention(text[run[0].start : run[-1].end], says, sure)
        at += len(run) or 1


def _is_sure(parts: Sequence[str], name: Name) -> bool:
    """Whether these parts of a name are hardly anybody else's."""
    return len(parts) > 1 or bool(name.family.intersection(parts) - COMMON_FAMILY - ORDINARY)


def _run(text: str, words: Sequence[Word], name: Name, at: int) -> list[Word]:
    """The words from here on that are parts of the name, with the small ones between them."""
    run: list[Word] = []
    for word in words[at:]:
        if run and not BESIDE.fullmatch(text[run[-1].end : word.start]):
            break
        if word.folded not in name and not (run and word.folded in PARTICLES):
            break
        run.append(word)
    while run and run[-1].folded not in name:
        run.pop()
    return run


def _says(words: Sequence[Word], at: int, run: list[Word], name: Name) -> MaySay | None:
    """How much of the name a run says; None where it is not theirs."""
    parts = [each for each in run if each.folded in name]
    family = any(each.folded in name.family for each in parts)
    if len(parts) == 1 and not _alone(words, at, at + len(run), parts[0], name, family=family):
        return None
    return MaySay.FULL if family else MaySay.FIRST


def _alone(
    words: Sequence[Word], at: int, end: int, part: Word, name: Name, *, family: bool
) -> bool:
    """Whether one part of a name, by itself, is that person."""
    if not part.capital and (part.folded in ORDINARY or len(part.folded) < SHORTEST):
        return False
    before = words[at - 1].folded if at else ""
    after = words[end].folded if end < len(words) else ""
    if before in OF_PLACES:
        return False
    if family and part.folded in COMMON_FAMILY:
        return not (before in TITLES or (before in COMMON_GIVEN and before not in name))
    return not (part.folded in COMMON_GIVEN and after in COMMON_FAMILY)


def _called(text: str, words: Sequence[Word], name: Name) -> Iterator[tuple[int, Mention]]:
    for called in name.others:
        for at in range(len(words) - len(called) + 1):
            here = words[at : at + len(called)]
            if tuple(each.folded for each in here) != called:
                continue
            if len(called) > 1 or here[0].capital or called[0] not in ORDINARY:
                said = text[here[0].start : here[-1].end]
                yield here[0].start, Mention(said, MaySay.FULL, sure=len(called) > 1)


def _parts(typed: str) -> frozenset[str]:
    return frozenset(_folded(typed)) - PARTICLES


def _folded(typed: str) -> list[str]:
    return [folded(each) for each in WORD.findall(typed)]
