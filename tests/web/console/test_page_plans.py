"""Pages go by keys and by what is few: SQLite keeps no statistics, and would otherwise go through everything."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import Connection

from alerts.coverage import coverage
from messages import doubts
from messages.faring import faring, lately, whole
from messages.models import Status
from tests.builders import make_alert, make_contact, make_delivery, make_project
from tests.web.console.test_inbox_plans import explained, scanned
from web.console import overviews
from web.console.choices import tags
from web.console.lives import unknowns


def test_tags_are_asked_for_one_of_their_people(conn: Connection) -> None:
    project = make_project(conn)
    make_contact(conn, "Ben", projects=[project], tags=["vigil"])
    make_contact(conn, "Chloe", tags=["phones"])

    plan = explained(conn, lambda: tags(conn, (project,)))

    assert tags(conn, (project,)) == [("vigil", "vigil")]
    assert not re.search(r"SCAN contact_tags|Seq Scan on contact_tags", plan)


def test_refusals_are_found_by_their_index(conn: Connection, now: datetime) -> None:
    both = [lambda of=each: of(conn, lately(conn, now=now)) for each in (faring, whole)]

    plans = [explained(conn, each) for each in both]

    assert not any(re.search(r"SCAN consents|Seq Scan on consents", plan) for plan in plans), plans
    if conn.dialect.name == "sqlite":  # PostgreSQL goes by how many there are
        assert all("ix_consents_refusals" in plan for plan in plans), plans


@pytest.mark.parametrize("own", [True, False])
def test_who_got_a_copy_is_read_from_the_copies_or_looked_up_for_each_person(
    conn: Connection, now: datetime, own: bool
) -> None:
    """Of an alert's own people by its copies, in a row; of a committee's in another's alert by their key."""
    project = make_project(conn)
    alert = make_alert(conn, project_id=project if own else None)
    make_delivery(conn, alert.message_id, make_contact(conn, "Ben", projects=[project]))

    mine = None if own else project
    plan = explained(conn, lambda: coverage(conn, alert.alert_id, as_project=mine, now=now))
    left = explained(
        conn, lambda: coverage(conn, alert.alert_id, as_project=mine, able=True, now=now)
    )

    if conn.dialect.name == "sqlite":
        each, in_a_row = r"contact_id=\? AND message_id=\?", r"deliveries .*rowid>\? AND rowid<\?"
        for found in (plan, left):
            assert bool(re.search(each, found)) is not own, found
            assert bool(re.search(in_a_row, found)) is own, found
    else:  # PostgreSQL weighs both, by its statistics
        assert "Seq Scan on deliveries" not in plan + left
    assert "AUTOMATIC" not in plan + left
    assert "SCAN anon" not in plan


def test_unknown_copies_of_an_alert_are_found_by_their_doubts(
    conn: Connection, now: datetime
) -> None:
    alert, ben = make_alert(conn), make_contact(conn, "Ben")
    lost = make_delivery(conn, alert.message_id, ben, status=Status.UNKNOWN, changed_at=now)
    doubts.note_found(conn, [lost], now=now)

    plan = explained(conn, lambda: unknowns(conn, alert.message_id, (0,)))

    assert [each.delivery_id for each in unknowns(conn, alert.message_id, (0,))] == [lost]
    assert scanned(plan) == []
    assert not re.search(r"deliveries USING INDEX .*message_id", plan)


def test_alerts_are_listed_without_the_answers_to_single_people(conn: Connection) -> None:
    make_alert(conn)

    plan = explained(conn, lambda: overviews.alerts(conn, (0, 1), language="en"))

    assert not re.search(r"messages USING INDEX ix_messages_project_id|Cond: \(+project_id", plan)
