"""A planned email leads to the page of an alert, while that asks for calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from actions.models import Action
from alerts.closing import CaseOutcome, Closing, close, reopen
from alerts.pages import page_for_delivery
from campaigns import calendar, firing, leading
from campaigns.models import Reason, RunStatus
from messages.control import Words
from messages.expanding import expand_chunk
from messages.models import Delivery, Message
from tests.builders import make_alert, make_contact
from tests.campaigns.test_firing import HOUSE, NINE, make_email_draft
from tests.doubles import NoJobs

LEADS: Mapping[str, Words] = {
    "en": Words(subject="Call", body="[Call]({{ link }})"),
    "es": Words(subject="Llame", body="[Llame]({{ link }})"),
}
SOON = NINE - timedelta(days=1)


def planned(conn: Connection, action_id: int | None, texts: Mapping[str, Words] = LEADS) -> int:
    campaign_id = calendar.create_campaign(
        conn, name="Water", goal="", project_id=None, created_by="Amina", now=SOON
    )
    draft = make_email_draft(texts=texts, action_id=action_id)
    return calendar.schedule(conn, campaign_id, draft, created_by="Amina", now=SOON)[0]


def fire(conn: Connection, email_id: int) -> firing.Fired:
    [fired] = firing.fire(conn, NoJobs(), email_id, house=HOUSE, now=NINE)
    return fired


def test_each_copy_leads_to_the_page(conn: Connection) -> None:
    alert = make_alert(conn)
    make_contact(conn, "Ben")

    fired = fire(conn, planned(conn, alert.action_id))

    assert fired.message_id is not None
    expand_chunk(conn, NoJobs(), fired.message_id, now=NINE)
    copies = conn.scalars(select(Delivery.id).where(Delivery.message_id == fired.message_id)).all()
    for each in copies:
        assert page_for_delivery(conn, each, now=NINE)[0].alert_id == alert.alert_id
    assert len(copies) == 1


def end_of_action(conn: Connection, action_id: int) -> None:
    conn.execute(update(Action).where(Action.id == action_id).values(deadline=NINE))


def end_of_alert(conn: Connection, action_id: int) -> None:
    conn.execute(update(Message).where(Message.action_id == action_id).values(expires_at=NINE))


@pytest.mark.parametrize("ends", [end_of_action, end_of_alert])
def test_one_that_leads_to_an_end_is_held(conn: Connection, ends: object) -> None:
    alert = make_alert(conn)
    make_contact(conn, "Ben")
    ends(conn, alert.action_id)  # type: ignore[operator]

    fired = fire(conn, planned(conn, alert.action_id))

    assert (fired.status, fired.reason) == (RunStatus.HELD, Reason.BLOCKED)
    assert [each.code for each in fired.held_because] == ["leads_to_the_end"]
    assert fired.held_because[0].words("es").startswith("La página")


def test_a_link_to_nowhere_is_held_and_no_link_is_none(conn: Connection) -> None:
    make_contact(conn, "Ben")
    assert {each.code for each in fire(conn, planned(conn, None)).held_because} == {"leads_nowhere"}
    without = {code: Words(subject="News", body="Read.") for code in ("en", "es")}
    assert fire(conn, planned(conn, None, without)).status is RunStatus.FIRED


def test_a_closed_case_ends_its_pages_until_it_is_opened_again(
    conn: Connection, now: datetime
) -> None:
    alert = make_alert(conn)
    ended = Closing(
        outcome=CaseOutcome.WON, ended_on=now.date(), words={"en": "Home.", "es": "En casa."}
    )
    close(conn, NoJobs(), alert.case_id, ended, languages=("en", "es"), by="x", now=now)
    assert leading.is_over(conn, alert.action_id, now=now)

    reopen(conn, NoJobs(), alert.case_id, by="x", now=now)

    assert not leading.is_over(conn, alert.action_id, now=now)


def test_an_action_that_is_gone_is_over(conn: Connection, now: datetime) -> None:
    assert leading.is_over(conn, 999_999, now=now)
