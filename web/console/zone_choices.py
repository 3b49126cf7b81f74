"""The time zones that a form offers, by the names that its language has for them; those of the network's people first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from messages.own_hour import sets_of
from messages.zone_names import zone_name
from web.translations import Translator

SISTERS = "America/El_Salvador"
STATES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix"),
    *("America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico"),
    "Pacific/Guam",
)
ELSEWHERE = (
    *("America/Guatemala", "America/Tegucigalpa", "America/Managua", "America/Costa_Rica"),
    *("America/Mexico_City", "America/Toronto", "America/Vancouver"),
    *("Europe/London", "Europe/Madrid", "Europe/Rome", "Europe/Zurich"),
)


@dataclass(frozen=True)
class Group:
    """Zones that stand together in a list; the template has the words."""

    kind: str  # ours, states or elsewhere
    zones: Sequence[tuple[str, str]]  # each with its name


def peoples_zones(conn: Connection) -> frozenset[str]:
    """The zones of people of whom we know just one."""
    return frozenset(zones[0] for zones in sets_of(conn).values() if len(zones) == 1)


def zone_groups(
    ours: frozenset[str], chosen: str, words: Translator, *, now: datetime
) -> list[Group]:
    """Zones to choose from; what is chosen already is always among them."""
    first = {*ours, SISTERS}
    states = [each for each in STATES if each not in first]
    elsewhere = [each for each in ELSEWHERE if each not in first]
    if chosen and chosen not in {*first, *states, *elsewhere}:
        elsewhere.append(chosen)
    order = {zone: place for place, zone in enumerate((*STATES, SISTERS))}
    mine = sorted(first, key=lambda each: (order.get(each, len(order)), each))
    groups = {"ours": mine, "states": states, "elsewhere": elsewhere}
    return [
        Group(kind, [(each, zone_name(each, words.locale, year=now.year)) for each in zones])
        for kind, zones in groups.items()
        if zones
    ]
