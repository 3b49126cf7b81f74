"""Where people are, by ZIP and phone, remembered over the chunks of an import.

A list has few ZIPs and area codes and many people. What is remembered was only read; the ids of sets
of time zones, which a transaction may add and take back, are asked for anew each time.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from representatives.districts import Place
from representatives.lookup import ZipFacts, newest_dataset, place_of, zip_facts
from representatives.timezones import telling, zone_sets

PLACED = ("state", "district", "district_how", "zone_set_id")  # columns of a contact
Placed = tuple[str, int | None, str, int]
MOST_PLACES = 100_000  # remembered; all ZIPs with the odd phone


class Gazetteer:
    """Looks places up, each ZIP once for as long as the data set is the same."""

    def __init__(self) -> None:
        self._dataset = -1
        self._zips: dict[str, ZipFacts] = {}
        self._places: dict[tuple[str, str], Place] = {}

    def settle(self, conn: Connection, people: Sequence[tuple[str, str]]) -> list[Placed]:
        """The columns that follow from each person's ZIP and phone ("" = not known)."""
        self._forget_if_old(conn)
        missing = {zip_code for zip_code, _ in people} - self._zips.keys()
        if missing:
            self._zips.update(zip_facts(conn, missing))
        found = [self._place(zip_code, phone) for zip_code, phone in people]
        ids = zone_sets(conn, {place.zones for place in found})
        return [(each.state, each.district, each.how, ids[each.zones]) for each in found]

    def _place(self, zip_code: str, phone: str) -> Place:
        facts = self._zips[zip_code]
        said = telling(phone) if phone and facts.zones is None else ""
        known = self._places.get((zip_code, said))
        if known is None:
            known = place_of(zip_code, said or None, facts)
            self._places[zip_code, said] = known
        return known

    def _forget_if_old(self, conn: Connection) -> None:
        dataset = newest_dataset(conn)
        if dataset != self._dataset or len(self._places) > MOST_PLACES:
            self._zips.clear()
            self._places.clear()
        self._dataset = dataset
