"""Bring offices outside Congress in from a CSV file: all of it, or nothing and why, by row and column.

What a file brings counts as checked only if the file says by whom and when.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from actions.custom_targets import (
    BadTarget,
    Line,
    NamedOffice,
    checked_office,
    find_office,
    save_office,
)
from actions.models import CustomTarget, TargetKind
from actions.office_hours import WASHINGTON
from contacts.reading import read_layout, read_rows

WORDS = ("key", "name", "title", "salutation", "institution", "email", "fax", "address", "note")
NEEDED = ("key", "name")
# A person's remarks on how far a row is to be trusted; the verification's own columns decide.
UNREAD = ("status",)
COLUMNS = (
    *WORDS,
    "kind",
    "phone",
    "languages",
    "time_zone",
    "office_hours",
    "closed_on",
    "source",
    "source_date",
    "verified_on",
    "verified_by",
    "expires_on",
    *UNREAD,
)
OF_LEGISLATORS = "capitol_voice"  # a column of theirs: see ``actions/state_legislators.py``
LABELLED = re.compile(r"([^\[\]]+?)\s*(?:\[([^\[\]]*)\])?")


class BadTargetFile(ValueError):
    """A file with problems: ``problems`` has a sentence for each, beginning with row and column."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Brought:
    """What an import did."""

    added: int
    changed: int
    unverified: int  # of both: those that somebody has yet to check


def read_target_file(source: Path | bytes) -> list[tuple[int, NamedOffice]]:
    """The offices of a file, each with the line on which its row ends.

    Raises BadFile for what is no table, and BadTargetFile with every problem of its rows.
    """
    layout = read_layout(source)
    headings = [each.lower() for each in layout.headings]
    problems = list(_heading_problems(headings))
    if problems:
        raise BadTargetFile(problems)
    found: list[tuple[int, NamedOffice]] = []
    for line, cells in read_rows(source, layout):
        row = _Row(line, dict(zip(headings, cells, strict=False)), problems)
        office = row.office()
        if any(office.key == other.key for _, other in found):
            row.tell("key", f"{office.key} stands in the file twice; keep one of the rows")
        found.append((line, office))
    if problems:
        raise BadTargetFile(problems)
    return found


def import_offices(
    conn: Connection, rows: Sequence[tuple[int, NamedOffice]], *, today: date
) -> Brought:
    """Store the offices of a file; the caller's transaction makes it all or nothing.

    Raises BadTargetFile for a key that another project has, and for a check that is yet to come.
    """
    known = set(conn.scalars(select(CustomTarget.key)))
    early = [line for line, office in rows if office.verified_on and office.verified_on > today]
    if early:
        sentence = "lies in the future; write the day on which somebody checked the number"
        raise BadTargetFile([f"row {line}, verified_on: {sentence}" for line in early])
    kept = [find_office(conn, _saved(conn, line, office)).office for line, office in rows]
    changed = sum(office.key in known for _, office in rows)
    unverified = sum(not office.standing(today).is_good for office in kept)
    return Brought(added=len(rows) - changed, changed=changed, unverified=unverified)


def _saved(conn: Connection, line: int, office: NamedOffice) -> int:
    try:
        return save_office(conn, office)
    except BadTarget as error:
        raise BadTargetFile([f"row {line}, key: {error}"]) from error


def _heading_problems(headings: Sequence[str]) -> Iterator[str]:
    if OF_LEGISLATORS in headings:
        yield "this is a file of state legislators from openstates.org: bring it in with --state MD"
        return
    strange: list[str] = []
    for number, heading in enumerate(headings):
        if heading in headings[:number]:
            yield f"row 1, column {heading}: stands there twice; keep one"
        elif heading not in COLUMNS:
            near = get_close_matches(heading, COLUMNS, 1)
            if near:
                yield f"row 1, column {heading}: nothing is called that; did you mean {near[0]}?"
            else:
                strange.append(heading)
    if strange:
        known = f"known are {', '.join(COLUMNS)}"
        yield f"row 1, column {', '.join(strange)}: nothing is called that; {known}"
    for needed in NEEDED:
        if needed not in headings:
            yield f"row 1, column {needed}: missing; every office needs it"


@dataclass(frozen=True)
class _Row:
    """One row; what is wrong with it goes to ``problems``."""

    line: int
    cells: Mapping[str, str]
    problems: list[str]

    def tell(self, column: str, sentence: str) -> None:
        self.problems.append(f"row {self.line}, {column}: {sentence}")

    def text(self, column: str) -> str:
        return self.cells.get(column, "").strip()

    def office(self) -> NamedOffice:
        """The office, as far as it can be read."""
        before = len(self.problems)
        for needed in NEEDED:
            if not self.text(needed):
                self.tell(needed, "empty; every office needs it")
        draft = self._draft()
        if len(self.problems) == before:
            self._check(draft)
        return draft

    def _draft(self) -> NamedOffice:
        verified_on, verified_by = self._day("verified_on"), self.text("verified_by")
        if (verified_on is None) != (not verified_by):
            missing = "verified_by" if verified_on else "verified_on"
            self.tell(missing, "empty; say who checked the number and when, or neither")
        source, source_date = self.text("source"), self.text("source_date")
        words: dict[str, Any] = {name: self.text(name) for name in WORDS}
        return NamedOffice(
            **words,
            kind=self._kind(),
            phones=tuple(self._lines()),
            languages=self.text("languages").replace(";", " ").replace(",", " ").split(),
            time_zone=self.text("time_zone") or WASHINGTON,
            hours=self.text("office_hours"),
            closed_on=tuple(self._days("closed_on")),
            source=f"{source} ({source_date})" if source_date else source,
            verified_on=verified_on,
            verified_by=verified_by,
            expires_on=self._day("expires_on") if verified_on else None,
        )

    def _check(self, draft: NamedOffice) -> None:
        """Tell the first column that cannot be kept as it is."""
        columns: Mapping[str, Mapping[str, Any]] = {
            "key": {"key": draft.key},
            "phone": {"phones": draft.phones},
            "fax": {"fax": draft.fax},
            "email": {"email": draft.email},
            "languages": {"languages": draft.languages},
            "time_zone": {"time_zone": draft.time_zone},
            "office_hours": {"hours": draft.hours},
            "expires_on": {"verified_on": draft.verified_on, "expires_on": draft.expires_on},
        }
        for column, alone in columns.items():
            try:
                checked_office(NamedOffice(**{"name": draft.name, **alone}))
            except BadTarget as error:
                self.tell(column, str(error))

    def _kind(self) -> TargetKind:
        typed = self.text("kind") or TargetKind.OTHER
        if typed not in list(TargetKind):
            self.tell("kind", f"{typed} is not known; write one of {', '.join(TargetKind)}")
            return TargetKind.OTHER
        return TargetKind(typed)

    def _lines(self) -> Iterator[Line]:
        """Numbers in order, such as ``+12025550199 [switchboard]; +12025550198``."""
        for each in self.text("phone").split(";"):
            found = LABELLED.fullmatch(each.strip())
            if found:
                yield Line(found[1], found[2] or "")
            elif each.strip():
                self.tell("phone", "write numbers as +12025550199 [switchboard]; +12025550198")

    def _day(self, column: str) -> date | None:
        return next(iter(self._days(column)), None)

    def _days(self, column: str) -> list[date]:
        typed = re.split(r"[\s,;]+", self.text(column))
        try:
            return [date.fromisoformat(each) for each in typed if each]
        except ValueError:
            self.tell(column, f"{self.text(column)} is not a date; write 2026-12-24")
            return []
