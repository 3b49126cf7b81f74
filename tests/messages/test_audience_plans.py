"""Counting and surveying an audience goes by indexes, whatever a million people would make of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Select, func, select, text

from contacts.models import NETWORK, Channel
from messages.audience import Audience, Filter, contact_ids
from messages.eligibility import Terms
from messages.models import Reach
from messages.prospects import held_by_many, prospects
from tests.builders import make_contact

THREE = Audience(Filter(projects=(1,), tags=("choir",), states=("WI", "ME"), languages=("en",)))
STATES = Audience(Filter(states=("WI", "ME"), languages=("en",)))


def plan(conn: Connection, statement: Select[*tuple[Any, ...]]) -> str:
    """How the database would go about it, had it enough rows for an index to be worth its while."""
    compiled = statement.compile(conn, compile_kwargs={"literal_binds": True})
    words = str(compiled).replace(":", r"\:")
    if conn.dialect.name == "sqlite":
        return "\n".join(row[3] for row in conn.execute(text(f"EXPLAIN QUERY PLAN {words}")))
    for other in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
        conn.execute(text(f"SET LOCAL enable_{other} = off"))
    return "\n".join(row[0] for row in conn.execute(text(f"EXPLAIN {words}")))


@pytest.fixture
def people(conn: Connection) -> None:
    for state in ("WI", "ME", "CA"):
        make_contact(conn, state=state, tags=["choir"])


@pytest.mark.usefixtures("people")
def test_what_is_asked_of_a_contact_itself_is_read_from_one_index(conn: Connection) -> None:
    counted = plan(conn, select(func.count()).select_from(contact_ids(STATES).subquery()))

    assert "ix_contacts_audience" in counted
    assert ("COVERING INDEX ix_contacts_audience" in counted) or ("Index Only Scan" in counted)


@pytest.mark.usefixtures("people")
def test_projects_and_tags_are_read_from_their_keys(conn: Connection) -> None:
    counted = plan(conn, select(func.count()).select_from(contact_ids(THREE).subquery()))

    for scanned in ("SCAN memberships", "SCAN contact_tags", "SCAN contacts", "Seq Scan on c"):
        assert scanned not in counted


@pytest.mark.usefixtures("people")
def test_a_survey_looks_addresses_and_standings_up(conn: Connection) -> None:
    rows = prospects(STATES, Terms(reach=Reach.BOTH, scopes=(NETWORK,)))

    surveyed = plan(conn, select(func.count()).select_from(rows))

    for scanned in ("SCAN address", "SCAN sms_address", "Seq Scan on address"):
        assert scanned not in surveyed


@pytest.mark.usefixtures("people")
def test_a_survey_asks_nothing_of_the_ledger_for_each_address_by_itself(conn: Connection) -> None:
    rows = prospects(STATES, Terms(reach=Reach.BOTH, scopes=(NETWORK,)))

    counted = select(rows.c.sms, rows.c.email, func.count()).group_by(rows.c.sms, rows.c.email)
    asked = str(counted.compile(conn))

    assert asked.count("JOIN address_standings") == 2  # a channel each
    assert "FROM address_standings" not in asked


@pytest.mark.usefixtures("people")
def test_a_survey_finds_addresses_of_several_people_in_an_index_alone(conn: Connection) -> None:
    shared = plan(conn, held_by_many(Channel.EMAIL))

    assert "COVERING INDEX" in shared or "Index Only Scan" in shared
    assert "TEMP B-TREE" not in shared
    assert "Sort" not in shared
