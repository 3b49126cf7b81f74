"""Contacts who came before the geography are settled when it is loaded."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from contacts.people import Person, choose_district, contact, create_contact
from contacts.places import settle_everybody
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
    await database.write(choose_district, chloe, "MA", 5)
    await database.write(load, GEOGRAPHY, now)

    moved = await settle_everybody(database)
    again = await settle_everybody(database)

    assert (moved, again) == (2, 0)
    assert (await database.read(contact, amina)).district == 2
    assert (await database.read(contact, chloe)).district == 5
