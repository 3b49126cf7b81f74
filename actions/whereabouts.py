"""Where does this person vote? As their ZIP tells, as they or an organizer said, or as their address lies.

Whatever was said counts while the lines hold that it follows; an organizer's word always wins.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from contacts.addresses import normalise_zip
from contacts.merging import facts_of, places_of_people
from contacts.models import Contact
from representatives.districts import (
    ADDRESS,
    BOX,
    MANY,
    MILITARY,
    ORGANIZER,
    PICKED,
    District,
    Place,
)
from representatives.lookup import house_officials, place
from representatives.maps import congress_at, holds

WRITTEN = re.compile(r"([A-Z]{2})[- ]?(\d{1,2}|AL)")
AT_LARGE = "AL"
READ_ELSEWHERE = (BOX, MANY, MILITARY)  # only boxes touch so many districts


class NotACandidate(ValueError):
    """That district does not lie in this person's ZIP; choose one of those shown."""


class BadDistrict(ValueError):
    """What an organizer wrote is no district; the message says what to write."""


def place_of_contact(conn: Connection, contact_id: int, *, now: datetime) -> Place:
    """Where a contact is represented: as settled on their row, else what their ZIP leaves open.

    What is on their row counts while the lines hold that it follows.
    """
    columns = (Contact.zip, Contact.state, Contact.district, Contact.district_how)
    asked = select(*columns, Contact.district_congress).where(Contact.id == contact_id)
    row = conn.execute(asked).one()
    by_zip = place(conn, row.zip, now=now)
    if row.district is None or not holds(row.state, row.district, row.district_congress, now):
        return replace(by_zip, state=by_zip.state or ("" if by_zip.states else row.state))
    return _settled(by_zip, District(row.state, row.district), row.district_how)


def place_of_choice(
    conn: Connection, zip_code: str, state: str, district: int, *, now: datetime
) -> Place:
    """Where somebody is who picked a district their ZIP allows; raises NotACandidate for others."""
    by_zip = place(conn, zip_code, now=now)
    if District(state, district) not in by_zip.candidates:
        raise NotACandidate(NotACandidate.__doc__)
    return _settled(by_zip, District(state, district), PICKED)


def place_of_address(
    conn: Connection, zip_code: str, state: str, district: int, *, now: datetime
) -> Place:
    """Where somebody is whose street address lies in a district.

    Raises NotACandidate for a seat that does not exist, and for one outside the states of their ZIP.
    """
    by_zip, found = place(conn, zip_code, now=now), District(state, district)
    if not is_plausible(by_zip, state) or not house_officials(conn, [(state, district)], now=now):
        raise NotACandidate(NotACandidate.__doc__)
    return replace(_settled(by_zip, found, ADDRESS), congress=congress_at(now))


def is_plausible(where: Place, state: str) -> bool:
    """Whether somebody whose ZIP tells this much may live in a state.

    Boxes and military mail do not tell where one lives, nor does an unknown ZIP without a state.
    """
    known = where.states or (where.state,)
    return where.how in READ_ELSEWHERE or known == ("",) or state in known


def pick_district(
    conn: Connection, contact_id: int, state: str, district: int, *, now: datetime
) -> None:
    """Remember which of the districts in their ZIP a contact says is theirs.

    An organizer's correction stays as it is. Raises NotACandidate for any other district.
    """
    zip_code = conn.execute(select(Contact.zip).where(Contact.id == contact_id)).scalar_one()
    _remember(conn, contact_id, place_of_choice(conn, zip_code, state, district, now=now), now)


def place_by_address(
    conn: Connection, contact_id: int, state: str, district: int, *, now: datetime
) -> None:
    """Remember in which district a contact's street address lies; the address itself is not kept.

    An organizer's correction stays as it is. Raises NotACandidate as ``place_of_address``.
    """
    zip_code = conn.execute(select(Contact.zip).where(Contact.id == contact_id)).scalar_one()
    _remember(conn, contact_id, place_of_address(conn, zip_code, state, district, now=now), now)


def reopen_district(conn: Connection, contact_id: int, *, now: datetime) -> None:
    """A contact says that the member named is not theirs: how their district is known counts no more.

    What their ZIP alone does not settle is open again. An organizer's word stays as it is.
    """
    zip_code = conn.execute(select(Contact.zip).where(Contact.id == contact_id)).scalar_one()
    _remember(conn, contact_id, place(conn, zip_code, now=now), now)


def correct_home(conn: Connection, contact_id: int, zip_code: str, *, now: datetime) -> None:
    """A contact tells the ZIP of their home: place and time zones follow from it, as from an import.

    With another ZIP, what was known of the town and said of the district is void. Raises BadZip.
    """
    zip_code = normalise_zip(zip_code)
    known = conn.execute(select(Contact.zip).where(Contact.id == contact_id)).scalar_one()
    if known == zip_code:
        return
    moved = {"zip": zip_code, "city": ""}
    conn.execute(update(Contact).where(Contact.id == contact_id).values(moved))
    [found] = places_of_people(conn, [facts_of(conn, [contact_id])[contact_id]], now=now)
    conn.execute(update(Contact).where(Contact.id == contact_id).values(dict(found)))


def assign_district(conn: Connection, contact_id: int, written: str, *, now: datetime) -> None:
    """Write down an organizer's word on where a contact votes, such as WI-2 or AK-AL.

    It wins over what the person picks, while the lines hold. Nothing written takes it back, and what the
    ZIP tells counts again. Raises BadDistrict.
    """
    zip_code = conn.execute(select(Contact.zip).where(Contact.id == contact_id)).scalar_one()
    where = place(conn, zip_code, now=now)
    if written.strip():
        found = _seat_of(conn, written, now)
        where = replace(_settled(where, found, ORGANIZER), congress=congress_at(now))
    _write(conn, contact_id, where)


def _seat_of(conn: Connection, written: str, now: datetime) -> District:
    match = WRITTEN.fullmatch(written.strip().upper())
    if match is None:
        raise BadDistrict(f"“{written.strip()}” is not a district; write one such as WI-2 or AK-AL")
    found = District(match[1], 0 if match[2] == AT_LARGE else int(match[2]))
    if not house_officials(conn, [(found.state, found.number)], now=now):
        raise BadDistrict(f"there is no district {match[1]}-{match[2]}; write one such as WI-2")
    return found


def _settled(by_zip: Place, found: District, how: str) -> Place:
    return replace(
        by_zip, state=found.state, district=found.number, how=how, candidates=(), states=()
    )


def _remember(conn: Connection, contact_id: int, where: Place, now: datetime) -> None:
    """Write a district down, unless an organizer's word stands that still holds."""
    said = select(Contact.state, Contact.district, Contact.district_how, Contact.district_congress)
    row = conn.execute(said.where(Contact.id == contact_id)).one()
    said_by_organizer = row.district_how == ORGANIZER and row.district is not None
    if said_by_organizer and holds(row.state, row.district, row.district_congress, now):
        return
    _write(conn, contact_id, where)


def _write(conn: Connection, contact_id: int, where: Place) -> None:
    values = {"state": where.state, "district": where.district, "district_how": where.how}
    values["district_congress"] = where.congress
    conn.execute(update(Contact).where(Contact.id == contact_id).values(values))
