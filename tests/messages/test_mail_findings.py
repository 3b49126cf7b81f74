"""What the check before a launch says of a draft's emails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from messages import sender_checks
from messages.checking import check_message
from messages.house import HouseRules
from messages.identity import Identity
from messages.mail_findings import days_for
from messages.reach_models import MailDay, SenderHold
from messages.sender_records import Finding, Verdict
from messages.volumes import WarmUp
from tests.builders import make_contact, make_message

HOUSE = HouseRules(
    identity=Identity(
        network="Sister Cities",
        postal_address="1 Main St",
        public_url="https://call.example.org",
        secret="s" * 64,
    ),
    real_email=True,
    warm_up=WarmUp(first_day=2),
)


def told(conn: Connection, now: datetime, house: HouseRules = HOUSE, **message: Any) -> list[str]:
    made = make_message(conn, reach="email", **message)
    return [each.code for each in check_message(conn, made, house=house, now=now).warnings]


def people(conn: Connection, count: int) -> None:
    for number in range(count):
        make_contact(conn, f"P{number}", phone=None, email=f"p{number}@gmail.com")


@pytest.mark.parametrize(
    ("count", "urgent", "code"),
    [(2, False, None), (3, False, "warm_up_holds"), (3, True, "warm_up_urgent")],
)
def test_what_a_new_domain_holds_until_tomorrow_is_told_before(
    conn: Connection, now: datetime, count: int, code: str | None, *, urgent: bool
) -> None:
    people(conn, count)

    found = told(conn, now, urgent=urgent)

    assert [each for each in found if each.startswith("warm_up")] == ([code] if code else [])


@pytest.mark.parametrize(
    ("today", "code"), [(4_998, "gmail_bulk"), (4_000, "gmail_near"), (3_000, None)]
)
def test_the_launch_that_makes_a_bulk_sender_of_us_is_told(
    conn: Connection, now: datetime, today: int, code: str | None
) -> None:
    people(conn, 2)
    row = {"domain": "news.example.org", "day": now.date(), "copies": today, "gmail": today}
    conn.execute(insert(MailDay).values(row))

    found = told(conn, now)

    assert [each for each in found if each.startswith("gmail")] == ([code] if code else [])


def test_bad_records_and_a_held_sender_are_told(conn: Connection, now: datetime) -> None:
    people(conn, 1)
    sender_checks.keep(conn, "example.org", [Finding("spf_missing", Verdict.BAD)], now=now)
    held = {"domain": "example.org", "complaints": 3, "delivered": 90, "at": now, "ended_by": ""}
    conn.execute(insert(SenderHold).values(held))

    assert {"records_bad", "sender_held"} <= set(told(conn, now, kind="campaign"))
    assert "sender_held" not in told(conn, now, kind="alert")


@pytest.mark.parametrize(
    ("emails", "today", "days"), [(0, 10, 0), (1, 10, 1), (20, 10, 1), (21, 10, 2), (60, 10, 2)]
)
def test_the_last_leaves_in_so_many_days(emails: int, today: int, days: int) -> None:
    assert days_for(emails, today) == days
