"""Open a file of contacts whatever program wrote it: its encoding, its delimiter, its headings.

Nothing is guessed silently into the database: a file that cannot be read as a table is refused with
a sentence that says which line to look at.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

BLOCK = 1 << 16
MOST_COLUMNS = 500  # the widest export we know has some 150
LONGEST_ROW = 1 << 18  # characters, over all of its lines
LONGEST_LINE = 1 << 16  # characters; a contact takes some hundreds
SAMPLE = 1 << 16  # bytes of lines with accents, to tell Latin-1 from its kin
DELIMITERS = ",;\t"
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how Excel's files begin, new and old
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")  # in no text, and commands to a terminal
_NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # undefined in Windows' own Latin-1


class BadFile(ValueError):
    """The file cannot be read as a table of contacts; nothing was changed."""


@dataclass(frozen=True)
class Layout:
    """How a file is written."""

    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    first_row: int  # the line on which the headings end
    sha256: str


def read_layout(source: Path | bytes) -> Layout:
    """Find out how a file is written. Raises BadFile."""
    _refuse_spreadsheet(source)
    digest, encoding = _encoding(source)
    with _text(source, encoding) as lines:
        first = next(lines, "")
        told = re.fullmatch(r'"?sep=(.)"?\s*', first)  # Excel's own way to name the delimiter
        if told:
            first = next(lines, "")
        if not first.strip():
            raise BadFile("the file is empty, or its first line is; put the headings there")
        if _CONTROL.search(first):
            raise BadFile(
                "this is not a text file; open your list in a spreadsheet, save it as CSV"
            )
        delimiter = told[1] if told else _delimiter(first)
    with _text(source, encoding) as lines:
        headings, last = _headings(lines, delimiter, skip=1 if told else 0)
    return Layout(encoding, delimiter, headings, last, digest)


def read_rows(source: Path | bytes, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The rows below the headings with the line on which each ends; blank ones are left out.

    Raises BadFile where the table breaks off.
    """
    with _text(source, layout.encoding) as lines:
        measured = _Measured(lines)
        reader = csv.reader(measured, delimiter=layout.delimiter, strict=True)
        try:
            for cells in reader:
                measured.begin()
                if reader.line_num > layout.first_row and any(cells):
                    yield reader.line_num, cells
        except csv.Error as error:
            raise _broken(reader.line_num, error) from error


def _refuse_spreadsheet(source: Path | bytes) -> None:
    with _binary(source) as file:
        if file.read(4) in SPREADSHEETS:
            raise BadFile(
                "this is a spreadsheet itself; open it, save it as CSV, and take that file"
            )


def _headings(lines: Iterator[str], delimiter: str, skip: int) -> tuple[tuple[str, ...], int]:
    reader = csv.reader(_Measured(lines), delimiter=delimiter, strict=True)
    try:
        for _ in range(skip):
            next(reader)
        row = next(reader)
    except csv.Error as error:
        raise _broken(reader.line_num, error) from error
    if len(row) > MOST_COLUMNS:
        raise BadFile(
            f"the file has {len(row):,} columns, and we take {MOST_COLUMNS}; keep those you need"
        )
    return tuple(" ".join(heading.split()) for heading in row), reader.line_num


class _Measured:
    """Lines of a table none of whose rows is longer than bearable.

    A quoted cell may hold line ends, so one row may be as long as its file, and have as many cells.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._taken = lines, 0

    def begin(self) -> None:
        """The next line begins a row."""
        self._taken = 0

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._lines, 1):
            self._taken += len(line)
            if self._taken > LONGEST_ROW:
                raise BadFile(
                    f"the row that goes on at line {number} is longer than {LONGEST_ROW:,} "
                    "characters; look for a quotation mark that is opened above and never closed"
                )
            yield line


def _broken(line: int, error: csv.Error) -> BadFile:
    return BadFile(
        f"the table breaks off at line {line} ({error}); look for a quotation mark that is opened "
        "there or above and never closed"
    )


def _delimiter(first: str) -> str:
    """The delimiter that cuts the headings into the most columns."""
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([first], delimiter=each))))


def _encoding(source: Path | bytes) -> tuple[str, str]:
    """The file's SHA-256 and encoding, found by decoding all of it, block by block."""
    digest, start, accented = hashlib.sha256(), b"", bytearray()
    decoder, is_utf8, eight_bit = codecs.getincrementaldecoder("utf-8")(), True, "cp1252"
    with _binary(source) as file:
        while block := file.read(BLOCK):
            digest.update(block)
            start = start or block[:4096]
            is_utf8 = is_utf8 and _decodes(decoder, block)
            if len(accented) < SAMPLE and not block.isascii():
                accented += b"\n".join(line for line in block.splitlines() if not line.isascii())
            eight_bit = "latin_1" if _NOT_WINDOWS.search(block) else eight_bit
    if is_utf8 and _decodes(decoder, b"", final=True):
        return digest.hexdigest(), _unicode(start) or "utf-8-sig"
    return digest.hexdigest(), _unicode(start) or _eight_bit(bytes(accented[:SAMPLE]), eight_bit)


def _unicode(start: bytes) -> str | None:
    """UTF-16, told by its mark or by every other byte of plain text being zero."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd + even <= len(start) // 4:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _eight_bit(accented: bytes, usual: str) -> str:
    """An encoding without a mark: what spreadsheets on Macs once wrote, or those on Windows."""
    best = from_bytes(accented, cp_isolation=[usual, "mac_roman"]).best()
    return "mac_roman" if best and best.encoding == "mac_roman" else usual


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _binary(source: Path | bytes) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise BadFile(f"{source.name} cannot be opened: {error.strerror}") from error
    with file:
        yield file


@contextmanager
def _text(source: Path | bytes, encoding: str) -> Iterator[Iterator[str]]:
    with (
        _binary(source) as file,
        io.TextIOWrapper(file, encoding=encoding, newline="") as text,
    ):
        yield _lines(text)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines of bearable length, free of NULs."""
    number = 0
    while line := _line(text, number):
        number += 1
        if len(line) > LONGEST_LINE:
            raise BadFile(
                f"line {number} is longer than {LONGEST_LINE:,} characters; this is not a list of "
                "contacts, or its line ends are lost"
            )
        if "\0" in line:
            raise BadFile(
                f"line {number} holds a NUL character, which no text has; save the list as CSV again"
            )
        yield line


def _line(text: io.TextIOWrapper, number: int) -> str:
    try:
        return text.readline(LONGEST_LINE + 1)
    except UnicodeError as error:
        raise BadFile(
            f"line {number + 1} cannot be read as {text.encoding}; save the list as UTF-8"
        ) from error
