"""What texts cost: counted per rendered person, sampled where there are very many."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection

from contacts.models import Channel
from messages import audience, composing, estimating
from messages.control import Draft, Words, create
from messages.eligibility import Terms
from messages.estimating import Estimate, estimate, most_segments
from messages.identity import Identity
from messages.models import Reach
from tests.builders import make_contact

IDENTITY = Identity(
    network="Sister Cities",
    postal_address="",
    public_url="https://llamado.example.org",
    secret="0123456789abcdef" * 4,
)


def estimates(conn: Connection, text: str, now: datetime, texts: int) -> list[Estimate]:
    message_id = create(conn, Draft(texts={"en": Words(sms=text)}, reach=Reach.SMS), now=now)
    message = composing.compositions(conn, message_id, IDENTITY)
    terms = Terms(reach=Reach.SMS, scopes=("network",))
    return estimate(
        conn, message, audience.EVERYBODY, terms, texts=texts, identity=IDENTITY, now=now
    )


def test_a_name_outside_the_cheap_alphabet_costs_its_person_more(
    conn: Connection, now: datetime
) -> None:
    for name in ("Ben", "María", "Chloe"):
        make_contact(conn, name)
    make_contact(conn, "Dora", phone=None)

    (found,) = estimates(conn, "Hi {{ first_name }}, " + "x" * 60, now, 3)

    assert (found.copies, found.segments, found.most) == (3, 4, 2)
    assert found.costly == {"í": 1}
    assert "María" in found.longest
    assert found.exact


def test_above_the_limit_every_nth_person_is_rendered_and_the_sum_scaled(
    conn: Connection, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimating, "RENDERED", 5)
    for _ in range(20):
        make_contact(conn, "Ben")

    (found,) = estimates(conn, "Hi", now, 20)

    assert (found.copies, found.segments, found.exact) == (20, 20, False)


@pytest.mark.parametrize(
    ("texts", "most"),
    [
        ({"en": Words(sms="Hi")}, 1),
        ({"en": Words(sms="Hi"), "es": Words(sms="x" * 160)}, 2),
        ({"en": Words(sms="á" * 70)}, 2),
        ({"en": Words(subject="only an email", body="b")}, 1),
        ({"en": Words(sms="{{ broken")}, 1),
        ({}, 1),
    ],
)
def test_pacing_before_rendering_reckons_with_the_longest_language(
    texts: dict[str, Words], most: int
) -> None:
    assert most_segments(texts, {}, IDENTITY) == most


def test_texts_are_reckoned_for_channels_that_have_some(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Ben", phone=None)

    assert estimates(conn, "Hi", now, 0) == []
    assert Channel.SMS in Terms(reach=Reach.SMS, scopes=("network",)).channels
