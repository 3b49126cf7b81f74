"""Cells for spreadsheet programs, which run some texts as formulas."""

from __future__ import annotations


def defused(cell: str) -> str:
    """A cell that stays text: what would be run as a formula begins with an apostrophe.

    See https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "|") else cell
