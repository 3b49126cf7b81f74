"""A draft that names a member who has left, or a number that has changed, is found by its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Connection, update

from alerts import launching
from alerts.drafts import AlertDraft
from alerts.naming import drafts_naming
from messages.models import Message, MessageStatus
from tests.alerts.drafting import HOUSE, make_draft


def naming(text: str) -> AlertDraft:
    """A draft whose English email says this."""
    draft = make_draft()
    said = replace(draft.texts["en"], body=f"{text} [who]({{{{ link }}}})")
    return replace(draft, texts={**draft.texts, "en": said})


def write(conn: Connection, now: datetime, text: str) -> int:
    return launching.create(conn, naming(text), house=HOUSE, created_by="x", now=now)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Ask Rep. Encina to sign.", "Encina"),
        ("Pida a la congresista ENCINA.", "encina"),
        ("Ask Rep. Velázquez.", "Velazquez"),
        ("Call (202) 555-0130 today.", "+12025550130"),
        ("Call 202.555.0130.", "+12025550130"),
    ],
)
def test_a_draft_is_found_however_the_word_is_spelt(
    conn: Connection, now: datetime, text: str, word: str
) -> None:
    alert_id = write(conn, now, text)

    [found] = drafts_naming(conn, [word])

    assert (found.alert_id, found.title) == (alert_id, "Call for the Suchitoto 14")


@pytest.mark.parametrize("word", ["Enc", "Encinas", "+12025550131", ""])
def test_what_only_begins_alike_is_not(conn: Connection, now: datetime, word: str) -> None:
    write(conn, now, "Ask Rep. Encina at (202) 555-0130.")

    assert drafts_naming(conn, [word]) == []


def test_what_is_launched_can_no_longer_be_changed(conn: Connection, now: datetime) -> None:
    write(conn, now, "Ask Rep. Encina.")
    conn.execute(update(Message).values(status=MessageStatus.SENDING))

    assert drafts_naming(conn, ["Encina"]) == []


def test_the_script_is_read_as_well(conn: Connection, now: datetime) -> None:
    write(conn, now, "Nothing.")

    assert [each.word for each in drafts_naming(conn, ["speak up", "nobody says this"])] == [
        "speak up"
    ]
