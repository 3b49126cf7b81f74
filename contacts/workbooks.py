"""Excel files of several sheets, in which numbers are numbers and no text is ever run."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from contacts.spreadsheets import defused

TITLE = 31  # characters of a sheet's name, by Excel's rule; some it does not take
UNNAMEABLE = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
NARROWEST, WIDEST = 10, 60  # of a column, in characters


@dataclass(frozen=True)
class Minimum:
    """A number that there are at least, which a cell shows with a plus."""

    number: int


@dataclass(frozen=True)
class Page:
    """One sheet of a workbook: its name, what stands over its columns, and its rows."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[object]]


def workbook(pages: Iterable[Page]) -> bytes:
    """An Excel file: numbers are numbers, days are days, the first row stays, and no text is ever run.

    Each cell's kind is said, so that nothing is guessed from how a text begins; and a text that somebody saves as
    CSV from there would be run by the next program, so it is defused here as well.
    """
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "remove_timezone": True}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        kinds = _Kinds(
            whole=book.add_format({"num_format": "#,##0"}),
            minimum=book.add_format({"num_format": '#,##0"+"'}),
            day=book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
            moment=book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        )
        for number, page in enumerate(pages, start=1):
            sheet = book.add_worksheet(_title(page.title, number))
            sheet.freeze_panes(1, 0)
            for column, text in enumerate(page.headings):
                sheet.write_string(0, column, defused(text), bold)
                sheet.set_column(column, column, _width(page, column))
            for row, cells in enumerate(page.rows, start=1):
                for column, cell in enumerate(cells):
                    _write(sheet, row, column, cell, kinds)
    return target.getvalue()


@dataclass(frozen=True)
class _Kinds:
    whole: Format
    minimum: Format
    day: Format
    moment: Format


def _write(sheet: Worksheet, row: int, column: int, cell: object, kinds: _Kinds) -> None:
    match cell:
        case None:
            pass  # an empty cell: it is not known
        case Minimum():
            sheet.write_number(row, column, cell.number, kinds.minimum)
        case int():
            sheet.write_number(row, column, cell, kinds.whole)
        case datetime():
            sheet.write_datetime(row, column, cell, kinds.moment)
        case date():
            sheet.write_datetime(row, column, cell, kinds.day)
        case _:
            sheet.write_string(row, column, defused(str(cell)))


def _title(title: str, number: int) -> str:
    """A name that Excel takes, and no other sheet of the file has."""
    return f"{number} {' '.join(title.translate(UNNAMEABLE).split())}"[:TITLE].strip()


def _width(page: Page, column: int) -> int:
    texts = [page.headings[column], *(str(row[column]) for row in page.rows if len(row) > column)]
    return min(max(NARROWEST, *(len(each) + 2 for each in texts)), WIDEST)
