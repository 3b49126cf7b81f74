"""Where people are, by ZIP and phone, remembered over the chunks of an import.

A list has few ZIPs and area codes and many people. What is remembered was only read; the ids of sets
of time zones, which a transaction may add and take back, are asked for anew each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from representatives.lookup import newest_dataset, place_of, zip_facts
from representatives.maps import congress_at
from representatives.timezones import zone_sets, zones_of_phone

# Columns of a contact.
PLACED = ("state", "district", "district_how", "district_congress", "zone_set_id")
Placed = tuple[str, int | None, str, int, int]


class Gazetteer:
    """Looks places up, each ZIP once for as long as data set and Congress are the same."""

    def __init__(self) -> None:
        self._known_by = (-1, -1)  # data set, and the Congress that sits
        self._zones: dict[str, frozenset[str] | None] = {}  # None: the phone must tell
        self._districts: dict[str, tuple[str, int | None, str, int]] = {}

    def settle(
        self, conn: Connection, people: Sequence[tuple[str, str]], *, now: datetime
    ) -> list[Placed]:
        """The columns that follow from each person's ZIP and phone ("" = not known)."""
        self._look_up(conn, {zip_code for zip_code, _ in people}, now)
        zones = [self._zones[zip_code] or zones_of_phone(phone) for zip_code, phone in people]
        ids, districts = zone_sets(conn, {*zones}), self._districts
        return [
            (*districts[zip_code], ids[own])
            for (zip_code, _), own in zip(people, zones, strict=True)
        ]

    def _look_up(self, conn: Connection, zips: set[str], now: datetime) -> None:
        known_by = (newest_dataset(conn), congress_at(now))
        if known_by != self._known_by:
            self._known_by = known_by
            self._zones.clear()
        missing = zips - self._zones.keys()
        for zip_code, facts in zip_facts(conn, missing, now=now).items() if missing else ():
            self._zones[zip_code] = facts.zones
            place = place_of(zip_code, None, facts)
            self._districts[zip_code] = (
                place.state,
                place.district,
                place.how,
                place.congress,
            )
