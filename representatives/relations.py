"""Which districts a ZIP touches, from the relationship file of the Census Bureau.

``tab20_cd<congress>20_zcta520_natl.txt``, public domain; its columns are described at
https://www.census.gov/programs-surveys/geography/technical-documentation/records-layout/2020-CD-SLD-record-layout.html
Every line is a part of a ZIP area (ZCTA) in a district, with the land and the water in it. Land orders
the choices and never makes one: land is not people.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from representatives.tables import BadDataset, Row

_CONGRESS = re.compile(r"GEOID_CD([0-9]{3})_20")
_ZIP, _LAND = "GEOID_ZCTA5_20", "AREALAND_PART"
_DISTRICT = re.compile(r"[0-9]{4}")
AREA = "z"  # of a ZIP with an area of its own, in our table's column ``src``
POINT = "p"

# The Census Bureau's numbers of the states (FIPS 5-2).
_NUMBERS = (
    "01:AL 02:AK 04:AZ 05:AR 06:CA 08:CO 09:CT 10:DE 11:DC 12:FL 13:GA 15:HI 16:ID 17:IL 18:IN 19:IA"
    " 20:KS 21:KY 22:LA 23:ME 24:MD 25:MA 26:MI 27:MN 28:MS 29:MO 30:MT 31:NE 32:NV 33:NH 34:NJ 35:NM"
    " 36:NY 37:NC 38:ND 39:OH 40:OK 41:OR 42:PA 44:RI 45:SC 46:SD 47:TN 48:TX 49:UT 50:VT 51:VA 53:WA"
    " 54:WV 55:WI 56:WY 60:AS 66:GU 69:MP 72:PR 78:VI"
)
FIPS = dict(pair.split(":") for pair in _NUMBERS.split())
AT_LARGE = frozenset({"00", "98"})  # a whole state, and a delegate's


@dataclass(frozen=True)
class Lines:
    """A Congress's districts by ZIP, written as MA7, the one with most land first."""

    congress: int
    districts: Mapping[str, Sequence[str]]


def read_lines(raw: bytes, name: str) -> Lines:
    """Read a relationship file. Raises BadDataset."""
    reader = csv.DictReader(io.StringIO(_text(raw, name)), delimiter="|")
    columns = {column: _CONGRESS.fullmatch(column) for column in reader.fieldnames or ()}
    own = next(((column, found[1]) for column, found in columns.items() if found), None)
    if own is None or not {_ZIP, _LAND} <= columns.keys():
        raise BadDataset(
            [
                f"{name} lacks a column such as GEOID_CD119_20, {_ZIP} or {_LAND}; is it the right file?"
            ]
        )
    column, congress = own
    land: dict[str, Counter[str]] = defaultdict(Counter)
    for row in reader:
        district = _district(row[column] or "")
        if row[_ZIP] and district:
            land[row[_ZIP]][district] += _area(row[_LAND], name, reader.line_num)
    return Lines(int(congress), {zip_code: _ordered(parts) for zip_code, parts in land.items()})


def redrawn(rows: Iterable[Row], lines: Lines) -> Iterator[Row]:
    """The rows of ``zips`` with the districts of these lines.

    A ZIP without an area keeps its districts only where the state's lines are those it was made from;
    elsewhere it has none, and its people are asked. An area that is new gets the zones of its neighbours.
    """
    rows = list(rows)
    moved = _states_redrawn(rows, lines)
    known = set()
    for row in rows:
        zip_code = row["zip"].strip()
        known.add(zip_code)
        if row["src"] == AREA and zip_code in lines.districts:
            yield {**row, "districts": " ".join(lines.districts[zip_code])}
        elif row["src"] == POINT and {each[:2] for each in row["districts"].split()} & moved:
            yield {**row, "districts": ""}
        else:
            yield row
    zones = _zones_by_prefix(rows)
    for zip_code in sorted(lines.districts.keys() - known):
        near = zones.get(zip_code[:3])
        if near:
            own, *others = near
            yield {
                "zip": zip_code,
                "tz": own,
                "districts": " ".join(lines.districts[zip_code]),
                "src": AREA,
                "tz_near": " ".join(others),
            }


def _states_redrawn(rows: Sequence[Row], lines: Lines) -> set[str]:
    """The states in which an area has changed its district: more than the files' own noise explains."""
    changed, counted = Counter[str](), Counter[str]()
    for row in rows:
        before = row["districts"].split()
        after = lines.districts.get(row["zip"])
        if row["src"] == AREA and before and after:
            counted[before[0][:2]] += 1
            changed[before[0][:2]] += not set(before) & set(after)
    return {state for state, number in changed.items() if number > counted[state] * NOISE}


NOISE = 0.01


def _zones_by_prefix(rows: Iterable[Row]) -> dict[str, list[str]]:
    """The zones in which ZIPs with the same first three digits lie, the most frequent first."""
    zones: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        zones[row["zip"][:3]].update([row["tz"], *row["tz_near"].split()])
    return {start: [zone for zone, _ in found.most_common()] for start, found in zones.items()}


def _ordered(parts: Counter[str]) -> list[str]:
    """Those with most land first; those that meet it in water alone are left out, if others do not."""
    ordered = sorted(parts, key=lambda district: (-parts[district], district))
    return [district for district in ordered if parts[district]] or ordered


def _district(code: str) -> str:
    """``2507`` as MA7, ``5600`` and ``1198`` as WY0 and DC0; "" for water, and what is no district."""
    if not _DISTRICT.fullmatch(code) or code[:2] not in FIPS:
        return ""
    number = 0 if code[2:] in AT_LARGE else int(code[2:])
    return f"{FIPS[code[:2]]}{number}"


def _area(text: str | None, name: str, line: int) -> int:
    try:
        return int(text or "0")
    except ValueError as error:
        raise BadDataset([f"{name} line {line}, {_LAND}: “{text}” is not a number"]) from error


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataset([f"{name} is not in UTF-8"]) from error
