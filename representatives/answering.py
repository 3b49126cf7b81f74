"""Everything that is known of a ZIP, in one structure: place, reason, candidates, and who holds the seats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from representatives.districts import Place
from representatives.lookup import Official, officials, place
from representatives.maps import sitting_day

KEPT = 50_000  # answers; there are some 42,000 ZIPs, and what people mistype
# Not by way of a compiled statement: this question is all that a kept answer costs.
NEWEST = (
    "SELECT id, loaded_at, sha256, (SELECT max(id) FROM corrections),"
    " (SELECT count(*) FROM corrections WHERE ended_at IS NULL)"
    " FROM datasets ORDER BY id DESC LIMIT 1"
)

Stamp = tuple[Any, date]


@dataclass(frozen=True)
class Answer:
    """What a ZIP tells at a moment."""

    zip: str
    place: Place
    # Of the place as far as it is settled; else senators to ask about.
    officials: tuple[Official, ...]


class Directory:
    """Answers for ZIPs, each looked up once for as long as they stay true.

    They do while the newest data set and organizers' corrections are the same, and no term has begun or
    ended by the calendar. So every process hears at once of what another one changes.
    """

    def __init__(self) -> None:
        self._stamp: Stamp | None = None
        self._answers: dict[str, Answer] = {}

    def answer(self, conn: Connection, zip_code: str, *, now: datetime) -> Answer:
        """What a ZIP tells at this moment."""
        self._forget_what_is_old(conn, now)
        found = self._answers.get(zip_code)
        if found is None:
            found = self._answers[zip_code] = _look_up(conn, zip_code, now)
        return found

    def answers(self, conn: Connection, zips: Sequence[str], *, now: datetime) -> list[Answer]:
        """What each of these ZIPs tells, in their order."""
        return [self.answer(conn, each, now=now) for each in zips]

    def _forget_what_is_old(self, conn: Connection, now: datetime) -> None:
        newest = conn.exec_driver_sql(NEWEST).first()
        stamp = (None if newest is None else tuple(newest), sitting_day(now))
        if stamp != self._stamp or len(self._answers) >= KEPT:
            self._answers.clear()
            self._stamp = stamp


def _look_up(conn: Connection, zip_code: str, now: datetime) -> Answer:
    found = place(conn, zip_code, now=now)
    seats = officials(conn, found.state, found.district, zip_code, now=now)
    return Answer(zip_code, found, tuple(seats))
