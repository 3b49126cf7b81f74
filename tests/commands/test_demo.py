"""The demonstration comes to its end by itself, and everybody is accounted for."""

from __future__ import annotations

import asyncio
from io import StringIO
from pathlib import Path

from rich.console import Console

from commands import demo, invented
from contacts.addresses import normalise_phone
from messages.providers.simulated_lives import Behaviour

QUICK = Behaviour(delivery_seconds=0.05, reaction_seconds=0.1, replied=0.3, stopped=0.1)


def test_the_demonstration_accounts_for_everybody_and_shows_where_to_look(tmp_path: Path) -> None:
    written = StringIO()
    console = Console(file=written, width=100)
    plan = demo.Plan(
        folder=tmp_path,
        port=0,
        people=36,
        until_finished=True,
        undo_seconds=0,
        behaviour=QUICK,
    )

    asyncio.run(demo.show(plan, console))

    text = written.getvalue()
    assert "/console/" in text
    assert "sign in as amina@example.org  password" in text
    assert "?lang=es" in text
    assert "✓ demo: 72 eligible = 72 accounted for (balanced)" in text
    assert "0 unknown" in text


def test_invented_people_are_plainly_invented_and_always_the_same() -> None:
    crowd = list(invented.people(180))

    assert crowd == list(invented.people(180))
    assert {one.place.project.community for one in crowd} == {
        "Teosinte",
        "El Guajoyo",
        "Carasque",
        "El Charcón",
        "San José Las Flores",
        "Cinquera",
        "Arcatao",
        "Las Anonas de Santa Cruz",
        "El Papaturro",
    }
    for one in crowd:
        assert not one.person.phone or one.person.phone[5:10] == "55501"
        assert not one.person.email or one.person.email.endswith("@example.org")
        assert one.person.phone or one.person.email
        if one.person.phone:
            assert normalise_phone(one.person.phone) == one.person.phone
    assert {one.person.language for one in crowd} == {"en", "es"}
    assert any(one.said_stop for one in crowd)
    assert any(not one.agreed for one in crowd)
