"""Read a whole file of contacts, and say what is wrong with it, before a database hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from contacts.countries import AT_HOME
from contacts.headings import Columns, find_columns
from contacts.mapping import Row, RowProblem, RowReader
from contacts.reading import BadFile, Layout, read_layout, read_rows
from contacts.spreadsheets import Sheet
from contacts.standing import NETWORK, project_scope
from organizers.roles import Within

UNKNOWN = {
    "unknown",
    "desconocido",
}  # consent statements that say: store them, but do not write to them
MOST_PROBLEMS = 500  # kept for the screen; the error file has them all
STEP = 5000  # rows between two reports of progress

Progress = Callable[[int], None]  # told how many rows are done


class ConsentMissing(ValueError):
    """Nobody may be written to without having agreed; the batch must say how, and to what."""


@dataclass(frozen=True)
class ImportOptions:
    """What the person who imports a file says about it."""

    consent: str  # how these people agreed; "unknown" stores them without a consent
    project_id: int | None = None  # they join this project
    project_only: bool = False  # they agreed to hear from this project, not from the network
    columns: Mapping[str, str] = field(default_factory=dict)  # heading → field; "" = ignore it
    tags: tuple[str, ...] = ()
    language: str = "en"  # of new contacts whose row does not say
    region: str = "US"  # of phone numbers without a country
    countries: tuple[str, ...] = AT_HOME  # whose numbers are texted
    within: Within = None  # whose people a row may tell of; to others it is somebody new

    @property
    def statement(self) -> str:
        """The consent statement; "" where none is known."""
        said = " ".join(self.consent.split())
        return "" if said.casefold() in UNKNOWN else said

    @property
    def scope(self) -> str:
        """What the consent covers."""
        if self.project_only and self.project_id is not None:
            return project_scope(self.project_id)
        return NETWORK


@dataclass(frozen=True)
class Table:
    """A file that can be read from end to end, and what its importer says about it."""

    source: Path | bytes
    filename: str
    layout: Layout
    columns: Columns
    options: ImportOptions
    rows: int  # below the headings, blank ones aside

    def people(self, findings: Findings | None = None) -> Iterator[Row]:
        """Read the file row by row, leaving out what is refused; ``findings`` learn of all rows."""
        for _cells, row, problems in _parsed(self.source, self.layout, self.columns, self.options):
            if findings is not None:
                findings.add(row, problems)
            if row is not None:
                yield row

    def scanned(self, findings: Findings) -> Scan:
        """The table with what was found in its rows."""
        return Scan(
            **vars(self),
            refused_rows=findings.refused_rows,
            refused=tuple(findings.refused),
            left_out_fields=findings.left_out_fields,
            left_out=tuple(findings.left_out),
            zips_mended=findings.zips_mended,
        )


@dataclass(frozen=True)
class Scan(Table):
    """A file that can be imported, and what is wrong in it row by row."""

    refused_rows: int  # cannot be imported at all
    refused: tuple[RowProblem, ...]  # the first of them
    left_out_fields: int  # in rows that are imported without them
    left_out: tuple[RowProblem, ...]  # the first of them
    zips_mended: int  # leading zeros put back


@dataclass
class Findings:
    """What reading the rows has found so far."""

    refused_rows: int = 0
    left_out_fields: int = 0
    zips_mended: int = 0
    refused: list[RowProblem] = field(default_factory=list)
    left_out: list[RowProblem] = field(default_factory=list)

    def add(self, row: Row | None, problems: Sequence[RowProblem]) -> None:
        """Take a row into the whole."""
        if row is None:
            self.refused_rows += 1
            self.refused += problems[: max(0, MOST_PROBLEMS - len(self.refused))]
            return
        self.zips_mended += row.zip_mended
        if problems:
            self.left_out_fields += len(problems)
            self.left_out += problems[: max(0, MOST_PROBLEMS - len(self.left_out))]


def check(
    source: Path | bytes,
    *,
    options: ImportOptions,
    filename: str = "",
    progress: Progress | None = None,
) -> Table:
    """Read a file from end to end as a table, without a database, and look into no row.

    Raises BadFile where it is no table of contacts, and ConsentMissing.
    """
    if not options.consent.strip():
        raise ConsentMissing(
            "say how these people agreed to be written to, such as “signed the sheet at our May "
            "assembly”; or write “unknown”, and they are stored but not written to"
        )
    if options.project_only and options.project_id is None:
        raise ConsentMissing("say which project these people agreed to hear from; none is chosen")
    layout = read_layout(source)
    columns = find_columns(layout.headings, options.columns)
    rows = 0
    for rows, _row in enumerate(read_rows(source, layout), 1):
        if progress and rows % STEP == 0:
            progress(rows)
    if not rows:
        raise BadFile("the file has headings but no rows")
    name = filename or (source.name if isinstance(source, Path) else "upload.csv")
    return Table(source, name, layout, columns, options, rows)


def scan(source: Path | bytes, *, options: ImportOptions, filename: str = "") -> Scan:
    """Read a file from end to end and look into every row, without a database, in little memory.

    Raises BadFile where it is no table of contacts, and ConsentMissing.
    """
    return look_through(check(source, options=options, filename=filename))


def look_through(table: Table) -> Scan:
    """Look into every row of a file."""
    findings = Findings()
    for _row in table.people(findings):
        pass
    return table.scanned(findings)


def write_problems(table: Table, target: TextIO) -> int:
    """Write every row with a problem, with its line and the reason, as CSV; return how many.

    Cells that a spreadsheet would run as a formula are defused with an apostrophe; importing the
    mended file takes it off again.
    """
    sheet = Sheet(target)
    sheet.add([*table.layout.headings, "line", "imported", "reason"])
    written = 0
    width = table.columns.width
    parsed = _parsed(table.source, table.layout, table.columns, table.options)
    for cells, row, problems in parsed:
        if not problems:
            continue
        kept = "no" if row is None else "yes, without it"
        reason = "; ".join(_reason(problem) for problem in problems)
        shown = (cells + [""] * width)[:width]
        sheet.add([*shown, problems[0].row, kept, reason])
        written += 1
    return written


def _parsed(
    source: Path | bytes, layout: Layout, columns: Columns, options: ImportOptions
) -> Iterator[tuple[list[str], Row | None, Sequence[RowProblem]]]:
    reader = RowReader(columns, region=options.region, language=options.language)
    for number, cells in read_rows(source, layout):
        row, problems = reader.read(number, cells)
        yield cells, row, problems


def _reason(problem: RowProblem) -> str:
    return f"{problem.field}: {problem.sentence}" if problem.field else problem.sentence
