"""Put a data set of seats, members, offices and ZIPs into the database, all of it or nothing.

Seats stay for ever and people come and go: a member who is no longer in the data has left, and
their tenure ends on the day we learn of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from database.tables import Base
from database.upserts import insert_or
from representatives.lookup import CONGRESS
from representatives.models import Dataset, Member, Office, Seat, Tenure, Zip, ZipDistrict
from representatives.reading import read_snapshot
from representatives.snapshot import Snapshot, Term


@dataclass(frozen=True)
class Loaded:
    """What a load brought."""

    congress: int
    seats: int
    members: int
    offices: int
    zips: int
    arrived: int  # members who took a seat
    left: int  # members whose seat is now another's, or nobody's
    vacant: tuple[str, ...]  # seats nobody holds
    warnings: tuple[str, ...]


def load(conn: Connection, folder: Path, now: datetime, *, congress: int = CONGRESS) -> Loaded:
    """Check the data set in a folder and load it, within the caller's transaction.

    Raises BadDataset before anything is changed.
    """
    return apply(conn, read_snapshot(folder), now, source=folder.name, congress=congress)


def apply(
    conn: Connection, snapshot: Snapshot, now: datetime, *, source: str, congress: int = CONGRESS
) -> Loaded:
    """Load a data set that was read and checked."""
    _put(conn, Seat, "id", [asdict(seat) for seat in snapshot.seats.values()])
    _put(conn, Member, "bioguide", [asdict(member) for member in snapshot.members.values()])
    arrived, left = _seat_everybody(conn, snapshot, now)
    _replace_offices(conn, snapshot)
    _replace_zips(conn, snapshot, congress)
    _note_dataset(conn, snapshot, now, source=source, congress=congress)
    return Loaded(
        congress=congress,
        seats=len(snapshot.seats),
        members=len(snapshot.members),
        offices=len(snapshot.offices),
        zips=len(snapshot.zips),
        arrived=arrived,
        left=left,
        vacant=tuple(snapshot.vacant),
        warnings=(*snapshot.notes.warnings, *_overdue(snapshot, now)),
    )


def _seat_everybody(conn: Connection, snapshot: Snapshot, now: datetime) -> tuple[int, int]:
    """End and begin tenures where the holder of a seat changed; return how many of each."""
    sitting = {
        seat_id: bioguide
        for seat_id, bioguide in conn.execute(
            select(Tenure.seat_id, Tenure.bioguide).where(Tenure.ended_on.is_(None))
        )
        if seat_id in snapshot.seats
    }
    holders = {seat_id: term.bioguide for seat_id, term in snapshot.holders.items()}
    gone = sorted(seat for seat, who in sitting.items() if holders.get(seat) != who)
    come = sorted(seat for seat, who in holders.items() if sitting.get(seat) != who)
    conn.execute(
        update(Tenure)
        .where(Tenure.seat_id.in_(gone), Tenure.ended_on.is_(None))
        .values(ended_on=now.date())
    )
    if come:
        conn.execute(insert(Tenure), [_tenure(seat, snapshot.holders[seat]) for seat in come])
    return len(come), len(gone)


def _tenure(seat_id: str, term: Term) -> dict[str, Any]:
    return {"seat_id": seat_id, **asdict(term), "ended_on": None}


def _replace_offices(conn: Connection, snapshot: Snapshot) -> None:
    """Offices have no identity of their own: those of the members in the data are written anew."""
    conn.execute(delete(Office).where(Office.bioguide.in_(sorted(snapshot.members))))
    if snapshot.offices:
        conn.execute(insert(Office), [asdict(office) for office in snapshot.offices])


def _replace_zips(conn: Connection, snapshot: Snapshot, congress: int) -> None:
    """Another Congress's lines stay as they are: they may be loaded ahead of its first day."""
    zips, districts = [], []
    for row in snapshot.zips.values():
        fields = asdict(row)
        candidates = fields.pop("districts")
        zips.append(fields)
        districts += [
            {"zip": row.zip, "congress": congress, "state": state, "district": number, "rank": rank}
            for rank, (state, number) in enumerate(candidates)
        ]
    conn.execute(delete(ZipDistrict).where(ZipDistrict.congress == congress))
    _put(conn, Zip, "zip", zips)
    if districts:
        conn.execute(insert(ZipDistrict), districts)


def _note_dataset(
    conn: Connection, snapshot: Snapshot, now: datetime, *, source: str, congress: int
) -> None:
    conn.execute(
        insert(Dataset).values(
            source=source,
            sha256=snapshot.sha256,
            attribution=snapshot.attribution,
            congress=congress,
            loaded_at=now,
            members=len(snapshot.members),
            zips=len(snapshot.zips),
        )
    )


def _overdue(snapshot: Snapshot, now: datetime) -> Iterable[str]:
    """Members past the end of their term: the data is older than the last election."""
    for seat_id, term in sorted(snapshot.holders.items()):
        if term.ends_on and term.ends_on < now.date():
            name = snapshot.members[term.bioguide].name
            yield f"{name} ({seat_id}) is past the end of their term, {term.ends_on.isoformat()}"


def _put(conn: Connection, model: type[Base], key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or bring those that are there up to date."""
    if not rows:
        return
    statement = insert_or(conn, model)
    newer = {name: statement.excluded[name] for name in rows[0] if name != key}
    conn.execute(statement.on_conflict_do_update(index_elements=[key], set_=newer), rows)
