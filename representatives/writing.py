"""Write a data set as the four tables it can be read from again: what an archive holds, and a rollback reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from representatives.reading import COLUMNS
from representatives.snapshot import MemberRow, SeatRow, Snapshot, Term, ZipRow
from representatives.sources import ATTRIBUTION, packed
from representatives.tables import Row

SENATE = "senate"


def archive_of(snapshot: Snapshot, congress: int) -> bytes:
    """A data set as one compact file: ``.tar.xz``, the same bytes for the same data."""
    tables = {
        "members": _members(snapshot),
        "offices": _offices(snapshot),
        "seats": _seats(snapshot),
        "zips": zip_rows(snapshot),
    }
    files = {f"{name}.csv": _csv(COLUMNS[name], rows) for name, rows in tables.items()}
    files[ATTRIBUTION] = snapshot.attribution.encode()
    return packed(files, snapshot.sources, congress)


def zip_rows(snapshot: Snapshot) -> Iterator[Row]:
    """The rows of ``zips``."""
    for row in snapshot.zips.values():
        yield _zip(row)


def _zip(row: ZipRow) -> Row:
    return {
        "zip": row.zip,
        "tz": row.zone,
        "districts": " ".join(f"{state}{number}" for state, number in row.districts),
        "src": row.kind,
        "tz_near": row.near_zones,
    }


def _members(snapshot: Snapshot) -> Iterator[Row]:
    for seat_id, term in sorted(snapshot.holders.items()):
        yield _member(snapshot.seats[seat_id], snapshot.members[term.bioguide], term)


def _member(seat: SeatRow, member: MemberRow, term: Term) -> Row:
    return {
        "bioguide": member.bioguide,
        "name": member.name,
        "last": member.family_name,
        "party": member.party,
        "caucus": member.caucus,
        "chamber": "S" if seat.chamber == SENATE else "H",
        "state": seat.state,
        "district": "" if seat.district is None else str(seat.district),
        "senate_class": "" if seat.senate_class is None else str(seat.senate_class),
        "dc_phone": _digits(member.phone),
        "office": member.office,
        "url": member.url,
        "contact_form": member.contact_form,
        "term_start": term.started_on.isoformat() if term.started_on else "",
        "term_end": term.ends_on.isoformat() if term.ends_on else "",
        "committees": member.committees,
    }


def _offices(snapshot: Snapshot) -> Iterator[Row]:
    for office in snapshot.offices:
        yield {
            "bioguide": office.bioguide,
            "city": office.city,
            "state": office.state,
            "zip": office.zip,
            "phone": _digits(office.phone),
            "address": office.address,
            "hours": office.hours,
        }


def _seats(snapshot: Snapshot) -> Iterator[Row]:
    for seat in snapshot.seats.values():
        if seat.chamber != SENATE:
            yield {
                "state": seat.state,
                "district": str(seat.district or 0),
                "voting": str(int(seat.voting)),
                "status": "filled" if seat.id in snapshot.holders else "vacant",
            }


def _digits(phone: str | None) -> str:
    return (phone or "").removeprefix("+1")


def _csv(columns: str, rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns.split(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
