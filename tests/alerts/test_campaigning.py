"""The alerts of a campaign, whose pages are what it asks; and one that only opens its page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, insert, select, update

from actions.models import Outcome
from actions.responses import record
from alerts.campaigning import (
    MonthOfCalls,
    NotInCampaigns,
    asked_in,
    asked_of_all,
    calls_by_month,
    could_join,
    put_in,
)
from alerts.launching import create
from alerts.models import Alert, Case, FollowUp, FollowUpKind, Level
from alerts.pages import NoSuchPage, page_by_slug
from alerts.preflight import check
from alerts.reporting import alert_report
from alerts.steering import Act, steer
from campaigns import collisions, leading
from campaigns.calendar import create_campaign
from messages.models import Delivery, Message, MessageStatus, Reach
from messages.progress import progress
from tests.alerts.drafting import HOUSE, make_draft
from tests.alerts.launched import launch_whole
from tests.builders import make_alert, make_contact, make_message, make_project
from tests.doubles import NoJobs

MAY = datetime(2026, 5, 10, 15, 0, tzinfo=UTC)


def make_campaign(conn: Connection, project_id: int | None = None) -> int:
    return create_campaign(
        conn, name="Water", goal="", project_id=project_id, created_by="x", now=MAY
    )


def test_an_alert_belongs_to_one_campaign(conn: Connection) -> None:
    first, second, alert = make_campaign(conn), make_campaign(conn), make_alert(conn)
    put_in(conn, alert.alert_id, first)
    put_in(conn, alert.alert_id, second)

    assert asked_in(conn, first, None) == []
    assert [each.alert_id for each in asked_in(conn, second, None)] == [alert.alert_id]
    assert could_join(conn, None, language="en") == []

    put_in(conn, alert.alert_id, None)
    assert could_join(conn, None, language="en") == [(alert.alert_id, "Free the fourteen")]


def test_what_follows_another_belongs_where_that_does(conn: Connection) -> None:
    campaign, first, second = make_campaign(conn), make_alert(conn), make_alert(conn)
    row = {"alert_id": second.alert_id, "of_id": first.alert_id, "kind": FollowUpKind.NUDGE}
    conn.execute(insert(FollowUp).values(row))

    with pytest.raises(NotInCampaigns):
        put_in(conn, second.alert_id, campaign)


def test_of_anothers_alerts_nothing_is_told(conn: Connection) -> None:
    madison, bangor = make_project(conn, "madison"), make_project(conn, "bangor")
    campaign, alert = make_campaign(conn), make_alert(conn, project_id=bangor)
    put_in(conn, alert.alert_id, campaign)

    assert asked_in(conn, campaign, (madison,)) == []
    assert could_join(conn, (madison,), language="en") == []
    assert len(asked_in(conn, campaign, (bangor,))) == 1


def test_a_page_asks_until_its_end(conn: Connection) -> None:
    campaign, alert = make_campaign(conn), make_alert(conn)
    draft = make_alert(conn, status=MessageStatus.DRAFT, launched_at=None)
    for each in (alert, draft):
        put_in(conn, each.alert_id, campaign)
    [found] = asked_of_all(conn, campaign)
    assert found.alert_id == alert.alert_id
    assert found.is_open(MAY)

    conn.execute(update(Message).where(Message.id == alert.message_id).values(expires_at=MAY))
    assert not asked_of_all(conn, campaign)[0].is_open(MAY)
    conn.execute(update(Message).values(expires_at=None))
    conn.execute(update(Case).where(Case.id == alert.case_id).values(closed_at=MAY))
    assert not asked_of_all(conn, campaign)[0].is_open(MAY)
    assert not asked_in(conn, campaign, None)[0].is_open(MAY)


def test_calls_are_told_by_month_in_washington(conn: Connection) -> None:
    campaign, alert = make_campaign(conn), make_alert(conn)
    put_in(conn, alert.alert_id, campaign)
    told = [
        (datetime(2026, 3, 1, 4, 59, tzinfo=UTC), Outcome.SPOKE),  # still February there
        (datetime(2026, 3, 1, 5, 0, tzinfo=UTC), Outcome.VOICEMAIL),
        (datetime(2026, 5, 2, 15, 0, tzinfo=UTC), Outcome.SPOKE),
        (datetime(2026, 4, 2, 15, 0, tzinfo=UTC), Outcome.NO_ANSWER),
    ]
    for at, outcome in told:
        made = make_contact(conn, "Ben")
        record(conn, alert.action_id, contact_id=made, outcome=outcome, channel="web", now=at)

    assert calls_by_month(conn, [alert.action_id], now=MAY) == [
        MonthOfCalls(date(2026, 2, 1), 1),
        MonthOfCalls(date(2026, 3, 1), 1),
        MonthOfCalls(date(2026, 4, 1), 0),
        MonthOfCalls(date(2026, 5, 1), 1),
    ]
    assert asked_in(conn, campaign, None)[0].calls == 3
    later = calls_by_month(conn, [alert.action_id], now=MAY + timedelta(days=3 * 365))
    assert len(later) == 24
    assert sum(each.calls for each in later) == 0


def test_one_that_only_opens_its_page_writes_to_nobody(conn: Connection, now: datetime) -> None:
    make_project(conn, "bangor", joins_red=True, shares_list=False)
    make_contact(conn, "Ben")
    draft = make_draft(reach=Reach.PAGE, level=Level.RED, texts={})
    alert_id = create(conn, draft, house=HOUSE, created_by="Amina", now=now)

    found = check(conn, alert_id, house=HOUSE, now=now)
    assert [str(each) for each in found.blocking] == []
    assert (found.people, found.parts) == (0, [])
    message_id = launch_whole(conn, NoJobs(), alert_id, house=HOUSE, now=now)

    slug = conn.scalars(select(Alert.slug).where(Alert.id == alert_id)).one()
    assert page_by_slug(conn, slug, now=now).alert_id == alert_id
    assert conn.scalar(select(func.count()).select_from(Delivery)) == 0
    equation = progress(conn, message_id, now=now).equation
    assert (equation.eligible, equation.balanced) == (0, True)
    status = conn.scalars(select(Message.status).where(Message.id == message_id)).one()
    assert status == MessageStatus.FINISHED


@pytest.mark.parametrize("act", [Act.UNDO, Act.STOP])
def test_a_page_that_was_opened_can_be_closed(conn: Connection, now: datetime, act: Act) -> None:
    draft = make_draft(reach=Reach.PAGE, level=Level.AMBER, texts={})
    alert_id = create(conn, draft, house=HOUSE, created_by="Amina", now=now)
    launch_whole(conn, NoJobs(), alert_id, house=HOUSE, now=now)
    slug = conn.scalars(select(Alert.slug).where(Alert.id == alert_id)).one()
    campaign = make_campaign(conn)
    put_in(conn, alert_id, campaign)
    later = now + timedelta(minutes=5)
    assert not asked_of_all(conn, campaign)[0].is_open(now)  # it may still be undone
    assert asked_of_all(conn, campaign)[0].is_open(later)

    steer(conn, NoJobs(), alert_id, act, by="Amina", now=now)

    assert not asked_of_all(conn, campaign)[0].is_open(later)
    action_id = conn.scalars(select(Alert.action_id)).one()
    assert leading.is_over(conn, action_id, now=later)
    with pytest.raises(NoSuchPage):
        page_by_slug(conn, slug, now=later)
    assert alert_report(conn, alert_id, now=later).alerts == 1  # its organizers still read of it


def test_one_that_writes_to_nobody_keeps_no_planned_mail_back(
    conn: Connection, now: datetime
) -> None:
    draft = make_draft(reach=Reach.PAGE, level=Level.RED, texts={})
    alert_id = create(conn, draft, house=HOUSE, created_by="Amina", now=now)

    launch_whole(conn, NoJobs(), alert_id, house=HOUSE, now=now)

    assert collisions.in_force(conn, now=now) == []


def test_a_reminder_that_ran_out_ends_no_page(conn: Connection) -> None:
    alert = make_alert(conn)
    make_message(conn, action_id=alert.action_id, kind="alert", expires_at=MAY)

    assert not leading.is_over(conn, alert.action_id, now=MAY + timedelta(days=1))
