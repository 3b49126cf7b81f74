"""A red alert goes first: planned mail to the same people waits, and for long only if a person says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from campaigns import calendar, collisions, firing, occurrences
from campaigns.clashes import clashes, doubled
from campaigns.models import CampaignRun, Reason, RunStatus
from campaigns.upcoming import of_emails
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

    found = clashes(conn, None, [NINE], but=one, now=now)

    assert [(each.email_id, each.same_project) for each in found] == [(other, True)]


def planned(conn: Connection, now: datetime, project_id: int | None, *named: int) -> int:
    campaign_id = calendar.create_campaign(
        conn, name="Water", goal="", project_id=project_id, created_by="Amina", now=now
    )
    draft = make_email_draft(audience=Audience(include=Filter(projects=named)))
    return calendar.schedule(conn, campaign_id, draft, created_by="Amina", now=now)[0]


def doubled_of(conn: Connection, now: datetime, *within: int) -> list[int]:
    mine = of_emails(conn, within, start=NINE - 24 * HOUR, stop=NINE + 24 * HOUR)
    return [each.email_id for each in doubled(conn, mine, now=now)]


def test_what_goes_to_everybody_counts_against_each_committee_that_shares_its_list(
    conn: Connection, now: datetime
) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    private = make_project(conn, "Private", shares_list=False)
    mails = {each: planned(conn, now, each) for each in (madison, bangor, private)}
    alone = [doubled_of(conn, now, each) for each in mails]

    everybody = planned(conn, now, None)

    assert alone == [[], [], []]
    assert [doubled_of(conn, now, each) for each in mails] == [
        [mails[madison]],
        [mails[bangor]],
        [],
    ]
    assert doubled_of(conn, now, 0) == [everybody]
    assert [each.email_id for each in clashes(conn, madison, [NINE], now=now)] == [
        mails[madison],
        everybody,
    ]
    assert [
        each.same_project for each in clashes(conn, bangor, [NINE], but=mails[bangor], now=now)
    ] == [False]


def test_what_the_network_sends_to_one_committee_is_no_matter_of_the_others(
    conn: Connection, now: datetime
) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    mine, theirs = planned(conn, now, madison), planned(conn, now, bangor)

    planned(conn, now, None, madison)

    assert doubled_of(conn, now, madison) == [mine]
    assert doubled_of(conn, now, bangor) == []
    assert theirs not in [each.email_id for each in clashes(conn, madison, [NINE], now=now)]


def test_of_two_mails_of_one_committee_the_later_is_told_and_none_that_is_left_out(
    conn: Connection, now: datetime
) -> None:
    one = schedule(conn, now)
    other = schedule(conn, now, local_time="2026-12-01T18:00")

    both = doubled_of(conn, now, 0)
    occurrences.leave_out(conn, one, "2026-12-01T09:00", by="Amina", now=now)

    assert both == [other]
    assert doubled_of(conn, now, 0) == []


def test_an_alert_that_will_leave_by_email_that_day_is_told_unless_it_was_taken_back(
    conn: Connection, now: datetime
) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    mine, theirs = planned(conn, now, madison), planned(conn, now, bangor)
    sent: dict[str, Any] = {"status": MessageStatus.SENDING, "launched_at": now, "starts_at": now}
    message_id = make_message(
        conn, project_id=madison, begins_at=NINE - 2 * HOUR, subject="Now", reach="both", **sent
    )

    found = clashes(conn, madison, [NINE], but=mine, now=now)
    told = doubled_of(conn, now, madison), doubled_of(conn, now, bangor)
    undone = {"status": MessageStatus.STOPPED, "finished_at": now - HOUR}
    conn.execute(update(Message).where(Message.id == message_id).values(undone))

    assert [(each.email_id, each.at, each.same_project) for each in found] == [
        (0, NINE - 2 * HOUR, True)
    ]
    assert told == ([mine], [])
    assert doubled_of(conn, now, madison) == []
    assert [each.email_id for each in clashes(conn, bangor, [NINE], now=now)] == [theirs]
