"""Tables for spreadsheet programs, which run some texts as formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

# What makes a program take a cell for a formula, also in its full width, and what it passes over first.
FORMULA = frozenset("=+-@|\t\r\n＝＋－＠")


def defused(cell: str) -> str:
    """A cell that stays text: what would be run as a formula begins with an apostrophe.

    See https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{cell}" if cell[:1] in FORMULA else cell


class Sheet:
    """A CSV file to write rows to, none of whose cells is run. There is no other way to write one here."""

    def __init__(self, target: TextIO) -> None:
        self._writer = csv.writer(target)

    def add(self, cells: Iterable[object]) -> None:
        """Write a row."""
        self._writer.writerow([defused(str(cell)) for cell in cells])
