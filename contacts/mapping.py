"""One row of a file as a person, or as the reason why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from contacts.addresses import (
    BadEmail,
    BadPhone,
    BadZip,
    normalise_email,
    normalise_phone,
    normalise_zip,
)
from contacts.headings import FIELDS, Columns, heading_key
from contacts.models import Channel, Standing
from database.tables import folded

LONGEST = 120  # characters of a name or a city
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
UNKNOWN_STATUS = Standing.WITHDRAWN  # not a refusal, but no consent can be read from it either


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one field of one row (its line in the file)."""

    row: int
    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Row:
    """A person as a row describes them; "" = the row does not say."""

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
    statuses: Mapping[str, Standing] = field(default_factory=dict)
    zip_mended: bool = False  # a leading zero, eaten by a spreadsheet, was put back


class RowReader:
    """Turns the cells of a row into a person."""

    def __init__(self, columns: Columns, *, region: str = "US") -> None:
        self._columns = columns
        self._region = region
        self._spares = tuple(columns.spares.items())
        # A column that is not there reads the empty cell that ``read`` puts last.
        self._at = {name: columns.positions.get(name, -1) for name in FIELDS}

    def read(self, number: int, cells: list[str]) -> tuple[Row | None, list[RowProblem]]:
        """The person of a row, or None; and what is wrong with the row or was left out of it."""
        problems: list[RowProblem] = []
        width = self._columns.width
        if len(cells) > width and any(cells[width:]):
            sentence = f"has {len(cells)} cells under {width} headings; is a comma unquoted?"
            return None, [RowProblem(number, "", sentence)]
        cells += [""] * (width + 1 - len(cells))  # the last one stands for absent columns
        cells[-1] = ""
        for place, spares in self._spares:
            cells[place] = cells[place] or next((cells[each] for each in spares if cells[each]), "")
        row = self._row(number, cells, problems)
        if row.email or row.phone:
            return row, problems
        if not problems:
            problems.append(RowProblem(number, "email", "has neither an email address nor a phone"))
        return None, problems

    def _row(self, number: int, cells: list[str], problems: list[RowProblem]) -> Row:
        at = self._at
        given, family = _clean(cells[at["given_name"]]), _clean(cells[at["family_name"]])
        if not given and not family and cells[at["full_name"]]:
            given, _, family = _clean(cells[at["full_name"]]).partition(" ")
        zip_text = cells[at["zip"]]
        zip_code, mended = _zip(zip_text, number, problems) if zip_text else ("", False)
        return Row(
            number,
            given,
            family,
            _language(cells[at["language"]], number, problems),
            zip_code,
            _clean(cells[at["city"]]),
            self._phone(cells[at["phone"]], number, problems),
            _email(cells[at["email"]], number, problems),
            _tags(cells[at["tags"]]),
            _statuses(cells[at["email_status"]], cells[at["sms_status"]]),
            mended,
        )

    def _phone(self, text: str, number: int, problems: list[RowProblem]) -> str:
        text = _unquoted(text)
        if not text:
            return ""
        try:
            return normalise_phone(text, self._region)
        except BadPhone as error:
            problems.append(RowProblem(number, "phone", str(error)))
            return ""


def _clean(text: str) -> str:
    """A name or a city on one line, composed, of bearable length."""
    if not text:
        return ""
    text = " ".join(_unquoted(text).split())
    return text[:LONGEST] if text.isascii() else unicodedata.normalize("NFC", text)[:LONGEST]


def _unquoted(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from reading a cell as a formula."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def _email(text: str, number: int, problems: list[RowProblem]) -> str:
    text = _unquoted(text)
    if not text:
        return ""
    try:
        return normalise_email(text)
    except BadEmail as error:
        problems.append(RowProblem(number, "email", str(error)))
        return ""


def _zip(text: str, number: int, problems: list[RowProblem]) -> tuple[str, bool]:
    """The ZIP, and whether a leading zero had to be put back.

    Spreadsheets make 2139 of 02139, and half of New England's lists look like that.
    """
    text = _unquoted(text)
    eaten = _EATEN.fullmatch(text)
    try:
        return normalise_zip(f"0{text}" if eaten else text), bool(eaten)
    except BadZip as error:
        problems.append(RowProblem(number, "zip", str(error)))
        return "", False


def _language(text: str, number: int, problems: list[RowProblem]) -> str:
    if not text:
        return ""
    known = _language_of(text)
    if known is None:
        sentence = f"“{text[:40]}” is not a language we write in: en or es"
        problems.append(RowProblem(number, "language", sentence))
    return known or ""


@lru_cache(maxsize=1024)
def _language_of(text: str) -> str | None:
    """The code of a language; "" where nothing is said, None where it is none of ours."""
    word = heading_key(text).partition("_")[0]
    return _LANGUAGE_WORDS.get(word) if word else ""


@lru_cache(maxsize=4096)
def _tags(text: str) -> tuple[str, ...]:
    found = {folded(tag): _clean(tag) for tag in re.split(r"[,;|]", text) if tag.strip()}
    return tuple(found.values())


def _statuses(email: str, sms: str) -> dict[str, Standing]:
    if not email and not sms:
        return {}
    said = {Channel.EMAIL.value: _status(email), Channel.SMS.value: _status(sms)}
    return {channel: standing for channel, standing in said.items() if standing}


def _status(text: str) -> Standing | None:
    word = heading_key(text).replace("_", "")
    if not word or word in SUBSCRIBED:
        return None
    return next((each for each, words in STATUSES.items() if word in words.split()), UNKNOWN_STATUS)


_EATEN = re.compile(r"[0-9]{4}(?:-[0-9]{4})?")
_LANGUAGE_WORDS = {word: code for code, words in LANGUAGES.items() for word in words.split()}
