"""The people a crash run writes to, and the clock they live by: all invented, all in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, insert

from contacts.models import NETWORK, Address, AddressStanding, Channel, Consent, Contact, Standing
from database.embedded import open_engine
from database.engine import is_sqlite
from tests.builders import LONG_AGO, make_zone_set

GIVEN = "Xóchitl"  # a word that stands in every message, and must stand in no log
AWAKE_SETS, ASLEEP_SETS = 9, 1  # of ten people, so many may be texted now and so many may not


@dataclass(frozen=True)
class Clock:
    """A window of quiet hours that is open now in some zones and closed in others."""

    opens: str
    closes: str
    awake: Sequence[str]
    asleep: Sequence[str]


@dataclass(frozen=True)
class Town:
    """Everybody, by address."""

    people: int
    phones: Sequence[str]
    mailboxes: Sequence[str]

    @property
    def addresses(self) -> set[str]:
        """Every address that may not be written down anywhere."""
        return {*self.phones, *self.mailboxes}


def clock_for(now: datetime) -> Clock:
    """Noon is somewhere always: that is where people are awake; across the globe they sleep."""
    ahead = (12 - now.hour) % 24
    awake = ahead if ahead <= 12 else ahead - 24  # hours ahead of UTC, -11 to 12
    asleep = awake - 12 if awake > 0 else awake + 12
    local = now.astimezone(timezone(timedelta(hours=awake)))
    opens, closes = local - timedelta(hours=4), local + timedelta(hours=6)
    return Clock(
        opens=f"{opens:%H}:00",
        closes=f"{closes:%H}:00",
        awake=[_zone(awake)],
        asleep=[_zone(asleep)],
    )


def _zone(ahead: int) -> str:
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"  # POSIX counts westward


def settle(url: str, people: int, clock: Clock) -> Town:
    """Fill an empty database with ``people`` who have a phone and a mailbox each."""
    phones = [f"+1608{2_000_000 + number}" for number in range(people)]
    mailboxes = [f"xochitl{number}@example.org" for number in range(people)]
    engine = _engine(url)
    with engine.begin() as conn:
        awake, asleep, torn = (
            make_zone_set(conn, zones)
            for zones in (clock.awake, clock.asleep, [*clock.awake, *clock.asleep])
        )
        zone_sets = [*[awake] * AWAKE_SETS, *[asleep, torn] * ASLEEP_SETS]
        _write(conn, phones, mailboxes, zone_sets)
    engine.dispose()
    return Town(people, phones, mailboxes)


def _write(
    conn: Connection, phones: Sequence[str], mailboxes: Sequence[str], zone_sets: Sequence[int]
) -> None:
    rows = [_person(number, zone_sets[number % len(zone_sets)]) for number in range(len(phones))]
    made = insert(Contact).returning(Contact.id, sort_by_parameter_order=True)
    ids = list(conn.execute(made, rows).scalars())
    for channel, addresses in ((Channel.SMS, phones), (Channel.EMAIL, mailboxes)):
        pairs = list(zip(ids, addresses, strict=True))
        owned = [
            {"contact_id": contact_id, "channel": channel, "address": address, "rank": 0}
            for contact_id, address in pairs
        ]
        said = {"channel": channel, "scope": NETWORK, "standing": Standing.GRANTED}
        how = {"source": "test", "evidence": "said so", "actor": "test", "at": LONG_AGO}
        conn.execute(insert(Address), owned)
        conn.execute(insert(Consent), [{**said, **how, "address": one} for one in addresses])
        held = [{**said, "since": LONG_AGO, "address": one} for one in addresses]
        conn.execute(insert(AddressStanding), held)


def _person(number: int, zone_set_id: int) -> dict[str, Any]:
    return {
        "given_name": GIVEN,
        "family_name": "Rivas",
        "language": ("en", "es")[number % 2],
        "zip": "53703",
        "city": "Madison",
        "state": "WI",
        "district": 2,
        "district_how": "zip_single",
        "zone_set_id": zone_set_id,
        "search_text": f"xochitl rivas {number}",
        "joined_on": date(2026, 1, 5),
        "created_at": LONG_AGO,
    }


def _engine(url: str) -> Engine:
    return open_engine(url) if is_sqlite(url) else create_engine(url)
