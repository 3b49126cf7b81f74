"""What a data set would change, seat by seat, for people to read before it counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from representatives.models import Member, Office, Seat, Tenure, ZipDistrict
from representatives.snapshot import Snapshot


class What(StrEnum):
    """What changes about a seat."""

    ARRIVED = "arrived"  # somebody takes a seat that was vacant
    SUCCEEDED = "succeeded"  # somebody else holds it
    VACATED = "vacated"
    PHONE = "phone"
    ROOM = "room"
    PARTY = "party"
    OFFICES = "offices"  # in the district


@dataclass(frozen=True)
class Change:
    """One change of one seat."""

    seat_id: str
    what: What
    name: str  # who holds the seat, afterwards; of one that becomes vacant, before
    before: str
    after: str
    left: str = ""  # the family name of whoever holds it no more: words that say it are wrong


@dataclass(frozen=True)
class Changes:
    """All that a data set would change."""

    seats: Sequence[Change]
    zips: Mapping[str, int]  # ZIPs whose districts change, by state ("" = none before)

    def of(self, *what: What) -> list[Change]:
        """Those of some kinds."""
        return [each for each in self.seats if each.what in what]


@dataclass(frozen=True)
class _Held:
    """Who holds a seat, as far as it is compared."""

    bioguide: str
    name: str
    family_name: str
    phone: str
    room: str
    party: str


def changes(conn: Connection, snapshot: Snapshot, congress: int) -> Changes:
    """Compare a data set that was read and checked with what is on file; only reads."""
    before, after = _on_file(conn), _in_snapshot(snapshot)
    offices_before, offices_after = _offices_on_file(conn), _offices_in(snapshot)
    found: list[Change] = []
    for seat_id in sorted(snapshot.seats.keys() | before.keys()):
        was, becomes = before.get(seat_id), after.get(seat_id)
        found += _of_seat(seat_id, was, becomes)
        if was and becomes and was.bioguide == becomes.bioguide:
            held = (offices_before[was.bioguide], offices_after[was.bioguide])
            found += _of_offices(seat_id, becomes.name, *held)
    return Changes(found, _zips(conn, snapshot, congress))


def _of_seat(seat_id: str, was: _Held | None, becomes: _Held | None) -> Iterator[Change]:
    if was is None or becomes is None:
        if becomes is not None:
            yield Change(seat_id, What.ARRIVED, becomes.name, "", becomes.name)
        if was is not None:
            yield Change(seat_id, What.VACATED, was.name, was.name, "", was.family_name)
    elif was.bioguide != becomes.bioguide:
        names = (becomes.name, was.name, becomes.name)
        yield Change(seat_id, What.SUCCEEDED, *names, left=was.family_name)
    else:
        compared = ((What.PHONE, "phone"), (What.ROOM, "room"), (What.PARTY, "party"))
        for what, name in compared:
            old, new = getattr(was, name), getattr(becomes, name)
            if old != new:
                yield Change(seat_id, what, becomes.name, old, new)


def _of_offices(seat_id: str, name: str, was: set[str], becomes: set[str]) -> Iterator[Change]:
    if was != becomes:
        gone, new = sorted(was - becomes), sorted(becomes - was)
        yield Change(seat_id, What.OFFICES, name, "; ".join(gone), "; ".join(new))


def _on_file(conn: Connection) -> dict[str, _Held]:
    rows = conn.execute(
        select(Seat.id, Member)
        .join(Tenure, (Tenure.seat_id == Seat.id) & Tenure.ended_on.is_(None))
        .join(Member, Member.bioguide == Tenure.bioguide)
    )
    return {row.id: _held(row) for row in rows}


def _in_snapshot(snapshot: Snapshot) -> dict[str, _Held]:
    return {
        seat_id: _held(snapshot.members[term.bioguide])
        for seat_id, term in snapshot.holders.items()
    }


def _held(member: Any) -> _Held:
    """Of a member in the data, or of their row on file."""
    return _Held(
        member.bioguide,
        member.name,
        member.family_name,
        member.phone or "",
        member.office,
        member.party,
    )


def _offices_on_file(conn: Connection) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    columns = (Office.bioguide, Office.city, Office.phone)
    for bioguide, city, phone in conn.execute(select(*columns)):
        found[bioguide].add(f"{city} {phone or ''}".strip())
    return found


def _offices_in(snapshot: Snapshot) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for office in snapshot.offices:
        found[office.bioguide].add(f"{office.city} {office.phone or ''}".strip())
    return found


def _zips(conn: Connection, snapshot: Snapshot, congress: int) -> Mapping[str, int]:
    before: dict[str, set[tuple[str, int]]] = defaultdict(set)
    columns = (ZipDistrict.zip, ZipDistrict.state, ZipDistrict.district)
    for zip_code, state, district in conn.execute(
        select(*columns).where(ZipDistrict.congress == congress)
    ):
        before[zip_code].add((state, district))
    moved = Counter[str]()
    for zip_code in before.keys() | snapshot.zips.keys():
        row = snapshot.zips.get(zip_code)
        after = set(row.districts) if row else set()
        if before[zip_code] != after:
            moved[min(before[zip_code] | after)[0]] += 1
    return dict(sorted(moved.items()))
