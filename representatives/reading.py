"""Read a data set from its folder, and check it before anything is changed.

Our own format: ``members``, ``offices``, ``seats`` and ``zips``, each as ``.csv`` or ``.csv.xz``. The seats
file lists House seats and delegates only; two Senate seats follow for every state in it. The files that
congress-legislators and the Census Bureau publish take the place of any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from representatives.published import member_rows, office_rows, seat_rows
from representatives.relations import read_lines, redrawn
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
from representatives.sources import (
    ATTRIBUTION,
    COMMITTEES,
    DISTRICT_OFFICES,
    LEGISLATORS,
    OWN,
    RELATIONS,
    File,
    by_kind,
    files_in,
    provenance,
    stated_congress,
)
from representatives.tables import BadDataset, Line, Row, Table, csv_table, lines

MEMBER_COLUMNS = (
    "bioguide name last party caucus chamber state district senate_class dc_phone office url"
    " contact_form term_start term_end committees"
)
OFFICE_COLUMNS = "bioguide city state zip phone address hours"
SEAT_COLUMNS = "state district voting status"
ZIP_COLUMNS = "zip tz districts src tz_near"
COLUMNS = {
    "members": MEMBER_COLUMNS,
    "offices": OFFICE_COLUMNS,
    "seats": SEAT_COLUMNS,
    "zips": ZIP_COLUMNS,
}


def read_snapshot(folder: Path) -> Snapshot:
    """Read and check the data set in a folder. Raises BadDataset, which lists every problem."""
    return read_files(files_in(folder))


def read_files(files: Sequence[File], zips: Sequence[Row] = ()) -> Snapshot:
    """Read and check a data set's files; ``zips`` are the rows to use where none are among them.

    Raises BadDataset.
    """
    held = by_kind(files)
    tables, congress = _tables(held, zips)
    snapshot = Snapshot(
        attribution=_attribution(held), congress=congress, sources=provenance(files)
    )
    for read, table, columns in _READERS:
        for line in lines(tables[table], columns, snapshot.notes):
            read(snapshot, line)
    if snapshot.whole_country:
        snapshot.notes.problems.extend(missing(snapshot))
    if snapshot.notes.problems:
        raise BadDataset(snapshot.notes.problems)
    return snapshot


def _tables(held: Mapping[str, File], zips: Sequence[Row]) -> tuple[dict[str, Table], int | None]:
    """The four tables, whichever way they were published; and whose lines the ZIPs follow."""
    tables = {kind: csv_table(held[kind].name, held[kind].data) for kind in OWN if kind in held}
    if LEGISLATORS in held:
        name, committees = held[LEGISLATORS].name, held.get(COMMITTEES)
        sat_on = None if committees is None else committees.data
        rows = member_rows(held[LEGISLATORS].data, sat_on, name)
        tables["members"] = Table(name, MEMBER_COLUMNS.split(), rows)
        tables.setdefault("seats", Table("the seats", SEAT_COLUMNS.split(), seat_rows()))
    if DISTRICT_OFFICES in held:
        name = held[DISTRICT_OFFICES].name
        rows = office_rows(held[DISTRICT_OFFICES].data, name)
        tables["offices"] = Table(name, OFFICE_COLUMNS.split(), rows)
    if zips:
        tables.setdefault("zips", Table("the ZIPs on file", ZIP_COLUMNS.split(), zips))
    absent = [kind for kind in OWN if kind not in tables]
    if absent:
        raise BadDataset([_absent(each) for each in absent])
    congress = stated_congress(held)
    if RELATIONS in held:
        found = read_lines(held[RELATIONS].data, held[RELATIONS].name)
        rows = redrawn(list(tables["zips"].rows), found)
        tables["zips"] = replace(tables["zips"], rows=rows)
        congress = found.congress
    return tables, congress


def _absent(kind: str) -> str:
    names = {
        "members": f"members.csv, members.csv.xz or {LEGISLATORS}",
        "offices": f"offices.csv, offices.csv.xz or {DISTRICT_OFFICES}",
        "seats": "seats.csv or seats.csv.xz",
        "zips": "zips.csv or zips.csv.xz, and no ZIPs are on file yet",
    }
    return f"there is no {names[kind]}"


PUBLISHED = (
    "Members and offices: unitedstates/congress-legislators (CC0 1.0). ZIP codes: Data from GeoNames, "
    "geonames.org (CC BY 4.0). Time zones: © OpenStreetMap contributors (ODbL 1.0)."
)


def _attribution(held: Mapping[str, File]) -> str:
    """Whom the data's licences ask us to name; a set of its own says so in attribution.txt."""
    own = held.get(ATTRIBUTION)
    return own.data.decode("utf-8", "replace").strip() if own else PUBLISHED


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
