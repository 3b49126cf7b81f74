"""No cell that we write is run by a spreadsheet program."""

from __future__ import annotations

import csv
import io

import pytest

from contacts.mapping import _unquoted
from contacts.spreadsheets import FORMULA, Sheet, defused

CELLS = [
    '=HYPERLINK("https://evil.example","x")',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "|calc",
    "＝1+1",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("cell", CELLS)
def test_a_formula_is_written_as_text(cell: str) -> None:
    target = io.StringIO(newline="")

    Sheet(target).add([cell, 5, "plain"])

    (row,) = csv.reader(io.StringIO(target.getvalue(), newline=""))
    assert row == [f"'{cell}", "5", "plain"]
    assert row[0][:1] not in FORMULA


@pytest.mark.parametrize("phone", ["+16085550123", "-5", "=1", "@here"])
def test_a_defused_cell_is_read_back_as_it_was(phone: str) -> None:
    assert _unquoted(defused(phone)) == phone
