"""The report for partners: a page in the reader's language, a table, and nobody's name."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, update

from actions.models import Outcome
from actions.responses import record
from alerts.at_risk import RiskDraft, add_person
from alerts.closing import CaseOutcome, Closing, close
from alerts.models import AlertText
from alerts.models import Case as CaseRow
from database.jobs import EmbeddedJobs
from database.opening import Opened
from messages.models import Message, MessageCount, MessageStatus, Status
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_fact,
    make_project,
)
from tests.web.organizing import Desk, console, desk


@dataclass
class Told:
    """An alert of which eight people told, seven of them on one day."""

    alert: Alerted
    amina: Desk


def make_told(conn: Connection, now: datetime) -> tuple[int, Alerted]:
    load_invented_officials(conn)
    madison = make_project(conn)
    alert = make_alert(conn, project_id=madison, launched_at=now - timedelta(days=2), confirmed=9)
    conn.execute(update(CaseRow).where(CaseRow.id == alert.case_id).values(project_id=madison))
    for each in range(8):
        contact = make_contact(conn, f"Xiomara{each}", projects=[madison])
        record(
            conn,
            alert.action_id,
            contact_id=contact,
            target="us:house:WI:2",
            outcome=Outcome.SPOKE,
            channel="web",
            note="They said maybe",
            now=now - timedelta(days=1 if each else 0),
        )
    return madison, alert


@pytest.fixture
async def told(opened: Opened, now: datetime) -> AsyncIterator[Told]:
    madison, alert = await opened.database.write(make_told, now)
    async with console(opened, now) as client:
        yield Told(alert, await desk(client, opened, now, projects=[madison]))


async def test_it_is_linked_from_the_alert_and_tells_what_came_of_it(told: Told) -> None:
    home = f"/console/alerts/{told.alert.alert_id}"
    linked = await (await told.amina.get(home)).text()

    page = await told.amina.page(f"{home}/report")

    assert f"{home}/report" in linked
    assert "People who reached one 5+" in page
    assert "Spoke with somebody 5+" in page
    assert "People are told in steps of five" in page
    assert "Xiomara" not in page
    assert "maybe" not in page


async def test_it_names_nobody_who_came_on_a_list_since(
    told: Told, opened: Opened, now: datetime
) -> None:
    said = dict.fromkeys(("en", "es"), "They freed María López.")

    def name(conn: Connection) -> None:
        case_id = told.alert.case_id
        conn.execute(update(AlertText).values(title=said["en"]))
        make_fact(conn, case_id, en=said["en"], es=said["es"])
        ended = Closing(outcome=CaseOutcome.WON, ended_on=now.date(), words=said)
        close(conn, EmbeddedJobs(), case_id, ended, languages=("en",), by="x", now=now)
        listed = RiskDraft(given_names="María", family_names="López")
        add_person(conn, case_id, listed, by="x", now=now)

    await opened.database.write(name)
    homes = (f"alerts/{told.alert.alert_id}", f"cases/{told.alert.case_id}")
    pages = [await told.amina.page(f"/console/{each}/report") for each in homes]

    assert [each for each in pages if "López" in each] == []
    assert all("Alert: Without a title to 9 people" in each for each in pages)
    assert all("Police arrested fourteen people." in each for each in pages)


async def test_the_reader_chooses_the_language(told: Told) -> None:
    page = await told.amina.page(f"/console/alerts/{told.alert.alert_id}/report?lang=es")

    assert "Día por día" in page
    assert "La cuenta de cada copia" in page
    assert "La gente se cuenta de cinco en cinco" in page


async def test_the_picture_is_drawn_here_and_has_a_table_beside_it(told: Told) -> None:
    text = await (await told.amina.get(f"/console/alerts/{told.alert.alert_id}/report")).text()

    assert '<svg class="curve"' in text
    assert 'role="img"' in text
    assert "Calls and letters by day" in text


async def test_the_table_says_the_same_without_a_name(told: Told) -> None:
    answer = await told.amina.get(f"/console/alerts/{told.alert.alert_id}/report.csv")
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))

    assert answer.headers["Content-Disposition"].endswith('-report.csv"')
    assert ["calls", "spoke", "", "5+"] in rows
    assert ["sent", "people_confirmed", "", "9"] in rows
    assert not any("Xiomara" in cell for row in rows for cell in row)


async def test_its_table_adds_up_and_gives_no_reason_of_a_single_person(
    told: Told, opened: Opened
) -> None:
    kept = (
        (Status.DELIVERED, "", 9),
        (Status.SENDING, "", 2),
        (Status.SKIPPED, "no_consent", 1),
        (Status.SKIPPED, "no_address", 2),
        (Status.FAILED, "30003", 1),
    )

    def fill(conn: Connection) -> None:
        for status, reason, count in kept:
            row = {"channel": "sms", "status": status, "reason": reason, "zone_set_id": 0}
            mine = {"message_id": told.alert.message_id, "count": count}
            conn.execute(insert(MessageCount).values(**mine, **row))
        conn.execute(update(Message).values(expected=15, confirmed=1))

    await opened.database.write(fill)
    home = f"/console/alerts/{told.alert.alert_id}"
    answer = await told.amina.get(f"{home}/report.csv")
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    page = await told.amina.page(f"{home}/report")

    sent = {row[1]: row[3] for row in rows if row[0] == "sent"}
    assert sent.pop("people_confirmed") == "1"
    assert (sent["skipped"], sent["failed"], sent["sending"]) == ("3", "1", "2")
    assert sum(int(count) for count in sent.values()) == 2 * int(sent["eligible"])
    assert not any("no_consent" in row for row in rows)
    assert "to 1 person" in page  # how many copies left is told as it is


async def test_a_case_has_one_too(told: Told) -> None:
    page = await told.amina.page(f"/console/cases/{told.alert.case_id}/report")
    table = await told.amina.get(f"/console/cases/{told.alert.case_id}/report.csv")

    assert "Free the fourteen" in page
    assert table.status == 200


async def test_of_a_draft_there_is_nothing_to_report(
    told: Told, opened: Opened, now: datetime
) -> None:
    draft = await opened.database.write(
        lambda conn: make_alert(conn, status=MessageStatus.DRAFT, launched_at=None)
    )
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        answer = await amina.get(f"/console/alerts/{draft.alert_id}/report")

    assert answer.status == 409
    assert told.alert.alert_id != draft.alert_id
