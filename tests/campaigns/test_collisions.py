"""A red alert goes first: planned mail to the same people waits, and for long only if a person says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from campaigns import calendar, collisions, firing
from campaigns.clashes import clashes
from campaigns.models import CampaignRun, Reason, RunStatus
from messages.audience import Audience, Filter
from messages.models import Message, MessageStatus
from tests.builders import make_contact, make_message, make_project
from tests.campaigns.test_firing import NINE, fire, make_email_draft, run_of, schedule
from tests.doubles import NoJobs

HOUR = timedelta(hours=1)


@pytest.fixture
def jobs() -> NoJobs:
    return NoJobs()


def alert(conn: Connection, at: datetime, *, project_id: int | None = None, hours: int = 48) -> int:
    sent: dict[str, Any] = {"status": MessageStatus.SENDING, "launched_at": at, "starts_at": at}
    message_id = make_message(conn, project_id=project_id, **sent)
    collisions.postpone(conn, message_id, hours=hours, now=at)
    return message_id


def test_planned_mail_waits_for_a_red_alert_and_goes_when_its_time_is_over(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)
    message_id = alert(conn, NINE - HOUR)

    fired = fire(conn, jobs, email_id, NINE)

    assert fired == firing.Fired(RunStatus.POSTPONED, None, Reason.ALERT)
    assert conn.scalars(select(CampaignRun.details)).one() == [message_id]
    assert calendar.upcoming(conn) == {email_id: NINE + 47 * HOUR}
    assert fire(conn, jobs, email_id, NINE + 46 * HOUR) is None
    fire(conn, jobs, email_id, NINE + 47 * HOUR)
    assert run_of(conn, email_id) == (RunStatus.FIRED, Reason.NONE)


def test_mail_that_alerts_postpone_for_too_long_is_asked_about(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now, wait_hours=72)
    alert(conn, NINE - HOUR)
    fire(conn, jobs, email_id, NINE)
    alert(conn, NINE + 46 * HOUR)

    fire(conn, jobs, email_id, NINE + 47 * HOUR)

    assert run_of(conn, email_id) == (RunStatus.HELD, Reason.WAITED)


def test_an_alert_that_was_undone_keeps_nothing_back(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)
    message_id = alert(conn, NINE - HOUR)
    in_time = NINE - HOUR - timedelta(seconds=1)
    undone = {"status": MessageStatus.STOPPED, "finished_at": in_time}
    conn.execute(update(Message).where(Message.id == message_id).values(undone))

    fire(conn, jobs, email_id, NINE)

    assert run_of(conn, email_id) == (RunStatus.FIRED, Reason.NONE)


@pytest.mark.parametrize(
    ("of", "to", "waits"),
    [
        ("madison", "madison", True),
        ("madison", "bangor", False),
        ("madison", "network", False),
        ("madison", "network to madison", True),
        ("network", "network", True),
        ("network", "madison", True),  # which shares its list
        ("network", "private", False),  # whose people get it from their own part
    ],
)
def test_only_mail_to_the_same_people_waits(
    conn: Connection, now: datetime, jobs: NoJobs, of: str, to: str, *, waits: bool
) -> None:
    projects = {"madison": make_project(conn, "Madison"), "bangor": make_project(conn, "Bangor")}
    projects["private"] = make_project(conn, "Private", shares_list=False)
    make_contact(conn, projects=list(projects.values()))
    alert(conn, NINE - HOUR, project_id=projects.get(of))
    campaign_id = calendar.create_campaign(
        conn, name="Water", goal="", project_id=projects.get(to), created_by="Amina", now=now
    )
    named = (projects["madison"],) if to == "network to madison" else ()
    draft = make_email_draft(audience=Audience(include=Filter(projects=named)))
    email_id, _ = calendar.schedule(conn, campaign_id, draft, created_by="Amina", now=now)

    fire(conn, jobs, email_id, NINE)

    assert (run_of(conn, email_id)[0] == RunStatus.POSTPONED) == waits


def test_two_planned_mails_to_the_same_people_on_a_day_are_told(
    conn: Connection, now: datetime
) -> None:
    one = schedule(conn, now)
    other = schedule(conn, now, local_time="2026-12-01T18:00")
    schedule(conn, now, local_time="2026-12-03T09:00")

    found = clashes(conn, calendar.look_at(conn, one), [NINE], now=now)

    assert [(each.email_id, each.same_project) for each in found] == [(other, True)]
