"""No text and no email names a guessed member: whoever's district is open gets the link."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from contacts.models import Channel
from messages import composing
from messages.identity import Identity
from messages.providers.provider import Email, Text
from messages.recording import Claim
from representatives.districts import OPEN
from tests.builders import load_invented_officials, make_contact, make_message

TURN = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)
WORDS = 'Please call {{ rep_name | "your representative" }}: {{ link }}'
TEXTS = {"en": {"sms": WORDS, "subject": "Call", "body": WORDS}}
IDENTITY = Identity("Sister Cities", "PO Box 1", "https://llamado.example.org", "5e" * 32)


def said(conn: Connection, now: datetime, **contact: Any) -> tuple[str, str]:
    """What a contact's text and email say."""
    contact_id = make_contact(conn, **contact)
    message_id = make_message(conn, texts=TEXTS)
    message = composing.compositions(conn, message_id, IDENTITY)
    person = composing.people(conn, [contact_id])[contact_id]
    claims = [Claim(7, 1, contact_id, "+16085550101", "", person)]
    told = composing.look_up(conn, claims, message, now=now)
    [text] = composing.compose(claims, Channel.SMS, message, told, IDENTITY, now)
    [email] = composing.compose(claims, Channel.EMAIL, message, told, IDENTITY, now)
    assert isinstance(text.item, Text)
    assert isinstance(email.item, Email)
    return text.item.body, email.item.values["rep_name"]


@pytest.mark.parametrize("reason", OPEN)
@pytest.mark.parametrize("zip_code", ["02139", "78704", ""])
def test_open_district_gets_the_link_and_no_name(
    conn: Connection, now: datetime, reason: str, zip_code: str
) -> None:
    load_invented_officials(conn)

    text, name = said(conn, now, zip=zip_code, state="MA", district=None, district_how=reason)

    assert "Please call your representative: https://llamado.example.org/a/" in text
    assert name == "your representative"
    assert "Nogal" not in text


@pytest.mark.parametrize("how", ["zip_single", "picked", "address", "organizer"])
def test_known_district_is_named_until_it_lapses(conn: Connection, now: datetime, how: str) -> None:
    load_invented_officials(conn)
    austin = {"zip": "78701", "state": "TX", "district": 37, "district_how": how}

    assert "Rep. Beech" in said(conn, now, **austin)[0]
    assert "Rep. Beech" not in said(conn, TURN, **austin)[0]


def test_member_past_their_term_is_not_named(conn: Connection, now: datetime) -> None:
    load_invented_officials(conn)
    madison = {"zip": "53703", "state": "WI", "district": 2}

    assert "Rep. Encina" in said(conn, now, **madison)[0]
    assert "your representative" in said(conn, TURN, **madison)[0]


def test_vacant_seat_is_not_named(conn: Connection, now: datetime) -> None:
    load_invented_officials(conn)

    assert "your representative" in said(conn, now, zip="78741", state="TX", district=35)[0]
