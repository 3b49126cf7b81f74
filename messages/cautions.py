"""Words that may endanger somebody, or a network's tax exemption: found as they are written, and told, never forbidden.

The lists are data, read in the language of the text. What they look for:

- where and when people travel, sleep and meet: what Front Line Defenders' *Workbook on Security* (2011) asks
  to keep to those who need it;
- numbers in El Salvador (+503), and others that are no office's: a private number in public is somebody's;
- candidates and elections: a 501(c)(3) may ask to vote for a bill, never for a person (26 USC 501(c)(3),
  Rev. Rul. 2007-41; the first words of the list are those of *Buckley v. Valeo*, 424 U.S. 1, note 52).

Letters are compared without their accents. Capital letters matter where a name is meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberMatcher, PhoneNumberType

from messages.caution_words import (
    ABROAD,
    ELECTIONS,
    PEOPLE,
    SECRET_PLACES,
    TRAVEL,
    TRAVEL_OF,
    WHEN,
)
from messages.findings import Finding, finding

SENTENCE = re.compile(r"(?<=[.!?;:])\s+(?=[A-ZÁÉÍÓÚÑ¿¡“\"(])|\n+")
KEPT = 1024  # texts of which the telephone numbers are known
LONGEST = 60  # characters of a place in a text that are shown
SALVADOR = 503
YEARS = range(1900, 2100)  # "2024-2026" is no telephone number
# Who has one of these is a company or an agency, not a person.
OFFICIAL = (
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
)


@dataclass(frozen=True, slots=True)
class Said:
    """One text that people will read or hear."""

    place: str  # sms, subject, body, title, summary, script, letter, case
    language: str
    text: str


class _Bare(dict[int, str]):
    """Each letter without its accents, as ``str.translate`` asks for it."""

    def __missing__(self, letter: int) -> str:
        self[letter] = bare = unicodedata.normalize("NFD", chr(letter))[:1]
        return bare


_BARE = _Bare()


class _Number(NamedTuple):
    spelt: str  # E.164
    shown: str  # as it stands there
    country: int | None
    start: int
    end: int


def cautions(said: Iterable[Said], offices: Collection[str] = ()) -> list[Finding]:
    """What deserves a second look in these texts: one finding for each kind and language.

    ``offices`` are numbers (E.164) of which we know whose they are: see ``numbers_in``.
    """
    texts = [each for each in said if each.text.strip()]
    looks: Mapping[str, Callable[[Said], Iterable[str]]] = {
        "travel": _travel,
        "salvadoran_number": lambda each: _salvadoran(each.text),
        "private_number": lambda each: _private(each.text, offices),
        "election": _elections,
    }
    return [each for code, look in looks.items() for each in gathered(code, texts, look)]


def gathered(
    code: str, texts: Iterable[Said], look: Callable[[Said], Iterable[str]], **values: object
) -> Iterator[Finding]:
    """One finding a language, with all that was found and where."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for each in texts:
        for words in look(each):
            places, said = found.setdefault(each.language, ([], []))
            places.append(each.place)
            said.append(" ".join(words.split())[:LONGEST])
    for language, (places, said) in sorted(found.items()):
        yield finding(
            code,
            language=language,
            places=tuple(dict.fromkeys(places)),
            found=tuple(dict.fromkeys(said)),
            **values,
        )


def numbers_in(texts: Iterable[str]) -> set[str]:
    """The telephone numbers in these texts, as E.164."""
    return {each.spelt for text in texts for each in _numbers(text)}


def plainly(text: str) -> str:
    """The text without accents, letter for letter, so that what is found stands at the same place."""
    return text if text.isascii() else text.translate(_BARE)


def _travel(said: Said) -> Iterator[str]:
    for start, sentence in _sentences(said.text):
        for found in _moving(plainly(sentence), said.language):
            yield said.text[start + found.start() : start + found.end()]


def _moving(plain: str, language: str) -> Iterator[re.Match[str]]:
    yield from _every(SECRET_PLACES, language, plain)
    if any(_every(WHEN, language, plain)):
        yield from _every(TRAVEL, language, plain)
        if any(_every(PEOPLE, language, plain)):
            yield from _every(TRAVEL_OF, language, plain)


def _elections(said: Said) -> Iterator[str]:
    for found in _every(ELECTIONS, said.language, plainly(said.text)):
        yield said.text[found.start() : found.end()]


def _every(
    lists: Mapping[str, re.Pattern[str]], language: str, plain: str
) -> Iterator[re.Match[str]]:
    """Every place that the list of a language names; of every list, where we have none for it."""
    patterns = [lists[language]] if language in lists else list(lists.values())
    for pattern in patterns:
        yield from pattern.finditer(plain)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for end in SENTENCE.finditer(text):
        yield start, text[start : end.start()]
        start = end.end()
    yield start, text[start:]


def _salvadoran(text: str) -> Iterator[str]:
    numbers = _numbers(text)
    yield from (each.shown for each in numbers if each.country == SALVADOR)
    for found in ABROAD.finditer(text):
        known = any(each.start < found.end() and found.start() < each.end for each in numbers)
        if not known and not all(int(half) in YEARS for half in found.groups()):
            yield found[0]


def _private(text: str, offices: Collection[str]) -> Iterator[str]:
    for each in _numbers(text):
        if each.country != SALVADOR and each.spelt not in offices:
            yield each.shown


@lru_cache(KEPT)
def _numbers(text: str) -> tuple[_Number, ...]:
    """Kept, for an alert's page asks again and again of the same texts."""
    return tuple(_found_in(text))


def _found_in(text: str) -> Iterator[_Number]:
    for found in PhoneNumberMatcher(text, "US"):
        if phonenumbers.number_type(found.number) not in OFFICIAL:
            spelt = phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164)
            country = found.number.country_code
            yield _Number(spelt, found.raw_string, country, found.start, found.end)
