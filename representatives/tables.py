"""Read one table of a data set, ``members.csv`` or ``members.csv.xz``, and note what is wrong in it.

Every value is text at first: a spreadsheet's idea of a number eats the zero of a ZIP.
"""

from __future__ import annotations

import csv
import io
import lzma
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

Row = dict[str, str]  # by column, all of it text


class BadDataset(ValueError):
    """The data set cannot be loaded; nothing was changed."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        more = len(problems) - 1
        others = f" (and {more} more like it)" if more else ""
        super().__init__(f"{problems[0]}{others}; nothing was loaded")


@dataclass
class Notes:
    """What was found wrong while reading: problems stop the load, warnings do not."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """One row of a table; knows where it stands, so that a problem can say so."""

    table: str
    number: int
    values: Row
    notes: Notes

    def text(self, column: str) -> str:
        return self.values[column].strip()

    def required(self, column: str) -> str:
        text = self.text(column)
        if not text:
            self.wrong(column, "is empty")
        return text

    def choice(self, column: str, choices: str) -> str:
        text = self.text(column)
        if text not in choices.split():
            self.wrong(column, f"“{text}” is none of {', '.join(choices.split())}")
        return text

    def number_of(self, column: str) -> int:
        text = self.text(column)
        if not (text.isascii() and text.isdigit()):
            self.wrong(column, f"“{text}” is not a number")
            return 0
        return int(text)

    def date_of(self, column: str) -> date | None:
        text = self.text(column)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.wrong(column, f"“{text}” is not a date; write it as 2027-01-03")
            return None

    def phone(self, column: str) -> str | None:
        """Ten digits as E.164; nothing where there are none, or where they are no number, which is noted."""
        text = self.text(column)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) == len("2022243121")):
            self.warn(column, f"“{text}” is not a phone number of ten digits; left out")
            return None
        return f"+1{text}"

    def url(self, column: str) -> str:
        """A web address; one with another scheme is left out and noted, as sources have such."""
        text = self.text(column)
        if text and not text.startswith(("https://", "http://")):
            self.warn(column, f"“{text}” is not a web address; left out")
            return ""
        return text

    def wrong(self, column: str, what: str) -> None:
        """Note a problem with a column of this row."""
        self.notes.problems.append(self._at(column, what))

    def warn(self, column: str, what: str) -> None:
        """Note something about a column of this row that stops nothing."""
        self.notes.warnings.append(self._at(column, what))

    def _at(self, column: str, what: str) -> str:
        return f"{self.table} row {self.number}, {column}: {what}"


@dataclass(frozen=True)
class Table:
    """A table as it was read: its name for people, its columns, its rows in order."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Row]


def csv_table(name: str, raw: bytes) -> Table:
    """A table that was written as CSV, or as CSV.xz. Raises BadDataset where it cannot be read."""
    reader = csv.DictReader(io.StringIO(_text(name, raw), newline=""), restval="", strict=True)
    shown = name.removesuffix(".xz")
    return Table(shown, reader.fieldnames or (), _proper(reader, shown))


def lines(table: Table, columns: str, notes: Notes) -> Iterator[Line]:
    """The rows of a table that must have these columns; row 1 is the first below the headings.

    Raises BadDataset where the table lacks one.
    """
    missing = [name for name in columns.split() if name not in table.columns]
    if missing:
        raise BadDataset([f"{table.name} has no column {', '.join(missing)}"])
    for number, values in enumerate(table.rows, start=1):
        yield Line(table.name, number, values, notes)


def _proper(reader: csv.DictReader[str], name: str) -> Iterator[Row]:
    try:
        yield from reader
    except csv.Error as error:
        raise BadDataset([f"{name} is not a proper CSV file: {error}"]) from error


def _text(name: str, raw: bytes) -> str:
    try:
        return (lzma.decompress(raw) if name.endswith(".xz") else raw).decode("utf-8-sig")
    except lzma.LZMAError as error:
        raise BadDataset([f"{name} cannot be read: {error}"]) from error
    except UnicodeDecodeError as error:
        raise BadDataset([f"{name} is not in UTF-8"]) from error
