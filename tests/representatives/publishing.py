"""A data set as the sources publish it: congress-legislators' JSON, and the Census Bureau's relationship file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from representatives.relations import FIPS
from representatives.sources import COMMITTEES, DISTRICT_OFFICES, LEGISLATORS

EXAMPLES = Path(__file__).parents[2] / "representatives" / "examples"
RELATIONS = "tab20_cd11920_zcta520_natl.txt"
PARTIES = {"D": "Democrat", "R": "Republican", "I": "Independent", "X": "X Party", "Y": "Y Party"}
NUMBERS = {state: number for number, state in FIPS.items()}

Row = Mapping[str, str]


def rows(table: str, folder: Path = EXAMPLES) -> list[dict[str, str]]:
    """A table of ours."""
    return list(csv.DictReader((folder / f"{table}.csv").read_text("utf-8").splitlines()))


def member(row: Row) -> dict[str, Any]:
    """A member as ``legislators-current.json`` has them, with an earlier term and a phone with dashes."""
    phone = row["dc_phone"]
    term: dict[str, Any] = {
        "type": {"S": "sen", "H": "rep"}[row["chamber"]],
        "start": row["term_start"],
        "end": row["term_end"],
        "state": row["state"],
        "party": PARTIES.get(row["party"], row["party"]),
        "url": row["url"],
        "office": row["office"],
    }
    if row["contact_form"]:
        term["contact_form"] = row["contact_form"]
    if row["caucus"] != row["party"]:
        term["caucus"] = PARTIES.get(row["caucus"], row["caucus"])
    if phone:
        term["phone"] = f"{phone[:3]}-{phone[3:6]}-{phone[6:]}"
    if row["chamber"] == "H":
        term["district"] = int(row["district"])
    else:
        term["class"] = int(row["senate_class"])
    earlier = {**term, "start": "2001-01-03", "end": "2003-01-03", "phone": "202-225-0000"}
    first, _, last = row["name"].rpartition(" ")
    name = {"first": first, "last": row["last"] or last, "official_full": row["name"]}
    return {"id": {"bioguide": row["bioguide"]}, "name": name, "terms": [earlier, term]}


def offices(table: Iterable[Row]) -> list[dict[str, Any]]:
    """District offices as ``legislators-district-offices.json`` has them; a suite may be a number."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        street, _, suite = row["address"].partition(", ")
        phone = row["phone"]
        office = {
            "city": row["city"],
            "state": row["state"],
            "zip": row["zip"],
            "phone": f"{phone[:3]}-{phone[3:6]}-{phone[6:]}" if phone else None,
            "address": street,
            "suite": int(suite) if suite.isdigit() else suite,
            "hours": row["hours"],
        }
        found.setdefault(row["bioguide"], []).append(office)
    return [{"id": {"bioguide": who}, "offices": own} for who, own in found.items()]


def relations(zips: Iterable[Row], congress: int = 119) -> str:
    """The relationship file; the first of a ZIP's districts has most land."""
    head = f"GEOID_CD{congress}_20|NAMELSAD_CD{congress}_20|GEOID_ZCTA5_20|AREALAND_PART|AREAWATER_PART"
    lines = [head, f"{NUMBERS['ME']}ZZ|not defined||0|1000"]
    for row in zips:
        if row["src"] != "z":
            continue
        for rank, token in enumerate(row["districts"].split()):
            code = NUMBERS[token[:2]] + _code(token)
            lines.append(f"{code}|District|{row['zip']}|{9_000_000 - rank}|10")
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def _code(token: str) -> str:
    if token[:2] in ("DC", "PR", "GU", "VI", "AS", "MP"):
        return "98"
    return f"{int(token[2:]):02}"


def publish(folder: Path, *, source: Path = EXAMPLES) -> Path:
    """Write a data set of ours as the sources would publish it."""
    folder.mkdir(parents=True, exist_ok=True)
    members = [member(row) for row in rows("members", source)]
    committees: dict[str, list[dict[str, str]]] = {}
    for row in rows("members", source):
        for code in row["committees"].split():
            committees.setdefault(code, []).append(
                {"bioguide": row["bioguide"], "party": "majority"}
            )
    (folder / LEGISLATORS).write_bytes(orjson.dumps(members))
    (folder / DISTRICT_OFFICES).write_bytes(orjson.dumps(offices(rows("offices", source))))
    (folder / COMMITTEES).write_bytes(orjson.dumps(committees))
    (folder / RELATIONS).write_text(relations(rows("zips", source)), "utf-8", newline="")
    return folder
