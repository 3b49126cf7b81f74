"""Lots are fair, hold for good, tell nothing of each other, and are alike on both databases."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, select

from contacts.models import Contact
from messages import parts
from messages.audience import Audience, BadAudience, Filter, contact_ids, read, write
from tests.builders import make_contact

CHANCE = random.Random(11)
SALTS = [CHANCE.getrandbits(parts.SALT_BITS) for _ in range(20)]
PEOPLE = range(1, 20_001)
# Chi squared: what 1 in 1,000 of fair lotteries exceed, of 9 and of 99 degrees of freedom.
TENTHS, PAIRS = 27.88, 148.23


def chi_squared(found: Counter[Any], cells: int) -> float:
    expected = found.total() / cells
    return sum((count - expected) ** 2 / expected for count in found.values()) + expected * (
        cells - len(found)
    )


def test_lots_are_uniform() -> None:
    found = [
        chi_squared(Counter(parts.lot(salt, each) // 100 for each in PEOPLE), 10) for salt in SALTS
    ]

    assert sum(each > TENTHS for each in found) <= 1


def test_lots_of_two_salts_tell_nothing_of_each_other() -> None:
    found = []
    for one, other in pairwise(SALTS):
        both = Counter((parts.lot(one, x) // 100, parts.lot(other, x) // 100) for x in PEOPLE)
        found.append(chi_squared(both, 100))

    assert sum(each > PAIRS for each in found) <= 1


@pytest.mark.parametrize("apart", [1, 2, 10])
def test_lots_of_neighbours_tell_nothing_of_each_other(apart: int) -> None:
    """Couples are often entered one after the other."""
    found = []
    for salt in SALTS:
        lots = [parts.lot(salt, x) // 100 for x in range(1, 20_001 + apart)]
        found.append(chi_squared(Counter(zip(lots, lots[apart:], strict=False)), 100))

    assert sum(each > PAIRS for each in found) <= 1


def test_the_database_draws_as_we_do(conn: Connection) -> None:
    ids = [make_contact(conn) for _ in range(20)]

    for salt in (0, 1, *SALTS[:5], 2**parts.SALT_BITS - 1):
        drawn = dict(conn.execute(select(Contact.id, parts.drawn(salt))).all())
        assert drawn == {each: parts.lot(salt, each) for each in ids}


def test_people_who_share_a_mailbox_fall_together(conn: Connection) -> None:
    first = make_contact(conn, "Amina", email="home@example.org")
    second = make_contact(conn, "Ben", email="home@example.org")

    for salt in SALTS:
        drawn = dict(conn.execute(select(Contact.id, parts.drawn(salt))).all())
        assert drawn == {first: parts.lot(salt, first), second: parts.lot(salt, first)}


def test_people_without_a_mailbox_have_a_lot_too(conn: Connection) -> None:
    only = make_contact(conn, email=None)

    assert conn.scalar(select(parts.drawn(5)).where(Contact.id == only)) == parts.lot(5, only)


def test_parts_of_an_audience_are_all_of_it_and_meet_nowhere(conn: Connection) -> None:
    everybody = {make_contact(conn) for _ in range(60)}
    cuts = [0, 137, 138, 500, 1000]

    found = [
        set(conn.scalars(contact_ids(Audience(include=Filter(parts=(9, *part))))))
        for part in pairwise(cuts)
    ]

    assert set().union(*found) == everybody
    assert sum(map(len, found)) == len(everybody)


def test_a_part_is_stored_and_read() -> None:
    audience = Audience(include=Filter(parts=(2**40, 0, 100)))

    assert read(write(audience)) == audience
    with pytest.raises(BadAudience, match="parts"):
        read({"include": {"parts": ["much"]}})
