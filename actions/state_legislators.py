"""State legislators as openstates.org publishes them: one CSV file per state, public domain (CC0).

They come in as offices like any other, to be named by an ask. Which of them is whose cannot be told: that
takes the lines of every state's districts. A number that comes this way counts as checked by nobody.

Columns: https://github.com/openstates/people (``data.openstates.org/people/current/md.csv``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from actions.addressing import STATES
from actions.custom_targets import Line, NamedOffice, key_of
from actions.models import TargetKind
from actions.office_hours import WASHINGTON
from actions.target_files import BadTargetFile
from contacts.addresses import BadEmail, BadPhone, normalise_email, normalise_phone
from contacts.reading import read_layout, read_rows
from representatives.lookup import place

SOURCE = "openstates.org (CC0)"
NEEDED = (
    "id",
    "name",
    "current_chamber",
    "current_district",
    "email",
    "capitol_address",
    "capitol_voice",
    "capitol_fax",
    "district_address",
    "district_voice",
)
TITLES = {"upper": "State senator", "lower": "State representative"}
ELSE_TITLE = "State legislator"  # of a legislature with one chamber
PERSON = re.compile(r"ocd-person/([0-9a-f]{8})-[0-9a-f-]{27}")
ZIP = re.compile(r"\b(\d{5})(?:-\d{4})?\b")


@dataclass(frozen=True)
class Legislators:
    """What a file holds."""

    rows: tuple[tuple[int, NamedOffice], ...]  # each with the line on which its row ends
    unread: tuple[str, ...]  # numbers and addresses that were left out, a sentence each


def read_legislators(
    conn: Connection, source: Path | bytes, state: str, *, now: datetime
) -> Legislators:
    """Read one state's file; its columns do not say of which state it is.

    Raises BadFile for what is no table, BadTargetFile for a state or a file that is another.
    """
    code = state.strip().upper()
    if code not in STATES:
        raise BadTargetFile([f"{state} is no state; write its two letters, such as MD"])
    layout = read_layout(source)
    missing = [name for name in NEEDED if name not in layout.headings]
    if missing:
        expected = f"a file of state legislators from openstates.org, such as {code.lower()}.csv"
        raise BadTargetFile([f"row 1: {', '.join(missing)} missing; this is not {expected}"])
    reading = _Reading(conn, code, now)
    for line, cells in read_rows(source, layout):
        reading.take(line, dict(zip(layout.headings, cells, strict=False)))
    if reading.problems:
        raise BadTargetFile(reading.problems)
    return Legislators(tuple(reading.rows), tuple(reading.unread))


class _Reading:
    """One pass over a file."""

    def __init__(self, conn: Connection, state: str, now: datetime) -> None:
        self._conn = conn
        self._state = state
        self._now = now
        self._zones: dict[str, str] = {}  # by ZIP: a state's legislators share a house
        self.rows: list[tuple[int, NamedOffice]] = []
        self.unread: list[str] = []
        self.problems: list[str] = []

    def take(self, line: int, row: Mapping[str, str]) -> None:
        person = PERSON.fullmatch(row["id"].strip())
        name = " ".join(row["name"].split())
        if person is None or not name:
            column = "name" if person else "id"
            self.problems.append(f"row {line}, {column}: empty or cut short; fetch the file anew")
            return
        address = row["capitol_address"] or row["district_address"]
        self.rows.append(
            (
                line,
                NamedOffice(
                    key=f"{self._state.lower()}-{key_of(name) or 'legislator'}-{person[1]}",
                    name=name,
                    kind=TargetKind.LEGISLATOR,
                    title=self._title(row),
                    institution=f"Legislature of {STATES[self._state]}",
                    phones=tuple(self._phones(line, row)),
                    email=self._email(line, row),
                    fax=self._number(line, "capitol_fax", row),
                    address=" ".join(address.replace(";", ", ").split()),
                    languages=("en",),
                    time_zone=self._zone(address),
                    source=SOURCE,
                ),
            )
        )

    def _title(self, row: Mapping[str, str]) -> str:
        title = TITLES.get(row["current_chamber"].strip(), ELSE_TITLE)
        district = row["current_district"].strip()
        return f"{title}, district {district}" if district else title

    def _phones(self, line: int, row: Mapping[str, str]) -> list[Line]:
        """The number at the capitol is rung first: the staff for legislation sit there."""
        labels = {"capitol_voice": "capitol", "district_voice": "district office"}
        found = {column: self._number(line, column, row) for column in labels}
        numbers = {number: labels[column] for column, number in reversed(found.items()) if number}
        return [Line(number, label) for number, label in reversed(numbers.items())]

    def _number(self, line: int, column: str, row: Mapping[str, str]) -> str:
        typed = row[column].strip()
        try:
            return normalise_phone(typed) if typed else ""
        except BadPhone as error:
            self.unread.append(f"row {line}, {column}: left out, {error}")
            return ""

    def _email(self, line: int, row: Mapping[str, str]) -> str:
        typed = row["email"].strip()
        try:
            return normalise_email(typed) if "@" in typed else ""  # some states give a form
        except BadEmail as error:
            self.unread.append(f"row {line}, email: left out, {error}")
            return ""

    def _zone(self, address: str) -> str:
        """The clock by which an office answers: that of its ZIP code, where there is one clock."""
        zips = ZIP.findall(address)
        if not zips:
            return WASHINGTON
        if zips[-1] not in self._zones:
            zones = place(self._conn, zips[-1], now=self._now).zones
            self._zones[zips[-1]] = min(zones) if len(zones) == 1 else WASHINGTON
        return self._zones[zips[-1]]
