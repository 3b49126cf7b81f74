"""Read a data set from its folder, and check it before anything is changed.

The format: ``members``, ``offices``, ``seats`` and ``zips``, each as ``.csv`` or ``.csv.xz``. The seats
file lists House seats and delegates only; two Senate seats follow for every state in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from representatives.snapshot import (
    SENATE_CLASSES,
    STATES,
    TERRITORIES,
    MemberRow,
    OfficeRow,
    SeatRow,
    Snapshot,
    Term,
    ZipRow,
    missing,
)
from representatives.tables import BadDataset, Line, file_of, lines

MEMBER_COLUMNS = (
    "bioguide name last party caucus chamber state district senate_class dc_phone office url"
    " contact_form term_start term_end committees"
)
OFFICE_COLUMNS = "bioguide city state zip phone address hours"
SEAT_COLUMNS = "state district voting status"
ZIP_COLUMNS = "zip tz districts src tz_near"


def read_snapshot(folder: Path) -> Snapshot:
    """Read and check the data set in a folder. Raises BadDataset, which lists every problem."""
    if not folder.is_dir():
        raise BadDataset([f"{folder} is not a folder"])
    snapshot = Snapshot(sha256=_sha256(folder), attribution=_attribution(folder))
    for read, table, columns in _READERS:
        for line in lines(file_of(folder, table), columns, snapshot.notes):
            read(snapshot, line)
    if snapshot.whole_country:
        snapshot.notes.problems.extend(missing(snapshot))
    if snapshot.notes.problems:
        raise BadDataset(snapshot.notes.problems)
    return snapshot


def _sha256(folder: Path) -> str:
    digest = hashlib.sha256()
    for table in ("members", "offices", "seats", "zips"):
        digest.update(file_of(folder, table).read_bytes())
    return digest.hexdigest()


PUBLISHED = (
    "Members and offices: unitedstates/congress-legislators (CC0 1.0). ZIP codes: Data from GeoNames, "
    "geonames.org (CC BY 4.0). Time zones: © OpenStreetMap contributors (ODbL 1.0)."
)


def _attribution(folder: Path) -> str:
    """Whom the data's licences ask us to name; a set of its own says so in attribution.txt."""
    own = folder / "attribution.txt"
    return own.read_text("utf-8").strip() if own.is_file() else PUBLISHED


def _read_seat(snapshot: Snapshot, line: Line) -> None:
    state = line.choice("state", " ".join(sorted(STATES | TERRITORIES)))
    district, voting = line.number_of("district"), line.choice("voting", "0 1") == "1"
    line.choice("status", "filled vacant")
    chamber = "house" if voting else "delegate"
    seat = SeatRow(f"us:{chamber}:{state}:{district}", chamber, state, district, None, voting)
    if seat.id in snapshot.seats:
        line.wrong("district", f"{state}-{district} stands here twice")
    snapshot.seats[seat.id] = seat
    for number, states in SENATE_CLASSES.items():
        if state in states.split():
            own = f"us:senate:{state}:{number}"
            snapshot.seats[own] = SeatRow(own, "senate", state, None, number, voting=True)


def _read_member(snapshot: Snapshot, line: Line) -> None:
    bioguide = line.required("bioguide")
    if bioguide in snapshot.members:
        line.wrong("bioguide", f"{bioguide} stands here twice")
    snapshot.members[bioguide] = MemberRow(
        bioguide=bioguide,
        name=line.required("name"),
        family_name=line.text("last"),
        party=line.text("party"),
        caucus=line.text("caucus"),
        phone=line.phone("dc_phone"),
        office=line.text("office"),
        url=line.url("url"),
        contact_form=line.url("contact_form"),
        committees=line.text("committees"),
    )
    _seat_member(snapshot, line, bioguide)


def _seat_member(snapshot: Snapshot, line: Line, bioguide: str) -> None:
    column, seat_id = _seat_of(snapshot, line)
    if seat_id not in snapshot.seats:
        line.wrong(column, f"{bioguide} sits in {seat_id}, a seat that seats.csv does not list")
    elif seat_id in snapshot.holders:
        other = snapshot.holders[seat_id].bioguide
        line.wrong(column, f"{bioguide} and {other} cannot both hold {seat_id}")
    else:
        term = Term(bioguide, line.date_of("term_start"), line.date_of("term_end"))
        snapshot.holders[seat_id] = term


def _seat_of(snapshot: Snapshot, line: Line) -> tuple[str, str]:
    state = line.text("state")
    if line.choice("chamber", "S H") == "S":
        return "senate_class", f"us:senate:{state}:{line.number_of('senate_class')}"
    district = line.number_of("district")
    return "district", _house_seat(snapshot, state, district)


def _house_seat(snapshot: Snapshot, state: str, district: int) -> str:
    delegate = f"us:delegate:{state}:{district}"
    return delegate if delegate in snapshot.seats else f"us:house:{state}:{district}"


def _read_office(snapshot: Snapshot, line: Line) -> None:
    bioguide = line.required("bioguide")
    if bioguide not in snapshot.members:
        line.wrong("bioguide", f"members.csv has no {bioguide}")
    zip_code = line.text("zip")
    if zip_code and not _ZIP_PLUS_4.fullmatch(zip_code):
        line.wrong("zip", f"“{zip_code}” is not a ZIP code of five digits")
    office = OfficeRow(
        bioguide=bioguide,
        city=line.text("city"),
        state=line.text("state"),
        zip=zip_code[:5],
        phone=line.phone("phone"),
        address=line.text("address"),
        hours=line.text("hours"),
    )
    snapshot.offices.append(office)


def _read_zip(snapshot: Snapshot, line: Line) -> None:
    zip_code, kind = line.text("zip"), line.choice("src", "z p m f")
    if not _ZIP.fullmatch(zip_code):
        line.wrong("zip", f"“{zip_code}” is not a ZIP code of five digits")
    if zip_code in snapshot.zips:
        line.wrong("zip", f"{zip_code} stands here twice")
    districts = tuple(_districts(snapshot, line))
    snapshot.zips[zip_code] = ZipRow(
        zip=zip_code,
        # The first district is the one that holds the ZIP's middle.
        state=districts[0][0] if districts else "",
        zone=_zone(line, "tz", line.required("tz")),
        near_zones=" ".join(_zone(line, "tz_near", name) for name in line.text("tz_near").split()),
        kind=kind,
        districts=districts,
    )


def _districts(snapshot: Snapshot, line: Line) -> Iterator[tuple[str, int]]:
    for token in line.text("districts").split():
        found = _DISTRICT.fullmatch(token)
        if not found:
            line.wrong("districts", f"“{token}” is not a district such as MA7")
        elif _house_seat(snapshot, found[1], int(found[2])) not in snapshot.seats:
            line.wrong("districts", f"{token} is a seat that seats.csv does not list")
        else:
            yield found[1], int(found[2])


def _zone(line: Line, column: str, name: str) -> str:
    if name and not _is_zone(name):
        line.wrong(column, f"“{name}” is not a time zone")
    return name


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


_ZIP = re.compile(r"[0-9]{5}")
_ZIP_PLUS_4 = re.compile(r"[0-9]{5}(?:-[0-9]{4})?")
_DISTRICT = re.compile(r"([A-Z]{2})([0-9]{1,2})")
_READERS = (
    (_read_seat, "seats", SEAT_COLUMNS),
    (_read_member, "members", MEMBER_COLUMNS),
    (_read_office, "offices", OFFICE_COLUMNS),
    (_read_zip, "zips", ZIP_COLUMNS),
)
