from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import StatementError

from contacts.models import Consent
from database.tables import NaiveTime, folded

SALVADOR = timezone(timedelta(hours=-6))


def make_consent(conn: Connection, at: datetime) -> None:
    conn.execute(
        insert(Consent).values(
            channel="sms",
            address="+12025550101",
            scope="network",
            standing="granted",
            source="test",
            evidence="yes",
            actor="test",
            at=at,
        )
    )


def test_a_time_comes_back_aware_and_in_utc(conn: Connection) -> None:
    make_consent(conn, datetime(2007, 7, 2, 11, 30, tzinfo=SALVADOR))

    at = conn.scalar(select(Consent.at))

    assert at == datetime(2007, 7, 2, 17, 30, tzinfo=UTC)
    assert at.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(conn: Connection) -> None:
    with conn.begin_nested(), pytest.raises(StatementError) as caught:
        make_consent(conn, datetime(2007, 7, 2, 11, 30))

    assert isinstance(caught.value.orig, NaiveTime)


def test_times_are_compared_as_instants_whatever_their_zone(conn: Connection) -> None:
    make_consent(conn, datetime(2007, 7, 2, 17, 30, tzinfo=UTC))

    same = conn.scalar(
        select(Consent.id).where(Consent.at == datetime(2007, 7, 2, 11, 30, tzinfo=SALVADOR))
    )

    assert same is not None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("  ÉMILIE   Núñez ", "emilie nunez"),
        ("STRASSE", "straße"),
        ("Zoë", "zoe"),
        ("Ｗｉｄｅ", "wide"),
        ("SUCHITOTO", "suchitoto"),
    ],
)
def test_folding_forgets_case_accents_and_spacing(typed: str, meant: str) -> None:
    assert folded(typed) == folded(meant)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
