"""Put a data set of seats, members, offices and ZIPs into the database, all of it or nothing.

Seats stay for ever and people come and go: a member who is no longer in the data has left, and
their tenure ends on the day we learn of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from database.bulk import insert_many
from database.tables import Base
from database.upserts import insert_or
from representatives import corrections
from representatives.maps import CONGRESS, begins, congress_at
from representatives.models import (
    Dataset,
    DatasetFile,
    Member,
    Office,
    Seat,
    Tenure,
    Zip,
    ZipDistrict,
)
from representatives.reading import read_files, read_snapshot
from representatives.snapshot import STATES, Snapshot, Term
from representatives.sources import ARCHIVE, File, by_kind, unpacked
from representatives.tables import BadDataset, Row
from representatives.writing import archive_of

OLD = timedelta(days=60)  # a members' file of that age deserves a thought
MOST_CHANGE = 0.1
KEPT = 2  # data sets kept whole: the one in force, and the one to go back to


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
    caught_up: tuple[str, ...] = ()  # seats whose correction the data agrees with now
    contradicted: tuple[str, ...] = ()  # seats of which data and correction say something new each


class NothingBefore(LookupError):
    """There is no data set before this one to go back to."""


def load(conn: Connection, folder: Path, now: datetime, *, congress: int | None = None) -> Loaded:
    """Check the data set in a folder and load it, within the caller's transaction.

    Raises BadDataset before anything is changed.
    """
    return apply(conn, read_snapshot(folder), now, source=folder.name, congress=congress)


def stage(conn: Connection, files: Sequence[File]) -> Snapshot:
    """Read and check a data set's files against each other and against what is on file; only reads.

    Where there are no ZIPs among them, those on file are taken. Raises BadDataset.
    """
    held = by_kind(files)
    zips = () if "zips" in held else _zips_on_file(conn)
    snapshot = read_files(files, zips)
    shrunk = list(_implausible(conn, snapshot))
    if shrunk:
        raise BadDataset(shrunk)
    return snapshot


def apply(
    conn: Connection,
    snapshot: Snapshot,
    now: datetime,
    *,
    source: str,
    congress: int | None = None,
    restores: int | None = None,
) -> Loaded:
    """Load a data set that was read and checked; organizers' corrections it agrees with give way.

    ``congress`` says whose lines the ZIPs follow, where the data set itself does not.
    """
    lines = snapshot.congress or congress or newest_congress(conn)
    _put(conn, Seat, "id", [asdict(seat) for seat in snapshot.seats.values()])
    _put(conn, Member, "bioguide", [asdict(member) for member in snapshot.members.values()])
    turn = _turn(lines, now)
    arrived, left = _seat_everybody(conn, snapshot, turn, whole=restores is not None)
    _replace_offices(conn, snapshot)
    _replace_zips(conn, snapshot, lines)
    _note_dataset(conn, snapshot, now, source=source, congress=lines, restores=restores)
    caught_up, contradicted = corrections.give_way(conn, now=now)
    return Loaded(
        congress=lines,
        seats=len(snapshot.seats),
        members=len(snapshot.members),
        offices=len(snapshot.offices),
        zips=len(snapshot.zips),
        arrived=arrived,
        left=left,
        vacant=tuple(snapshot.vacant),
        warnings=tuple(warnings(snapshot, now)),
        caught_up=tuple(each.seat_id for each in caught_up),
        contradicted=tuple(each.seat_id for each in contradicted),
    )


def roll_back(conn: Connection, now: datetime) -> Loaded:
    """Bring back the data set that was in force before the last one. Raises NothingBefore.

    Doing it twice brings the last one back.
    """
    newest = select(Dataset.id, Dataset.archive, Dataset.source, Dataset.congress)
    before = conn.execute(newest.order_by(Dataset.id.desc()).offset(1).limit(1)).first()
    if before is None or before.archive is None:
        raise NothingBefore(NothingBefore.__doc__)
    name = f"dataset-{before.id}{ARCHIVE}"
    snapshot = read_files(unpacked(File(name, before.archive, before.source)))
    return apply(
        conn,
        snapshot,
        now,
        source=before.source,
        congress=before.congress,
        restores=before.id,
    )


def archive_in_force(conn: Connection) -> bytes:
    """The data set that is in force, as a snapshot archive. Raises NothingBefore."""
    newest = select(Dataset.archive).order_by(Dataset.id.desc()).limit(1)
    archive = conn.scalar(newest)
    if archive is None:
        raise NothingBefore("No data set is loaded, or none that was kept whole; load one first.")
    return archive


def warnings(snapshot: Snapshot, now: datetime) -> Iterator[str]:
    """What deserves a thought about a data set, and stops nothing."""
    yield from snapshot.notes.warnings
    yield from _overdue(snapshot, now)
    if snapshot.dated and now.date() - snapshot.dated > OLD:
        days = (now.date() - snapshot.dated).days
        yield f"the members' file is {days} days old, of {snapshot.dated.isoformat()}"
    silent = sum(office.phone is None for office in snapshot.offices)
    if silent:
        yield f"{silent} of {len(snapshot.offices)} district offices have no phone"
    plain = sum(member.url.startswith("http://") for member in snapshot.members.values())
    if plain:
        yield f"{plain} members' web sites are given without https"


def _implausible(conn: Connection, snapshot: Snapshot) -> Iterator[str]:
    """A table of the whole country that is a tenth smaller or larger than the one it replaces is wrong.

    A new Congress is the exception: then much changes at once.
    """
    columns = (Dataset.congress, Dataset.members, Dataset.offices, Dataset.zips)
    before = conn.execute(select(*columns).order_by(Dataset.id.desc()).limit(1)).first()
    if before is None or not snapshot.whole_country or before.members < len(STATES):
        return
    if snapshot.congress not in (None, before.congress):
        return
    counted = (
        ("members", before.members, len(snapshot.members)),
        ("district offices", before.offices, len(snapshot.offices)),
        ("ZIPs", before.zips, len(snapshot.zips)),
    )
    for name, was, becomes in counted:
        if abs(becomes - was) > was * MOST_CHANGE:
            yield f"{becomes:,} {name} would take the place of {was:,}; a file seems to be cut short"


def newest_congress(conn: Connection) -> int:
    """The Congress whose lines the newest data set follows, also if it has not begun."""
    newest = select(Dataset.congress).order_by(Dataset.id.desc()).limit(1)
    return conn.scalar(newest) or CONGRESS


def _zips_on_file(conn: Connection) -> list[Row]:
    congress = newest_congress(conn)
    districts: dict[str, list[str]] = defaultdict(list)
    columns = (ZipDistrict.zip, ZipDistrict.state, ZipDistrict.district)
    chosen = select(*columns).where(ZipDistrict.congress == congress)
    for zip_code, state, number in conn.execute(chosen.order_by(ZipDistrict.rank)):
        districts[zip_code].append(f"{state}{number}")
    rows = conn.execute(select(Zip.zip, Zip.zone, Zip.near_zones, Zip.kind).order_by(Zip.zip))
    return [
        {
            "zip": row.zip,
            "tz": row.zone,
            "districts": " ".join(districts[row.zip]),
            "src": row.kind,
            "tz_near": row.near_zones,
        }
        for row in rows
    ]


def _turn(congress: int, now: datetime) -> date:
    """The day on which members change: today, or a coming Congress's first where it is loaded ahead."""
    return begins(congress).date() if congress > congress_at(now) else now.date()


def _seat_everybody(
    conn: Connection, snapshot: Snapshot, turn: date, *, whole: bool
) -> tuple[int, int]:
    """End and begin tenures where the holder of a seat changed; return how many of each.

    Whoever was elected again sits on, to the end of their new term. Of seats that are not in the data
    nothing is said, unless it is the ``whole`` there was before.
    """
    sitting = {
        seat_id: bioguide
        for seat_id, bioguide in conn.execute(
            select(Tenure.seat_id, Tenure.bioguide).where(Tenure.ended_on.is_(None))
        )
        if whole or seat_id in snapshot.seats
    }
    holders = {seat_id: term.bioguide for seat_id, term in snapshot.holders.items()}
    gone = sorted(seat for seat, who in sitting.items() if holders.get(seat) != who)
    come = sorted(seat for seat, who in holders.items() if sitting.get(seat) != who)
    stay = sorted(seat for seat, who in holders.items() if sitting.get(seat) == who)
    conn.execute(
        update(Tenure)
        .where(Tenure.seat_id.in_(gone), Tenure.ended_on.is_(None))
        .values(ended_on=turn)
    )
    _prolong(conn, {seat: snapshot.holders[seat].ends_on for seat in stay})
    if come:
        conn.execute(insert(Tenure), [_tenure(seat, snapshot.holders[seat]) for seat in come])
    return len(come), len(gone)


def _prolong(conn: Connection, terms: Mapping[str, date | None]) -> None:
    """Note to when those who sit on are elected now."""
    rows = [{"the_seat": seat, "ends": ends} for seat, ends in terms.items()]
    if rows:
        sits = (Tenure.seat_id == bindparam("the_seat")) & Tenure.ended_on.is_(None)
        changed = update(Tenure).where(sits)
        conn.execute(changed.values(ends_on=bindparam("ends")), rows)


def _tenure(seat_id: str, term: Term) -> dict[str, Any]:
    return {"seat_id": seat_id, **asdict(term), "ended_on": None}


def _replace_offices(conn: Connection, snapshot: Snapshot) -> None:
    """Offices have no identity of their own: those of the members in the data are written anew."""
    conn.execute(delete(Office).where(Office.bioguide.in_(sorted(snapshot.members))))
    if snapshot.offices:
        conn.execute(insert(Office), [asdict(office) for office in snapshot.offices])


def _replace_zips(conn: Connection, snapshot: Snapshot, congress: int) -> None:
    """Another Congress's lines stay as they are: they may be loaded ahead of its first day."""
    rows = snapshot.zips.values()
    zips = [(row.zip, row.state, row.zone, row.near_zones, row.kind) for row in rows]
    districts = [
        (row.zip, state, number, rank)
        for row in rows
        for rank, (state, number) in enumerate(row.districts)
    ]
    conn.execute(delete(ZipDistrict).where(ZipDistrict.congress == congress))
    insert_many(conn, Zip.__table__, ZIP, zips, shared={}, on_conflict=NEWER_ZIP)
    columns, shared = ("zip", "state", "district", "rank"), {"congress": congress}
    insert_many(conn, ZipDistrict.__table__, columns, districts, shared=shared)


ZIP = ("zip", "state", "zone", "near_zones", "kind")
NEWER_ZIP = (
    f"ON CONFLICT (zip) DO UPDATE SET {', '.join(f'{each} = excluded.{each}' for each in ZIP[1:])}"
)


def _note_dataset(
    conn: Connection,
    snapshot: Snapshot,
    now: datetime,
    *,
    source: str,
    congress: int,
    restores: int | None,
) -> None:
    row = insert(Dataset).values(
        source=source,
        sha256=snapshot.sha256,
        attribution=snapshot.attribution,
        congress=congress,
        loaded_at=now,
        members=len(snapshot.members),
        zips=len(snapshot.zips),
        offices=len(snapshot.offices),
        dated=snapshot.dated,
        archive=archive_of(snapshot, congress),
        restores=restores,
    )
    dataset_id = conn.execute(row.returning(Dataset.id)).scalar_one()
    files = [{"dataset_id": dataset_id, **asdict(each)} for each in snapshot.sources]
    if files:
        conn.execute(insert(DatasetFile), files)
    kept = select(Dataset.id).order_by(Dataset.id.desc()).limit(KEPT).scalar_subquery()
    conn.execute(update(Dataset).where(Dataset.id.not_in(kept)).values(archive=None))


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
