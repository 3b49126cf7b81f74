"""One row of a file as a person, or as the reason why not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from contacts.addresses import (
    BadEmail,
    BadPhone,
    BadZip,
    is_charged,
    normalise_email,
    normalise_zip,
    persons_phone,
    plain_email,
    plain_north_american,
)
from contacts.headings import Columns, heading_key
from contacts.lines import LONGEST, one_line
from contacts.standing import Channel, Standing
from database.folding import folded

LANGUAGES = {
    "en": "en eng english ingles",
    "es": "es spa spanish espanol castellano",
}
# What other programs write about an address that must not be written to.
STATUSES = {
    Standing.OPTED_OUT: "unsubscribed optedout optout unsubscribe no baja cancelado dadodebaja stop",
    Standing.BOUNCED: "bouncing bounced bounce hardbounce rebotado invalid",
    Standing.COMPLAINED: "spamcomplaint complained complaint spam",
}
SUBSCRIBED = frozenset(
    ["subscribed", "optedin", "optin", "active", "yes", "si", "suscrito", "activo", "true", "1"]
)
NOTHING_SAID: Mapping[str, Standing] = MappingProxyType({})
UNKNOWN_STATUS = Standing.WITHDRAWN  # not a refusal, but no consent can be read from it either

# The fields in the order in which a row is read, and those whose cells may be wrong.
READ = (
    "given_name", "family_name", "full_name", "language", "zip", "city", "phone", "email", "tags",
    "email_status", "sms_status",
)  # fmt: skip
PROBLEMS = ("zip", "language", "phone", "email")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one field of one row (its line in the file)."""

    row: int
    field: str
    sentence: str


class Row(NamedTuple):
    """A person as a row describes them; "" = the row does not say. A tuple: files have a million."""

    number: int
    given_name: str = ""
    family_name: str = ""
    language: str = ""
    zip: str = ""
    city: str = ""
    phone: str = ""
    email: str = ""
    tags: tuple[str, ...] = ()
    # By channel: what another program says about an address that is not simply subscribed.
    statuses: Mapping[str, Standing] = NOTHING_SAID
    zip_mended: bool = False  # a leading zero, eaten by a spreadsheet, was put back
    searched: str = ""  # what ``people.search_text`` would make of it, were it somebody new


class RowReader:
    """Turns the cells of a row into a person."""

    def __init__(self, columns: Columns, *, region: str = "US", language: str = "en") -> None:
        """``region`` is that of phones without a country, ``language`` of rows that do not say."""
        self._width = columns.width
        self._region = region
        self._language = language
        self._spares = tuple(columns.spares.items())
        # A column that is not there reads the empty cell that ``read`` puts last.
        self._cells_of = itemgetter(*(columns.positions.get(name, -1) for name in READ))

    def read(self, number: int, cells: list[str]) -> tuple[Row | None, Sequence[RowProblem]]:
        """The person of a row, or None; and what is wrong with the row or was left out of it."""
        width = self._width
        if len(cells) > width and any(cells[width:]):
            sentence = f"has {len(cells)} cells under {width} headings; is a comma unquoted?"
            return None, [RowProblem(number, "", sentence)]
        cells += [""] * (width + 1 - len(cells))  # the last one stands for absent columns
        cells[-1] = ""
        for place, spares in self._spares:
            cells[place] = cells[place] or next((cells[each] for each in spares if cells[each]), "")
        row, problems = self._row(number, cells)
        if row.email or row.phone:
            return row, problems
        reason = "has neither an email address nor a phone"
        return None, problems or [RowProblem(number, "email", reason)]

    def _row(self, number: int, cells: list[str]) -> tuple[Row, Sequence[RowProblem]]:
        """A row as a person. What many rows say alike (all but the addresses) is worked out once."""
        given, family, full, language, zip_text, city, phone, email, tags, *said = self._cells_of(
            cells
        )
        given, family = _clean(given), _clean(family)
        if not given and not family and full:
            given, _, family = _clean(full).partition(" ")
        zip_code, mended, bad_zip = _zip(zip_text)
        language, bad_language = _language(language)
        bad_phone = bad_email = ""
        if phone:
            phone, bad_phone = _phone(phone, self._region)
        if email:
            email, bad_email = _email(email)
        city = _clean(city)
        row = Row(
            number,
            given,
            family,
            language,
            zip_code,
            city,
            phone,
            email,
            _tags(tags),
            _statuses(*said),
            mended,
            _searched(given, family, language or self._language, zip_code, city, phone, email),
        )
        if not (bad_zip or bad_language or bad_phone or bad_email):
            return row, ()
        sentences = zip(PROBLEMS, (bad_zip, bad_language, bad_phone, bad_email), strict=True)
        return row, [RowProblem(number, name, reason) for name, reason in sentences if reason]


def _searched(*told: str) -> str:
    """All that is told, folded; names that were folded before are at hand."""
    text = " ".join(told)
    return folded(text) if text.isascii() else " ".join(filter(None, map(folded, told)))


def _phone(text: str, region: str) -> tuple[str, str]:
    """A phone in our spelling, and what is wrong with it; one of them is ""."""
    plain = plain_north_american(text, region)
    return (plain, "") if plain and not is_charged(plain) else _odd_phone(text, region)


@lru_cache(maxsize=1024)
def _odd_phone(text: str, region: str) -> tuple[str, str]:
    """A phone that is not as most are: from abroad, toll-free, a formula, or a word such as "none"."""
    text = _unquoted(text)
    try:
        return (persons_phone(text, region) if text else ""), ""
    except BadPhone as error:
        return "", str(error)


def _email(text: str) -> tuple[str, str]:
    """An email address in our spelling, and what is wrong with it; one of them is ""."""
    plain = plain_email(text)
    return (plain, "") if plain else _odd_email(text)


@lru_cache(maxsize=1024)
def _odd_email(text: str) -> tuple[str, str]:
    text = _unquoted(text)
    try:
        return (normalise_email(text) if text else ""), ""
    except BadEmail as error:
        return "", str(error)


def _clean(text: str) -> str:
    """A name or a city on one line, composed, of bearable length."""
    return text if text.isalpha() and text.isascii() and len(text) < LONGEST else _cleaned(text)


@lru_cache(maxsize=4096)
def _cleaned(text: str) -> str:
    return one_line(_unquoted(text))


def _unquoted(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from reading a cell as a formula."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", "|") else text


@lru_cache(maxsize=16384)
def _zip(text: str) -> tuple[str, bool, str]:
    """The ZIP, whether a leading zero had to be put back, and what is wrong with it.

    Spreadsheets make 2139 of 02139, and half of New England's lists look like that.
    """
    text = _unquoted(text)
    eaten = _EATEN.fullmatch(text)
    try:
        return normalise_zip(f"0{text}" if eaten else text), bool(eaten), ""
    except BadZip as error:
        return "", False, str(error)


@lru_cache(maxsize=1024)
def _language(text: str) -> tuple[str, str]:
    """The code of a language, "" where nothing is said; and what is wrong with it."""
    word = heading_key(text).partition("_")[0]
    if not word or word in _LANGUAGE_WORDS:
        return _LANGUAGE_WORDS.get(word, ""), ""
    return "", f"“{text[:40]}” is not a language we write in: en or es"


@lru_cache(maxsize=4096)
def _tags(text: str) -> tuple[str, ...]:
    found = {folded(tag): _clean(tag) for tag in re.split(r"[,;|]", text) if tag.strip()}
    return tuple(found.values())


@lru_cache(maxsize=1024)
def _statuses(email: str, sms: str) -> Mapping[str, Standing]:
    said = {Channel.EMAIL.value: _status(email), Channel.SMS.value: _status(sms)}
    found = {channel: standing for channel, standing in said.items() if standing}
    return MappingProxyType(found) if found else NOTHING_SAID


def _status(text: str) -> Standing | None:
    word = heading_key(text).replace("_", "")
    if not word or word in SUBSCRIBED:
        return None
    return next((each for each, words in STATUSES.items() if word in words.split()), UNKNOWN_STATUS)


_EATEN = re.compile(r"[0-9]{4}(?:-[0-9]{4})?")
_LANGUAGE_WORDS = {word: code for code, words in LANGUAGES.items() for word in words.split()}
