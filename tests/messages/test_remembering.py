"""What a machine notes outside the database, and what the next start makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from messages.remembering import KEPT, Memory, Remembered

NOW = datetime(2026, 11, 19, 21, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state" / "llamado.db"


def remembered(place: Path, owner: str = "next", installation: str = "one") -> Remembered:
    memory = Memory(place, installation=installation)
    found = memory.open(owner)
    memory.close()
    return found


def test_a_first_start_remembers_nothing(place: Path) -> None:
    assert remembered(place) == Remembered([], None, [])


def test_the_next_start_knows_what_was_sent_and_who_has_ended(place: Path) -> None:
    memory = Memory(place, installation="one")
    memory.open("madison:17:ab")
    memory.seen(NOW)
    memory.claimed(1234, 1)
    memory.claimed(77, 2)
    memory.close()

    assert remembered(place) == Remembered([(1234, 1), (77, 2)], NOW, ["madison:17:ab"])


def test_of_many_windows_the_last_are_remembered(place: Path) -> None:
    memory = Memory(place, installation="one")
    memory.open("madison")
    for number in range(1, 3 * KEPT + 1):
        memory.claimed(number, 1)
    memory.close()

    claims = remembered(place).claims
    assert sorted(claims) == [(number, 1) for number in range(2 * KEPT + 1, 3 * KEPT + 1)]


def test_a_sender_that_lives_beside_us_is_not_taken_for_dead(place: Path) -> None:
    neighbour = Memory(place, installation="one")
    neighbour.open("neighbour")
    neighbour.seen(NOW)

    assert remembered(place).dead == []
    neighbour.close()


def test_what_another_database_at_the_same_place_sent_means_nothing(place: Path) -> None:
    memory = Memory(place, installation="one")
    memory.open("madison")
    memory.claimed(1234, 1)
    memory.close()

    assert remembered(place, installation="another") == Remembered([], None, [])


def test_what_a_start_found_is_kept_until_the_database_knows_of_it(place: Path) -> None:
    first = Memory(place, installation="one")
    first.open("first")
    first.claimed(1, 1)
    first.close()
    second = Memory(place, installation="one")
    second.open("second")
    second.close()  # killed before its start was committed

    third = Memory(place, installation="one")
    assert third.open("third").claims == [(1, 1)]
    third.seen(NOW + timedelta(seconds=1))
    third.close()

    left = remembered(place)
    assert (left.claims, left.seen_at) == ([], NOW + timedelta(seconds=1))


def test_what_a_loss_of_power_tore_is_passed_over(place: Path) -> None:
    place.parent.mkdir(parents=True)
    for name, content in {
        "torn": b"\0" * 400,
        "half": b'{"installation": "one", "owner": "x"}\nseen 2026-',
        "empty": b"",
    }.items():
        place.with_name(f"{place.name}.{name}.sender").write_bytes(content)

    assert remembered(place).claims == []
