"""Closing a case in the console, and what anybody then reads on its page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import Connection, update

from alerts.cases import close_case
from alerts.models import Alert
from alerts.models import Case as CaseRow
from database.opening import Opened
from messages import counts
from messages.models import Message, MessageStatus
from organizers.roles import Role
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_project,
)
from tests.web.organizing import Desk, console, desk

FORM = {
    "outcome": "won",
    "ended_on": "2026-11-18",
    "words_en": "All fourteen are home.",
    "words_es": "Las catorce personas están en casa.",
}


@dataclass
class Case:
    """A case with an alert on its way."""

    madison: int
    alert: Alerted
    amina: Desk

    @property
    def close(self) -> str:
        return f"/console/cases/{self.alert.case_id}/close"


def make_case(conn: Connection, now: datetime) -> tuple[int, Alerted]:
    load_invented_officials(conn)
    madison = make_project(conn)
    alert = make_alert(conn, project_id=madison, expanded_at=now, starts_at=now)
    # A case belongs to whoever began it.
    conn.execute(update(CaseRow).where(CaseRow.id == alert.case_id).values(project_id=madison))
    make_delivery(conn, alert.message_id, make_contact(conn, "Ben", projects=[madison]))
    counts.apply(conn, counts.Deltas(counts.counted(conn, alert.message_id)))
    return madison, alert


@pytest.fixture
async def case(opened: Opened, now: datetime) -> AsyncIterator[Case]:
    madison, alert = await opened.database.write(make_case, now)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[madison])
        yield Case(madison, alert, amina)


async def test_before_it_happens_the_page_says_what_it_does(case: Case) -> None:
    assert "Close the case" in await case.amina.page(f"/console/alerts/{case.alert.alert_id}")

    page = await case.amina.page(case.close)

    assert "1 page tells how it ended" in page
    assert "1 copy that has not left is called off" in page
    assert "Close it, and call 1 copy off" in page


async def test_it_is_closed_told_and_drafted_with_one_click(case: Case) -> None:
    closed = await case.amina.post(case.close, FORM)
    page = await case.amina.page(closed.headers["Location"])
    alert = await case.amina.page(f"/console/alerts/{case.alert.alert_id}")
    drafted = await case.amina.post(f"/console/alerts/{case.alert.alert_id}/follow-up/outcome")

    assert "The case is closed; its pages tell how it ended." in page
    assert "Open it again" in page
    assert "Stopped: what had left has left" in alert
    assert "All fourteen are home." in alert
    draft = await case.amina.page(drafted.headers["Location"])
    assert "How it ended: Free the fourteen" in draft
    assert "Closed: case" in await case.amina.page("/console/record")


async def test_the_public_page_tells_it_in_the_readers_language(case: Case) -> None:
    await case.amina.post(case.close, FORM)

    english = await case.amina.page(f"/p/{case.alert.slug}?lang=en")
    spanish = await case.amina.page(f"/p/{case.alert.slug}?lang=es")

    assert "This was won All fourteen are home. It ended on November 18, 2026" in english
    assert "Las catorce personas están en casa." in spanish
    assert "tel:" not in await (await case.amina.get(f"/p/{case.alert.slug}")).text()


async def test_bad_input_gets_a_sentence_and_loses_nothing_typed(case: Case) -> None:
    for wrong, sentence in (
        ({"outcome": "else"}, "Choose how it ended."),
        ({"ended_on": "soon"}, "Choose the day on which it ended."),
        ({"words_es": ""}, "Say how it ended in every language"),
    ):
        answer = await case.amina.post(case.close, {**FORM, **wrong})
        text = await answer.text()

        assert answer.status == 422
        assert sentence in text
        assert "All fourteen are home." in text


async def test_within_a_day_it_is_opened_again(case: Case) -> None:
    await case.amina.post(case.close, FORM)

    answer = await case.amina.post(f"/console/cases/{case.alert.case_id}/reopen")

    assert "What was stopped stays stopped" in await case.amina.page(answer.headers["Location"])
    assert "This was won" not in await case.amina.page(f"/p/{case.alert.slug}")


async def test_whoever_only_writes_closes_nothing(
    case: Case, opened: Opened, now: datetime
) -> None:
    async with console(opened, now) as client:
        dana = await desk(client, opened, now, role=Role.DRAFTER, projects=[case.madison])
        refused = await dana.post(case.close, FORM)
        page = await dana.page(f"/console/alerts/{case.alert.alert_id}")

    assert refused.status == 403
    assert "Close the case" not in page


async def test_a_case_that_was_closed_by_a_file_has_a_page_without_an_outcome(
    case: Case, opened: Opened, now: datetime
) -> None:
    await opened.database.write(lambda conn: close_case(conn, case.alert.case_id, now=now))

    assert "This action is over" in await case.amina.page(f"/p/{case.alert.slug}")
    assert "closed" in await case.amina.page(f"/console/alerts/{case.alert.alert_id}")


async def test_after_its_last_day_a_page_has_no_call_and_offers_what_is_open(
    case: Case, opened: Opened, now: datetime
) -> None:
    def over(conn: Connection) -> Alerted:
        other = make_alert(conn, project_id=case.madison, launched_at=now)
        conn.execute(
            update(Alert).where(Alert.id == other.alert_id).values(case_id=case.alert.case_id)
        )
        ended = {"expires_at": now, "status": MessageStatus.EXPIRED}
        conn.execute(update(Message).where(Message.id == case.alert.message_id).values(ended))
        return other

    other = await opened.database.write(over)
    html = await (await case.amina.get(f"/p/{case.alert.slug}")).text()

    assert "This action is over" in html
    assert "Calls are still wanted here" in html
    assert f"/p/{other.slug}" in html
    assert "tel:" not in html


async def test_anothers_alert_on_the_case_is_told_of_and_not_led_to(
    case: Case, opened: Opened, now: datetime
) -> None:
    def on_it(conn: Connection) -> int:
        theirs = make_alert(conn, project_id=make_project(conn, "Bangor"), expanded_at=now)
        moved = update(Alert).where(Alert.id == theirs.alert_id)
        conn.execute(moved.values(case_id=case.alert.case_id))
        return theirs.alert_id

    theirs = await opened.database.write(on_it)

    page = await case.amina.page(case.close)
    html = await (await case.amina.get(case.close)).text()

    assert "1 alert of somebody else's is on its way and goes on" in page
    assert f"/console/alerts/{case.alert.alert_id}" in html
    assert f"/console/alerts/{theirs}" not in html
