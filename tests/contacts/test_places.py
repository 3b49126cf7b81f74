"""Contacts who came before the geography are settled when it is loaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from contacts.people import Person, choose_district, contact, create_contact
from contacts.places import anybody_lapsed, settle_everybody, settle_lapsed
from database.opening import Opened
from representatives.loading import load

GEOGRAPHY = Path(__file__).parents[2] / "representatives" / "examples"


async def test_a_load_settles_everybody_but_those_who_chose(opened: Opened, now: datetime) -> None:
    database = opened.database
    amina = await database.write(
        create_contact, Person("Amina", zip="53703", email="amina@example.org"), now=now
    )
    chloe = await database.write(
        create_contact, Person("Chloe", zip="02139", email="chloe@example.org"), now=now
    )
    await database.write(choose_district, chloe, "MA", 5, now=now)
    await database.write(load, GEOGRAPHY, now)

    moved = await settle_everybody(database, now)
    again = await settle_everybody(database, now)

    assert (moved, again) == (2, 0)
    assert (await database.read(contact, amina)).district == 2
    assert (await database.read(contact, chloe)).district == 5


async def test_districts_that_lapse_at_the_turn_are_opened_once(
    opened: Opened, now: datetime
) -> None:
    database, turn = opened.database, datetime(2027, 1, 3, 17, 0, tzinfo=UTC)
    await database.write(load, GEOGRAPHY, now)
    amina, ben = [
        await database.write(create_contact, Person(name, zip=zip_code, email=email), now=now)
        for name, zip_code, email in (
            ("Amina", "78701", "amina@example.org"),
            ("Ben", "04401", "ben@example.org"),
        )
    ]

    assert await settle_lapsed(database, turn - timedelta(minutes=1)) == 0
    assert await settle_lapsed(database, turn) == 1
    assert await settle_lapsed(database, turn) == 0

    opened_again = await database.read(contact, amina)
    assert (opened_again.district, opened_again.district_how) == (None, "lapsed")
    assert (await database.read(contact, ben)).district == 2
    assert not await database.read(anybody_lapsed, turn)
