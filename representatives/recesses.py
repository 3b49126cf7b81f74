"""When do the House and the Senate not sit? As their published calendars say, kept by the network's office.

Offices in Washington are thin then, and members are at home, where their district offices answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, insert, select

from representatives.models import Recess

LONGEST = timedelta(days=200)
MOST = 100  # of one list
_BETWEEN = (
    select(Recess)
    .where(Recess.first_on <= bindparam("last"), Recess.last_on >= bindparam("first"))
    .order_by(Recess.first_on, Recess.chamber)
)
LINE = "Line %d: write a chamber, the first day, the last day and where it is published, with commas between."


class Chamber(StrEnum):
    """Whose calendar it is."""

    HOUSE = "house"
    SENATE = "senate"


class BadRecess(ValueError):
    """A recess that cannot be kept; the message says why."""


@dataclass(frozen=True)
class Days:
    """Days on which a chamber does not sit."""

    chamber: Chamber
    first: date
    last: date
    source: str = ""
    id: int = 0  # 0 = not kept yet


def read_days(chamber: str, first: str, last: str, source: str) -> Days:
    """Understand what was typed; raise BadRecess."""
    try:
        days = Days(
            Chamber(chamber.strip().lower()),
            date.fromisoformat(first.strip()),
            date.fromisoformat(last.strip()),
            source.strip(),
        )
    except ValueError as error:
        raise BadRecess(
            "Write the house or the senate, and both days as dates, such as 2026-08-01."
        ) from error
    if not days.first <= days.last <= days.first + LONGEST:
        raise BadRecess("The last day is the first or later, and within 200 days of it.")
    if not re.fullmatch(r"https?://\S{3,500}", days.source):
        raise BadRecess("Say where it is published: an address that begins with https://.")
    return days


def read_list(text: str) -> list[Days]:
    """Understand a list, a recess a line, as a spreadsheet saves it; raise BadRecess with the line that is wrong."""
    lines = [(n, each.strip()) for n, each in enumerate(text.splitlines(), 1) if each.strip()]
    if len(lines) > MOST:
        raise BadRecess("A list has 100 lines at most.")
    return [_line(number, line) for number, line in lines]


def keep(conn: Connection, days: Sequence[Days], *, by: str, now: datetime) -> list[int]:
    """Keep recesses; return their numbers. Raises BadRecess for one that lies across another."""
    if not days:
        raise BadRecess("Write at least one recess.")
    return [_keep(conn, each, by, now) for each in days]


def drop(conn: Connection, recess_id: int) -> None:
    """Take one off the list; harmless when it is gone."""
    conn.execute(delete(Recess).where(Recess.id == recess_id))


def recesses(conn: Connection, first: date, last: date) -> list[Days]:
    """Those that have a day between two days, both included."""
    rows = conn.execute(_BETWEEN, {"first": first, "last": last})
    return [
        Days(Chamber(row.chamber), row.first_on, row.last_on, row.source, row.id) for row in rows
    ]


def _line(number: int, line: str) -> Days:
    cells = [each.strip().strip('"') for each in re.split(r"[,;\t]", line, maxsplit=3)]
    if len(cells) < 4:  # noqa: PLR2004 - as the sentence says
        raise BadRecess(LINE % number)
    try:
        return read_days(*cells)
    except BadRecess as error:
        raise BadRecess(f"Line {number}: {error}") from error


def _keep(conn: Connection, days: Days, by: str, now: datetime) -> int:
    across = [
        each for each in recesses(conn, days.first, days.last) if each.chamber is days.chamber
    ]
    if across:
        raise BadRecess(
            f"From {across[0].first} to {across[0].last} that chamber is in recess already;"
            " take that off the list first."
        )
    row = {
        "chamber": days.chamber,
        "first_on": days.first,
        "last_on": days.last,
        "source": days.source,
        "set_by": by,
        "set_at": now,
    }
    return conn.execute(insert(Recess).values(row).returning(Recess.id)).scalar_one()
