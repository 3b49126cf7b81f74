"""Members, offices and committees as congress-legislators publishes them, as rows of our own tables.

https://github.com/unitedstates/congress-legislators (CC0 1.0): JSON files that people keep by hand, with
what that brings: numbers where texts are meant, names that are missing, a phone with dashes. The current
term is the last one; a member who has left is simply not there any more.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from representatives.snapshot import SEATS_OF_HOUSE, TERRITORIES
from representatives.tables import BadDataset, Row

# Committees that decide about El Salvador: foreign affairs, their subcommittees for the hemisphere, and
# the subcommittees that pay for it.
TRACKED = ("HSFA", "HSFA07", "SSFR", "SSFR06", "HSAP04", "SSAP20")
_CHAMBERS = {"sen": "S", "rep": "H"}
_NOT_DIGITS = re.compile(r"[^0-9]")
_BADLY_BEGUN = re.compile(r"^h+ttps?://")


def member_rows(members: bytes, committees: bytes | None, name: str) -> Iterator[Row]:
    """One row of ``members`` for everybody in ``legislators-current.json``."""
    seats = _committees(committees)
    for number, each in enumerate(_list(members, name), start=1):
        term = _last(each.get("terms"), name, number)
        bioguide = _text(_at(each, "id", "bioguide"))
        yield {
            "bioguide": bioguide,
            "name": _name(each.get("name") or {}),
            "last": _text(_at(each, "name", "last")),
            "party": _text(term.get("party"))[:1],
            "caucus": _text(term.get("caucus") or term.get("party"))[:1],
            "chamber": _CHAMBERS.get(_text(term.get("type")), ""),
            "state": _text(term.get("state")),
            "district": _text(term.get("district")) if term.get("type") == "rep" else "",
            "senate_class": _text(term.get("class")),
            "dc_phone": _digits(term.get("phone")),
            "office": _text(term.get("office")),
            "url": _url(term.get("url")),
            "contact_form": _url(term.get("contact_form")),
            "term_start": _text(term.get("start")),
            "term_end": _text(term.get("end")),
            "committees": " ".join(seats[bioguide]),
        }


def office_rows(offices: bytes, name: str) -> Iterator[Row]:
    """One row of ``offices`` for every office in ``legislators-district-offices.json``."""
    for each in _list(offices, name):
        for office in each.get("offices") or ():
            street = (office.get("address"), office.get("suite"), office.get("building"))
            yield {
                "bioguide": _text(_at(each, "id", "bioguide")),
                "city": _text(office.get("city")),
                "state": _text(office.get("state")),
                "zip": _text(office.get("zip")),
                "phone": _digits(office.get("phone")),
                "address": ", ".join(filter(None, map(_text, street))),
                "hours": _text(office.get("hours")),
            }


def seat_rows() -> Iterator[Row]:
    """The 435 seats of the House and six delegates, by the apportionment of 2020 (2 U.S.C. 2a)."""
    for state, number in SEATS_OF_HOUSE.items():
        for district in range(1, number + 1):
            yield _seat(state, 0 if number == 1 else district, voting=True)
    for territory in sorted(TERRITORIES):
        yield _seat(territory, 0, voting=False)


def _seat(state: str, district: int, *, voting: bool) -> Row:
    return {
        "state": state,
        "district": str(district),
        "voting": str(int(voting)),
        "status": "filled",  # who sits there is told by the members
    }


def _committees(raw: bytes | None) -> Mapping[str, Sequence[str]]:
    """The tracked committees of each member, by bioguide, from ``committee-membership-current.json``."""
    found: dict[str, list[str]] = defaultdict(list)
    if raw is None:
        return found
    held = _json(raw, "the committees' file")
    for code in TRACKED:
        for member in held.get(code) or () if isinstance(held, dict) else ():
            found[_text(member.get("bioguide"))].append(code)
    return found


def _list(raw: bytes, name: str) -> list[dict[str, Any]]:
    held = _json(raw, name)
    if not isinstance(held, list) or not all(isinstance(each, dict) for each in held):
        raise BadDataset([f"{name} is not a list of members"])
    return held


def _json(raw: bytes, name: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadDataset([f"{name} is not JSON: {error}"]) from error


def _last(terms: Any, name: str, number: int) -> dict[str, Any]:
    if not isinstance(terms, list) or not terms or not isinstance(terms[-1], dict):
        raise BadDataset([f"{name} member {number}, terms: there are none"])
    return dict(terms[-1])


def _at(each: Mapping[str, Any], group: str, name: str) -> Any:
    held = each.get(group)
    return held.get(name) if isinstance(held, dict) else None


def _name(parts: Mapping[str, Any]) -> str:
    official = _text(parts.get("official_full"))
    return official or " ".join(filter(None, (_text(parts.get("first")), _text(parts.get("last")))))


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _digits(value: Any) -> str:
    """A phone's digits; without the 1 before them, which some have."""
    digits = _NOT_DIGITS.sub("", _text(value))
    return digits.removeprefix("1")


def _url(value: Any) -> str:
    """A web address; one begins with an h too many."""
    return (
        _BADLY_BEGUN.sub("https://", _text(value))
        if _text(value).startswith("hh")
        else _text(value)
    )
