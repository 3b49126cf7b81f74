"""The inbox goes by indexes: whatever was answered and sent before, only what is shown is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event

from contacts.models import Standing
from contacts.search import search
from tests.builders import make_alert, make_contact, make_delivery, make_organizer, make_standing
from tests.messages.test_answering import HOUSE, answer, make_reply, wanted
from web.console import inboxes
from web.console.conversations import conversation
from web.console.first_steps import first_steps
from web.console.inboxes import Show

LARGE = (
    "replies",
    "of_address",
    "reply_cares",
    "written_answers",
    "deliveries",
    "contacts",
    "messages",
)
# PostgreSQL has read every membership before it looks at the first person.
ALL_MEMBERS = re.compile(r"\((\w+\.)?(contact_)?id = \(hashed")
Asked = list[tuple[str, Any]]


@contextmanager
def asked(conn: Connection) -> Iterator[Asked]:
    """Every statement this connection is given meanwhile, with its parameters."""
    heard: Asked = []

    def hear(_conn: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        heard.append((statement, values))

    event.listen(conn, "before_cursor_execute", hear)
    yield heard
    event.remove(conn, "before_cursor_execute", hear)


def plans(conn: Connection, heard: Asked) -> str:
    """How the database goes about them, had it enough rows for an index to be worth its while."""
    sqlite = conn.dialect.name == "sqlite"
    if not sqlite:
        for other in ("seqscan", "hashjoin", "mergejoin"):
            conn.exec_driver_sql(f"SET LOCAL enable_{other} = off")
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
    rows = [
        row
        for statement, values in heard
        if statement.lstrip().upper().startswith(("SELECT", "WITH"))
        for row in conn.exec_driver_sql(explain + statement, values)
    ]
    return "\n".join(row[3] if sqlite else row[0] for row in rows)


def scanned(plan: str) -> list[str]:
    """The lines that go through all of a large table."""
    return [
        line.strip()
        for line in plan.splitlines()
        for table in LARGE
        if line.strip()
        .removeprefix("->")
        .strip()
        .startswith((f"SCAN {table}", f"Seq Scan on {table}"))
        and " USING " not in line
    ]


@pytest.fixture
def reply(conn: Connection, now: datetime) -> int:
    """One that waits beside one in review, with an alert before it and an answer to another."""
    chloe = make_contact(conn, "Chloe")
    alert = make_alert(conn)
    make_delivery(conn, alert.message_id, chloe)
    found = make_reply(conn, now, chloe, message_id=alert.message_id)
    other = make_reply(conn, now, make_contact(conn, "Ben"), address="+16082009999")
    answer(conn, other, wanted(conn, other), now)
    make_reply(conn, now, make_contact(conn, "Rosa"), address="+16082008888")
    make_standing(conn, "sms", "+16082008888", Standing.REVIEW)
    return found


def explained(conn: Connection, unit: Callable[[], object]) -> str:
    with asked(conn) as heard:
        unit()
    assert heard
    return plans(conn, heard)


@pytest.mark.usefixtures("reply")
@pytest.mark.parametrize("show", list(Show))
def test_a_list_reads_what_it_shows(conn: Connection, now: datetime, show: Show) -> None:
    amina = make_organizer(conn)

    plan = explained(conn, lambda: inboxes.replies(conn, (0, 1), show, organizer_id=amina, now=now))

    assert scanned(plan) == []
    assert not ALL_MEMBERS.search(plan)
    if show is Show.WAITING:
        assert "ix_replies_waiting" in plan
        assert "ix_address_standings_review" in plan
    if show is Show.DONE:
        assert "ix_replies_done" in plan
    if show is Show.UNDERSTOOD:
        assert "ix_replies_understood" in plan


@pytest.mark.usefixtures("reply")
def test_counts_go_by_what_waits(conn: Connection, now: datetime) -> None:
    amina = make_organizer(conn)

    plan = explained(conn, lambda: inboxes.tallies(conn, (0, 1), amina, now=now))
    plan += explained(conn, lambda: inboxes.waiting_count(conn, (0, 1), now=now))

    assert scanned(plan) == []
    assert not ALL_MEMBERS.search(plan)


@pytest.mark.usefixtures("reply")
def test_a_list_of_people_asks_of_each_whether_they_may_be_seen(conn: Connection) -> None:
    plan = explained(conn, lambda: search(conn, "chl", within=(0, 1)))
    plan += explained(conn, lambda: first_steps(conn, (0, 1)))

    assert not ALL_MEMBERS.search(plan)


def test_a_conversation_reads_one_persons_rows(conn: Connection, now: datetime, reply: int) -> None:
    plan = explained(conn, lambda: conversation(conn, reply, (0, 1), HOUSE, language="en", now=now))

    assert scanned(plan) == []


@pytest.mark.usefixtures("reply")
def test_whoever_may_be_seen_is_told_by_their_own_projects(conn: Connection) -> None:
    """Not by each project that there is, for each person; nor, for a committee, person by person where it is small."""
    office = explained(conn, lambda: search(conn, "", within=(0, 1)))
    committee = explained(conn, lambda: search(conn, "", within=(1,)))

    if conn.dialect.name == "sqlite":
        assert re.search(r"memberships .*\(contact_id=\?\)", office), office
        assert not re.search(r"memberships .*contact_id=\? AND project_id=\?", office), office
    else:
        assert re.search("Filter: .*SubPlan", office), office
        assert not re.search("Filter: .*SubPlan", committee), committee
