from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from alerts.cases import close_case
from alerts.fact_models import Release
from alerts.pages import AlertPage, NoSuchPage, page_by_slug, page_for_delivery
from contacts.models import Channel
from tests.builders import (
    Alerted,
    make_action,
    make_alert,
    make_contact,
    make_delivery,
    make_fact,
    make_message,
)


def page_of(conn: Connection, alert: Alerted, now: datetime) -> AlertPage:
    return page_by_slug(conn, alert.slug, now=now)


def test_copy_leads_to_its_alert_and_knows_whose_it_is(conn: Connection, now: datetime) -> None:
    alert, lucia = make_alert(conn), make_contact(conn, "Lucía", language="es")
    make_alert(conn)

    page, person = page_for_delivery(conn, make_delivery(conn, alert.message_id, lucia), now=now)

    assert page.alert_id == alert.alert_id
    assert page.words["es"].title == "Libertad para los catorce"
    assert (person.contact_id, person.given_name) == (lucia, "Lucía")
    assert (person.zip, person.language, person.channel) == ("53703", "es", Channel.SMS)


def test_only_public_facts_leave_the_house(conn: Connection, now: datetime) -> None:
    alert = make_alert(conn)
    make_fact(conn, alert.case_id, Release.COMMITTEE, en="For the committee only.")

    facts = page_of(conn, alert, now).facts

    assert [fact.words["en"] for fact in facts] == ["Police arrested fourteen people."]


def test_copy_of_a_deleted_contact_has_a_page_without_a_person(
    conn: Connection, now: datetime
) -> None:
    alert = make_alert(conn)

    _, person = page_for_delivery(
        conn, make_delivery(conn, alert.message_id, None, address="+1"), now=now
    )

    assert (person.contact_id, person.given_name, person.zip) == (None, "", "")


def test_message_without_an_alert_has_no_page(conn: Connection, now: datetime) -> None:
    copy = make_delivery(conn, make_message(conn), make_contact(conn))

    with pytest.raises(NoSuchPage, match="open the link from the message again"):
        page_for_delivery(conn, copy, now=now)


def test_copy_that_never_was_has_no_page(conn: Connection, now: datetime) -> None:
    with pytest.raises(NoSuchPage):
        page_for_delivery(conn, 404, now=now)


def test_draft_has_no_public_page(conn: Connection, now: datetime) -> None:
    alert = make_alert(conn, launched_at=None)

    with pytest.raises(NoSuchPage):
        page_of(conn, alert, now)


def test_page_ends_with_the_first_of_its_ends(conn: Connection, now: datetime) -> None:
    soon, later = now + timedelta(hours=1), now + timedelta(hours=2)
    action_id = make_action(conn, deadline=later)
    alert = make_alert(conn, action_id, expires_at=soon)

    page = page_of(conn, alert, now)

    assert page.ends_at() == soon
    assert page.ended_at(now) is None
    assert page.ended_at(later) == soon


def test_closing_the_case_ends_the_action(conn: Connection, now: datetime) -> None:
    alert = make_alert(conn)

    close_case(conn, alert.case_id, now=now)

    assert page_of(conn, alert, now).ended_at(now) == now
