"""In which time zones may a person be?

A ZIP tells best; near a border of zones it tells two. Without a ZIP the area code tells where the
number was once handed out. Without either, a person may be anywhere in the fifty states.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from sqlalchemy import Connection, bindparam, select

from database.upserts import insert_or
from representatives.models import Zip, ZoneSet

# Where an unknown person may be: every offset in use in the fifty states and Puerto Rico. Guam and
# Samoa are left out: there is no hour that is daytime there and in New York as well.
US_ZONES = frozenset(
    {
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Phoenix",
        "America/Los_Angeles",
        "America/Anchorage",
        "America/Adak",
        "Pacific/Honolulu",
        "America/Puerto_Rico",
    }
)
# An area code spans two zones at most; a toll-free number, used anywhere, is said to be in dozens.
MOST_ZONES_OF_AREA_CODE = 4
# Area codes of which the library of numbers knows no zone: the Virgin Islands and American Samoa.
ZONES_BY_RULE = {
    "+1340": frozenset({"America/Puerto_Rico"}),  # St. Thomas keeps Puerto Rico's time
    "+1684": frozenset({"Pacific/Pago_Pago"}),
}


_OF_ZIP = select(Zip.zone, Zip.near_zones).where(Zip.zip == bindparam("at"))


def candidate_zones(conn: Connection, zip_code: str, phone: str | None) -> frozenset[str]:
    """Every time zone in which a person with this ZIP and this phone (E.164) may be."""
    row = conn.execute(_OF_ZIP, {"at": zip_code}).one_or_none()
    return zones_of_zip(row.zone, row.near_zones) if row else zones_of_phone(phone)


def zones_of_zip(zone: str, near: str) -> frozenset[str]:
    """A ZIP's own zone with those across a nearby border between zones, within the US."""
    return frozenset({zone, *(name for name in near.split() if name in zones_in_us())})


def zones_of_phone(phone: str | None) -> frozenset[str]:
    """The zones of a number's area code, or of the whole country where it tells nothing."""
    if not phone:
        return US_ZONES
    # Of a +1 number only the area code and at most four digits more tell its zones; asking for
    # these alone lets many numbers share one answer.
    return _zones_of_number(f"{phone[:_TELLING]:0<12}" if phone.startswith("+1") else phone)


def zone_set(conn: Connection, zones: Iterable[str]) -> int:
    """The id of a set of time zones, which many contacts share."""
    return zone_sets(conn, [frozenset(zones)])[frozenset(zones)]


def zone_sets(conn: Connection, wanted: Iterable[frozenset[str]]) -> dict[frozenset[str], int]:
    """The ids of several sets of time zones; sets not met before are added."""
    spelt = {" ".join(sorted(zones)): zones for zones in wanted}
    known = _known(conn, spelt)
    missing = [{"zones": text} for text in sorted(spelt) if text not in known]
    if missing:
        conn.execute(insert_or(conn, ZoneSet).on_conflict_do_nothing(), missing)
        known = _known(conn, spelt)
    return {zones: known[text] for text, zones in spelt.items()}


def _known(conn: Connection, spelt: Iterable[str]) -> dict[str, int]:
    rows = conn.execute(select(ZoneSet.zones, ZoneSet.id).where(ZoneSet.zones.in_(sorted(spelt))))
    return {row.zones: row.id for row in rows}


@cache
def zones_in_us() -> frozenset[str]:
    """The zones that the IANA list files under the United States."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return frozenset(zone.strip() for country, _place, zone, *_ in lines if country == "US")


_TELLING = len("+1") + 7


@lru_cache(maxsize=16384)
def _zones_of_number(phone: str) -> frozenset[str]:
    if phone.startswith("+1"):  # nothing to find out, and parsing takes longer than all the rest
        number = phonenumbers.PhoneNumber(country_code=1, national_number=int(phone[2:]))
    else:
        number = phonenumbers.parse(phone, None)
    zones = time_zones_for_number(number)
    if UNKNOWN_TIMEZONE in zones or len(zones) > MOST_ZONES_OF_AREA_CODE:
        return ZONES_BY_RULE.get(phone[:5], US_ZONES)
    return frozenset(zones)
