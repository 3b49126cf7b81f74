"""Every seat of the states that ``population`` lives in, each with somebody in it and two more offices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select

from benchmarks.population import STATES
from representatives.models import Member, Office, Seat, Tenure

OFFICES = 2
TERM = {"started_on": date(2025, 1, 3), "ends_on": date(2027, 1, 3), "ended_on": None}


def fill_congress(conn: Connection) -> int:
    """Take the seats that nobody has yet; return how many there are now."""
    known = set(conn.scalars(select(Seat.id)))
    seats = [each for each in _seats() if each["id"] not in known]
    members = [_member(number) for number in range(len(seats))]
    conn.execute(insert(Seat), seats)
    conn.execute(insert(Member), members)
    pairs = list(zip(seats, members, strict=True))
    sits = [{"seat_id": seat["id"], "bioguide": who["bioguide"], **TERM} for seat, who in pairs]
    conn.execute(insert(Tenure), sits)
    conn.execute(insert(Office), [each for seat, who in pairs for each in _offices(seat, who)])
    return len(known) + len(seats)


def _seats() -> Iterator[dict[str, Any]]:
    for state, (_people, _zones, _prefix, districts) in STATES.items():
        numbers = range(1, districts + 1) if districts else (0,)
        for district in numbers:
            seat = {"chamber": "house", "district": district, "senate_class": None}
            yield {"id": f"us:house:{state}:{district}", "state": state, "voting": True, **seat}
        for senate_class in (1, 2):
            seat = {"chamber": "senate", "district": None, "senate_class": senate_class}
            yield {
                "id": f"us:senate:{state}:{senate_class}",
                "state": state,
                "voting": True,
                **seat,
            }


def _member(number: int) -> dict[str, Any]:
    return {
        "bioguide": f"Z{number:06}",
        "name": f"Member {number}",
        "family_name": f"Member {number}",
        "party": "DR"[number % 2],
        "caucus": "DR"[number % 2],
        "phone": f"+1202225{number:04}",
        "office": "100 Longworth",
        "url": "https://example.org",
        "contact_form": "https://example.org/contact",
        "committees": "HSFA SSFR" if number % 10 == 0 else "",
    }


def _offices(seat: Mapping[str, Any], who: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for nth in range(OFFICES):
        phone = f"+1608{nth + 3}{who['bioguide'][1:]}"
        at = {"city": "Springfield", "state": seat["state"], "zip": "53703", "address": "1 Main St"}
        yield {"bioguide": who["bioguide"], "phone": phone, "hours": "", **at}
