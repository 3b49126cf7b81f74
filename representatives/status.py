"""How the data on members and districts stands: what is loaded, from where, how old, and what is open in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, or_, select

from representatives.corrections import InForce, in_force
from representatives.lookup import Official, officials_in
from representatives.maps import begins
from representatives.models import Dataset, DatasetFile, Member, Seat, Tenure
from representatives.snapshot import Source
from representatives.turnover import nears

MOST_FOUND = 30
_LATEST = select(Dataset.id, Dataset.dated, Dataset.loaded_at).order_by(Dataset.id.desc()).limit(1)
_ZIPS_DATED = (
    select(DatasetFile.dated)
    .where(DatasetFile.name.startswith("zips"))
    .order_by(DatasetFile.id.desc())
    .limit(1)
)
_SEAT = re.compile(r"([A-Za-z]{2})[- ]?([0-9]{1,2})?")


@dataclass(frozen=True)
class Overdue:
    """Somebody who sits though the term they were elected to is over."""

    seat_id: str
    name: str
    ends_on: date


@dataclass(frozen=True)
class Status:
    """The data set in force."""

    source: str
    congress: int
    loaded_at: datetime
    dated: date | None
    members: int
    offices: int
    zips: int
    attribution: str
    restored: bool  # by a rollback
    files: Sequence[Source]
    vacant: Sequence[str]  # seats nobody holds
    overdue: Sequence[Overdue]
    corrections: Sequence[InForce]
    coming: date | None  # the first day of a Congress that is near and whose lines are not loaded

    def age(self, now: datetime) -> int:
        """Days since its members' file was published, or, where nobody knows, since it was loaded."""
        return (now.date() - (self.dated or self.loaded_at.date())).days


def status(conn: Connection, now: datetime) -> Status | None:
    """The data set in force; None where none is loaded."""
    row = conn.execute(select(Dataset).order_by(Dataset.id.desc()).limit(1)).first()
    if row is None:
        return None
    return Status(
        source=row.source,
        congress=row.congress,
        loaded_at=row.loaded_at,
        dated=row.dated,
        members=row.members,
        offices=row.offices,
        zips=row.zips,
        attribution=row.attribution,
        restored=row.restores is not None,
        files=_files(conn, row.id),
        vacant=_vacant(conn),
        overdue=_overdue(conn, now),
        corrections=in_force(conn),
        coming=_coming(conn, now),
    )


@dataclass(frozen=True)
class Age:
    """How old the data in force is."""

    days: int  # since its members' file was published, or since it was loaded
    zips_dated: date | None  # the day of the ZIPs' file, where that is known


def data_age(conn: Connection, *, now: datetime) -> Age | None:
    """How old the members and ZIPs in force are, by two rows; None where none are loaded."""
    row = conn.execute(_LATEST).first()
    if row is None:
        return None
    days = (now.date() - (row.dated or row.loaded_at.date())).days
    return Age(days, conn.scalar(_ZIPS_DATED))


def find(conn: Connection, text: str, now: datetime) -> list[Official]:
    """Seats by what people type: WI, WI-2, or a part of a member's name; at most thirty."""
    words = text.strip()
    if not words:
        return []
    named = (
        select(Tenure.seat_id)
        .join(Member, Member.bioguide == Tenure.bioguide)
        .where(Tenure.ended_on.is_(None), Member.name.icontains(words, autoescape=True))
    )
    wanted: list[ColumnElement[bool]] = [Seat.id.in_(named)]
    seat = _SEAT.fullmatch(words)
    if seat:
        state, number = seat[1].upper(), seat[2]
        own = Seat.state == state
        wanted.append(own if number is None else own & (Seat.district == int(number)))
    chosen = select(Seat.id).where(or_(*wanted)).order_by(Seat.id).limit(MOST_FOUND)
    return officials_in(conn, conn.scalars(chosen).all(), now=now)


def _coming(conn: Connection, now: datetime) -> date | None:
    coming = nears(now)
    if coming is None:
        return None
    loaded = select(Dataset.id).where(Dataset.congress == coming).limit(1)
    return None if conn.scalar(loaded) else begins(coming).date()


def _files(conn: Connection, dataset_id: int) -> list[Source]:
    rows = conn.execute(
        select(DatasetFile).where(DatasetFile.dataset_id == dataset_id).order_by(DatasetFile.id)
    )
    return [
        Source(row.name, row.origin, row.size, row.sha256, row.dated, row.licence) for row in rows
    ]


def _vacant(conn: Connection) -> list[str]:
    sitting = select(Tenure.seat_id).where(Tenure.ended_on.is_(None))
    return list(conn.scalars(select(Seat.id).where(Seat.id.not_in(sitting)).order_by(Seat.id)))


def _overdue(conn: Connection, now: datetime) -> list[Overdue]:
    rows = conn.execute(
        select(Tenure.seat_id, Member.name, Tenure.ends_on)
        .join(Member, Member.bioguide == Tenure.bioguide)
        .where(Tenure.ended_on.is_(None), Tenure.ends_on < now.date())
        .order_by(Tenure.seat_id)
    )
    return [Overdue(seat_id, name, ends_on) for seat_id, name, ends_on in rows if ends_on]
