"""The question what kind of work an alert is, the hours beside it, and the report of a year."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from alerts.models import Work
from database.opening import Opened
from tests.alerts.test_lobbying import sent
from tests.builders import make_contact, make_project
from tests.web.console.test_alert_pages import ALERT
from tests.web.organizing import Desk, console, desk, words

LAUNCHED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    await opened.database.write(lambda conn: make_contact(conn, "Ben"))
    async with console(opened, now, cents_per_segment=Decimal("1.5")) as client:
        yield await desk(client, opened, now)


async def written(amina: Desk, **changed: str) -> str:
    response = await amina.post("/console/alerts/new", {**ALERT, **changed})
    assert response.status == 303, words(await response.text())
    return response.headers["Location"]


async def test_it_waits_for_the_answer_and_is_told_what_it_looks_like(amina: Desk) -> None:
    address = await written(amina, work="", ask_en="Please vote for H.R. 1234.")

    waits = await amina.page(address)
    refused = await amina.post(f"{address}/launch", {"confirmed": "1"})
    answered = await amina.post(f"{address}/work", {"work": "grassroots_lobbying"})

    assert "Nobody has said yet what kind of work this is" in waits
    assert "looks like grassroots lobbying" in waits
    assert "“H.R. 1234”" in waits
    assert refused.status == 409
    assert answered.headers["Location"] == address
    assert "Kind of work: Grassroots lobbying" in await amina.page(address)
    assert (await amina.post(f"{address}/launch", {"confirmed": "1"})).status == 303


async def test_the_form_keeps_the_answer_and_says_what_is_typed_looks_like(amina: Desk) -> None:
    address = await written(amina, work="direct_lobbying")
    form = await (await amina.get(f"{address}/edit")).text()
    typed = {**ALERT, "work": "", "body_es": "Apoye el proyecto de ley."}
    weighed = await (await amina.post("/console/alerts/measure", typed)).text()

    checked = 'value="direct_lobbying" aria-describedby="work-direct_lobbying-about" checked'
    assert checked in form
    assert 'data-piece="suggested"' in weighed
    assert "“proyecto de ley”" in weighed


async def test_hours_are_noted_and_corrected_on_the_alerts_page(
    amina: Desk, opened: Opened
) -> None:
    alert = await opened.database.write(sent, Work.ADVOCACY, 10, launched_at=LAUNCHED)
    address = f"/console/alerts/{alert.alert_id}"
    noted = {"hours": "1,5", "who": "Rosa", "worked_on": "2026-03-02"}

    for form in (noted, {**noted, "hours": "0.75", "replaces": "1"}):
        assert (await amina.post(f"{address}/hours", form)).status == 303
    wrong = [
        (await amina.post(f"{address}/hours", {**noted, **change})).status
        for change in ({"hours": "many"}, {"worked_on": ""}, {"who": ""}, {"replaces": "1"})
    ]

    assert wrong == [422] * 4
    assert "Hours noted: 0.75" in await amina.page(address)


async def test_the_network_reads_every_projects_sums_and_a_committee_its_own(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    bangor = await opened.database.write(lambda conn: make_project(conn, "Bangor"))
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison"))
    for project, work, copies in (
        (bangor, Work.GRASSROOTS, 1_000),
        (madison, Work.ADVOCACY, 200),
        (None, Work.EDUCATION, 10),
    ):
        values = {"project_id": project, "launched_at": LAUNCHED}
        await opened.database.write(sent, work, copies, **values)
    ben = await desk(amina.client, opened, now, name="Ben", projects=[bangor])

    networks = await amina.get("/console/lobbying.csv?year=2026")
    own = await ben.get("/console/lobbying.csv?year=2026")
    shown, seen = (
        await amina.page("/console/lobbying?year=2026"),
        await ben.page("/console/lobbying?year=2026"),
    )

    assert rows(await networks.text()) == [
        ["2026", "grassroots_lobbying", "Bangor", "1", "15.00", "at_most", "0.00", "0.00"],
        ["2026", "advocacy", "Madison", "1", "3.00", "at_most", "0.00", "0.00"],
        ["2026", "education", "Sister Cities", "1", "0.15", "at_most", "0.00", "0.00"],
    ]
    assert [row[2] for row in rows(await own.text())] == ["Bangor"]
    assert "Madison" in shown
    assert shown.count("Free the fourteen") == 1, "of committees it reads sums, no titles"
    assert "Madison" not in seen
    assert "Free the fourteen" in seen
    assert "This is no legal advice." in seen
    assert "Nothing was launched" in await ben.page("/console/lobbying?year=2025")


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1:]
