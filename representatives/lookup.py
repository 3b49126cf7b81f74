"""Who represents a person: from a ZIP to a district, to seats, members and their offices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from database.bulk import among_given, texts_given
from representatives.corrections import Field, InForce, by_seat
from representatives.districts import District, Place, ZipLines, decide
from representatives.maps import CONGRESS, holds, lines_at, sitting_day
from representatives.models import Dataset, Member, Office, Seat, Tenure, Zip, ZipDistrict
from representatives.timezones import zones_of_phone, zones_of_zip

__all__ = [
    "CONGRESS",
    "ROLES",
    "DistrictOffice",
    "Official",
    "ZipFacts",
    "house_officials",
    "newest_dataset",
    "official",
    "officials",
    "officials_in",
    "place",
    "place_of",
    "places",
    "zip_facts",
]


@dataclass(frozen=True)
class DistrictOffice:
    """An office outside Washington."""

    city: str
    state: str
    phone: str | None  # E.164
    address: str
    hours: str


@dataclass(frozen=True)
class Official:
    """A seat and whoever holds it. A vacant seat is shown as vacant, never left out.

    A seat whose holder's term is over, and of whose next one we do not know yet, is ``unnamed``:
    it has no name, no number and no offices here, so that nobody calls a former member.
    """

    seat_id: str
    role: str  # representative | senator | delegate
    state: str
    district: int | None  # 0 = at large or delegate; None for senators
    voting: bool
    vacant: bool
    vacant_since: date | None  # None also where the data does not say
    unnamed: bool  # somebody was elected to it, whom the data does not know
    bioguide: str
    name: str
    family_name: str
    party: str
    phone: str | None  # Washington office, E.164
    office: str
    url: str
    contact_form: str
    committees: tuple[str, ...]
    offices: tuple[DistrictOffice, ...]


ROLES = {"house": "representative", "senate": "senator", "delegate": "delegate"}


def place(conn: Connection, zip_code: str, phone: str | None = None, *, now: datetime) -> Place:
    """Where a person with this ZIP ("" = not known) and this phone (E.164) is."""
    return places(conn, [(zip_code, phone)], now=now)[zip_code, phone]


def places(
    conn: Connection, people: Iterable[tuple[str, str | None]], *, now: datetime
) -> dict[tuple[str, str | None], Place]:
    """The places of many people at once, by ZIP and phone."""
    people = set(people)
    facts = zip_facts(conn, {zip_code for zip_code, _ in people}, now=now)
    return {
        (zip_code, phone): place_of(zip_code, phone, facts[zip_code]) for zip_code, phone in people
    }


@dataclass(frozen=True)
class ZipFacts:
    """What is on file about a ZIP."""

    lines: ZipLines
    zones: frozenset[str] | None  # None: the ZIP is not listed, so the phone must tell

    def zones_with(self, phone: str | None) -> frozenset[str]:
        """The zones in which a person with this ZIP and this phone (E.164) may be."""
        return zones_of_phone(phone) if self.zones is None else self.zones


def zip_facts(conn: Connection, zips: Iterable[str], *, now: datetime) -> dict[str, ZipFacts]:
    """What is on file about each of these ZIPs; "" stands for one that is not known."""
    zips = set(zips)
    known, congress = zips - {""}, lines_at(conn, now)
    listed = _listed(conn, known)
    candidates = _candidates(conn, known, congress)
    states = _states_of_prefixes(conn, {zip_code[:3] for zip_code in known - listed.keys()})
    found = {}
    for zip_code in zips:
        row, own = listed.get(zip_code), candidates[zip_code]
        zones = zones_of_zip(row.zone, row.near_zones) if row else None
        lapsed = not all(holds(each.state, each.number, congress, now) for each in own)
        guess = states.get(zip_code[:3], "")
        lines = ZipLines(row.kind if row else "", own, guess, congress, lapsed)
        found[zip_code] = ZipFacts(lines, zones)
    return found


def place_of(zip_code: str, phone: str | None, facts: ZipFacts) -> Place:
    """Where a person with this ZIP and this phone (E.164) is, from what is on file."""
    return decide(zip_code, facts.lines, facts.zones_with(phone))


def newest_dataset(conn: Connection) -> int:
    """The id of the newest data set; 0 if there is none. What was looked up holds until it changes."""
    return conn.scalar(select(func.max(Dataset.id))) or 0


def officials(
    conn: Connection, state: str, district: int | None, zip_code: str = "", *, now: datetime
) -> list[Official]:
    """The House seat, if the district is known, and then the senators, of a place.

    Where the state is open (""), the senators of every state that the ZIP touches: a question to
    put to the person, not four senators who are all theirs. Delegates come without senators.
    """
    states = [state] if state else _states_of_zip(conn, zip_code, now)
    known = bool(state) and district is not None
    where = {"states": list(states), "state": state, "district": district}
    return _officials(conn, _seats_of_place(known=known), where, now)


@cache
def _seats_of_place(*, known: bool) -> Select[*tuple[Any, ...]]:
    senate = and_(Seat.chamber == "senate", Seat.state.in_(bindparam("states", expanding=True)))
    house = _house_seat(bindparam("state"), bindparam("district"))
    return _SEATED.where(or_(senate, house) if known else senate)


def official(conn: Connection, seat_id: str, *, now: datetime) -> Official | None:
    """One seat and whoever holds it."""
    return next(iter(officials_in(conn, [seat_id], now=now)), None)


def officials_in(conn: Connection, seat_ids: Iterable[str], *, now: datetime) -> list[Official]:
    """These seats and whoever holds them; an unknown one is left out."""
    wanted = sorted(set(seat_ids))
    seats = _seats_given(conn.dialect.name)
    return _officials(conn, seats, texts_given(wanted), now) if wanted else []


@cache
def _seats_given(dialect: str) -> Select[*tuple[Any, ...]]:
    return _SEATED.where(among_given(dialect, Seat.id.expression))


def house_officials(
    conn: Connection, districts: Iterable[tuple[str, int]], *, now: datetime
) -> dict[tuple[str, int], Official]:
    """The House seats of several districts, e.g. those a split ZIP leaves to choose from."""
    seats = [_house_seat(state, number) for state, number in districts]
    found = _officials(conn, _SEATED.where(or_(*seats)), {}, now) if seats else []
    return {(each.state, each.district or 0): each for each in found}


@dataclass(frozen=True)
class _Listed:
    zone: str
    near_zones: str
    kind: str


def _listed(conn: Connection, zips: Iterable[str]) -> dict[str, _Listed]:
    rows = conn.execute(
        select(Zip.zip, Zip.zone, Zip.near_zones, Zip.kind).where(Zip.zip.in_(sorted(zips)))
    )
    return {row.zip: _Listed(row.zone, row.near_zones, row.kind) for row in rows}


def _candidates(
    conn: Connection, zips: Iterable[str], congress: int
) -> Mapping[str, tuple[District, ...]]:
    found: dict[str, tuple[District, ...]] = defaultdict(tuple)
    rows = conn.execute(
        select(ZipDistrict.zip, ZipDistrict.state, ZipDistrict.district)
        .where(ZipDistrict.zip.in_(sorted(zips)), ZipDistrict.congress == congress)
        .order_by(ZipDistrict.zip, ZipDistrict.rank)
    )
    for zip_code, state, number in rows:
        found[zip_code] += (District(state, number),)
    return found


def _states_of_prefixes(conn: Connection, prefixes: Iterable[str]) -> dict[str, str]:
    """The state in which most known ZIPs with these first three digits lie.

    A prefix names the right state for all but 28 of the 41,000 ZIPs.
    """
    wanted = sorted(prefixes)
    if not wanted:
        return {}
    start = func.substr(Zip.zip, 1, 3).label("start")
    rows = conn.execute(
        select(start, Zip.state)
        .where(start.in_(wanted), Zip.state != "")
        .group_by(start, Zip.state)
        .order_by(func.count(), Zip.state)
    )
    return {row.start: row.state for row in rows}  # the last, and most frequent, stays


def _house_seat(
    state: str | BindParameter[str], district: int | BindParameter[int]
) -> ColumnElement[bool]:
    house = Seat.chamber.in_(("house", "delegate"))
    return and_(house, Seat.state == state, Seat.district == district)


def _states_of_zip(conn: Connection, zip_code: str, now: datetime) -> Sequence[str]:
    return conn.scalars(
        select(ZipDistrict.state)
        .where(ZipDistrict.zip == zip_code, ZipDistrict.congress == lines_at(conn, now))
        .distinct()
    ).all()


def _officials(
    conn: Connection, seats: Select[*tuple[Any, ...]], where: Mapping[str, Any], now: datetime
) -> list[Official]:
    day = sitting_day(now)
    rows = conn.execute(seats, {**where, "day": day}).all()
    holders = {row.id: row for row in rows}  # the one who came last, should two overlap
    offices = _offices(conn, [row.bioguide for row in holders.values() if row.bioguide])
    corrected = by_seat(conn, list(holders))
    return [
        _corrected(_official(row, offices[row.bioguide or ""], day), corrected.get(row.id, {}))
        for row in holders.values()
    ]


_OF_SEAT = (Seat.id, Seat.chamber, Seat.state, Seat.district, Seat.voting)
_OF_MEMBER = (
    Member.bioguide,
    Member.name,
    Member.family_name,
    Member.party,
    Member.phone,
    Member.office,
    Member.url,
    Member.contact_form,
    Member.committees,
)
_DAY = bindparam("day", type_=Date())
# A tenure that was loaded ahead waits for its day.
_SITS = and_(
    or_(Tenure.started_on.is_(None), Tenure.started_on <= _DAY),
    or_(Tenure.ended_on.is_(None), Tenure.ended_on > _DAY),
)
_PAST = aliased(Tenure)
_LEFT = (
    select(func.max(_PAST.ended_on))
    .where(_PAST.seat_id == Seat.id, _PAST.ended_on <= _DAY)
    .correlate(Seat)
    .scalar_subquery()
)
# Built once, for building it takes longer than asking.
_SEATED = (
    select(*_OF_SEAT, *_OF_MEMBER, Tenure.ends_on, _LEFT.label("left"))
    .select_from(Seat)
    .outerjoin(Tenure, and_(Tenure.seat_id == Seat.id, _SITS))
    .outerjoin(Member, Member.bioguide == Tenure.bioguide)
    .order_by(Seat.chamber == "senate", Seat.state, Seat.district, Seat.senate_class, Seat.id)
    .order_by(Tenure.started_on, Tenure.id)
)


def _official(row: Any, offices: tuple[DistrictOffice, ...], day: date) -> Official:
    vacant = row.bioguide is None
    unnamed = not vacant and row.ends_on is not None and row.ends_on <= day
    known = not vacant and not unnamed
    return Official(
        seat_id=row.id,
        role=ROLES[row.chamber],
        state=row.state,
        district=row.district,
        voting=row.voting,
        vacant=vacant,
        vacant_since=row.left if vacant else None,
        unnamed=unnamed,
        offices=offices if known else (),
        committees=tuple(row.committees.split()) if known else (),
        phone=row.phone if known else None,
        **{name: getattr(row, name) if known else "" for name in _TOLD},
    )


_TOLD = ("bioguide", "name", "family_name", "party", "office", "url", "contact_form")


def _corrected(found: Official, said: Mapping[Field, InForce]) -> Official:
    """An official as organizers know better."""
    if Field.VACANT in said and found.bioguide == said[Field.VACANT].was:
        since = said[Field.VACANT].set_at.date()
        return replace(found, vacant=True, vacant_since=since, **_NOBODY)
    if Field.PHONE in said and not found.vacant:
        return replace(found, phone=said[Field.PHONE].value)
    return found


_NOBODY: Mapping[str, Any] = {
    **dict.fromkeys(_TOLD, ""),
    "phone": None,
    "committees": (),
    "offices": (),
    "unnamed": False,
}


def _offices(
    conn: Connection, bioguides: Sequence[str]
) -> Mapping[str, tuple[DistrictOffice, ...]]:
    found: dict[str, tuple[DistrictOffice, ...]] = defaultdict(tuple)
    rows = conn.execute(_offices_of(conn.dialect.name), texts_given(bioguides))
    for row in rows:
        office = DistrictOffice(row.city, row.state, row.phone, row.address, row.hours)
        found[row.bioguide] += (office,)
    return found


@cache
def _offices_of(dialect: str) -> Select[*tuple[Any, ...]]:
    theirs = among_given(dialect, Office.bioguide.expression)
    return select(Office).where(theirs).order_by(Office.id)
