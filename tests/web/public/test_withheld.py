"""A page that names somebody who came on a list of people at risk after it was written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import Connection, update

from alerts import weighing
from alerts.at_risk import RiskDraft
from alerts.halting import add_person
from alerts.models import AlertText
from database.opening import Opened
from messages.models import MessageText
from tests.builders import make_alert, make_organizer
from tests.web.public.test_acting import HOUSE, PUBLIC_URL, Door, make_called_alert
from tests.web.serving import serving

MARIA = RiskDraft(given_names="Maria", family_names="Henriquez")
NAMED = "Freedom for Maria Henriquez"


@pytest.fixture
async def door(opened: Opened, now: datetime) -> AsyncIterator[Door]:
    alert = await opened.database.write(make_called_alert)
    async with serving(opened, now, public_url=PUBLIC_URL) as client:
        yield Door(client, opened, alert)


def name_her(conn: Connection, door: Door, now: datetime) -> int:
    mine = AlertText.alert_id == door.alert.alert_id
    conn.execute(update(AlertText).where(mine).values(summary=NAMED))
    return add_person(conn, door.alert.case_id, MARIA, by="Ben", now=now)


async def status_of(door: Door, path: str) -> int:
    async with door.client.get(path) as answer:
        assert ("Henriquez" in await answer.text()) is (answer.status == 200)
        return answer.status


async def test_a_page_is_closed_until_somebody_says_why_it_may_name_her(
    door: Door, opened: Opened, now: datetime
) -> None:
    own, shared = await door.make_page(), f"/p/{door.alert.slug}"
    person = await opened.database.write(name_her, door, now)

    assert [await status_of(door, each) for each in (own, shared)] == [503, 503]

    def say_why(conn: Connection) -> None:
        by = f"organizer:{make_organizer(conn)}"
        why = "Her lawyer asked for it, in writing."
        weighing.let_stand(conn, door.alert.alert_id, person, why=why, by=by, now=now)

    await opened.database.write(say_why)
    assert [await status_of(door, each) for each in (own, shared)] == [200, 200]


async def test_what_somebody_did_counts_though_the_page_was_closed_meanwhile(
    door: Door, opened: Opened, now: datetime
) -> None:
    own = await door.make_page()
    await opened.database.write(name_her, door, now)

    status, _ = await door.post(own, target=HOUSE, outcome="spoke")

    assert status == 303
    assert [(target, outcome) for _, target, outcome, _ in await door.told()] == [(HOUSE, "spoke")]


async def test_a_page_that_does_not_show_the_name_stays(
    door: Door, opened: Opened, now: datetime
) -> None:
    def name_her_elsewhere(conn: Connection) -> None:
        mine = MessageText.message_id == door.alert.message_id
        conn.execute(update(MessageText).where(mine).values(body=NAMED))
        add_person(conn, door.alert.case_id, MARIA, by="Ben", now=now)
        other = make_alert(conn)
        mine = AlertText.alert_id == other.alert_id
        conn.execute(update(AlertText).where(mine).values(summary=NAMED))

    await opened.database.write(name_her_elsewhere)

    await door.get(await door.make_page())
