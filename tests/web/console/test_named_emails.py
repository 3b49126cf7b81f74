"""A planned email that names somebody by now: its page, its answers, and what the overview tells."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from campaigns import firing
from campaigns.models import CampaignEmail
from database.opening import Opened
from organizers.models import AuditEntry
from organizers.roles import Role
from tests.builders import make_contact, make_project
from tests.doubles import NoJobs
from tests.web.console.test_case_pages import begun
from tests.web.console.test_planned_emails import EMAIL, campaign
from tests.web.console.test_risk_pages import listed
from tests.web.organizing import Desk, console, desk, words
from tests.web.serving import make_site

HER = {"subject_en": "Free María Henríquez", "body_en": "Free María Henríquez"}
NAMING = {**EMAIL, "repeat": "once", "hour": "10:00", **HER}
AT = {"at": "2027-02-14T10:00"}
WHY = {"stands": "Her family has asked us to say her name."}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    await opened.database.write(lambda conn: make_contact(conn, "Chloe"))
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def planned(amina: Desk) -> str:
    response = await amina.post(await campaign(amina), NAMING)
    assert response.status == 303
    return response.headers["Location"]


async def fire(amina: Desk) -> None:
    def unit(conn: Connection) -> None:
        row = conn.execute(select(CampaignEmail)).one()
        house = make_site().house
        at = row.next_run_at + timedelta(seconds=1)
        firing.fire(conn, NoJobs(), row.id, house=house, now=at)

    await amina.opened.database.write(unit)


def person_on(page: str) -> str:
    return str(re.findall(r'name="person" value="(\d+)"', page)[0])


async def test_it_is_held_told_answered_by_name_and_sent(amina: Desk, opened: Opened) -> None:
    email = await planned(amina)
    await listed(amina, await begun(amina))
    await fire(amina)

    home = await amina.page("/console/")
    page = await (await amina.get(email)).text()
    again = await amina.post(f"{email}/send", AT)
    answered = await amina.post(f"{email}/may-stand", {**WHY, "person": person_on(page)})
    sent = await amina.post(f"{email}/send", AT)

    assert "Held: Water · Sun, Feb 14, 2027" in words(home)
    assert "It names somebody who is on a list of people at risk by now" in home
    assert "Henríquez" not in home
    assert "María Henríquez” is the name of a person at risk" in words(page)
    assert "a name stands there that must not be said" in words(await again.text())
    assert answered.headers["Location"] == f"{email}#h-named"
    assert "says why it may stand: Her family has asked us" in await amina.page(email)
    assert sent.headers["Location"] == email
    acts = select(AuditEntry.after).where(AuditEntry.act == "email.let_name_stand")
    assert "enr" not in str(await opened.database.read(lambda conn: conn.scalars(acts).one()))


async def test_what_pauses_on_its_way_goes_on_once_it_is_said_why(amina: Desk) -> None:
    email = await planned(amina)
    await fire(amina)
    await listed(amina, await begun(amina))

    home = await amina.page("/console/")
    refused = await amina.post(f"{email}/resume", AT)
    page = await (await amina.get(email)).text()
    await amina.post(f"{email}/may-stand", {**WHY, "person": person_on(page)})
    goes_on = await amina.post(f"{email}/resume", AT)

    assert "Paused: Water · Sun, Feb 14, 2027" in words(home)
    assert "Henríquez" not in home
    assert refused.status == 422
    assert "say why the name may stand before it goes on" in words(await refused.text())
    assert goes_on.headers["Location"] == email


async def test_a_reason_that_is_none_is_asked_for_again(amina: Desk) -> None:
    email = await planned(amina)
    await listed(amina, await begun(amina))
    page = await (await amina.get(email)).text()

    response = await amina.post(f"{email}/may-stand", {"stands": "so", "person": person_on(page)})

    assert response.status == 422
    assert "Say in a sentence why the name may stand" in words(await response.text())


async def test_who_only_looks_reads_that_it_is_held_but_not_which_name(
    opened: Opened, now: datetime
) -> None:
    def prepare(conn: Connection) -> int:
        make_contact(conn, "Chloe")
        return make_project(conn, "Bangor")

    bangor = await opened.database.write(prepare)
    async with console(opened, now) as client:
        office = await desk(client, opened, now)
        ana = await desk(client, opened, now, name="Ana", projects=[bangor], role=Role.SENDER)
        made = {"name": "Water", "goal": "a law", "project": str(bangor)}
        address = (await ana.post("/console/campaigns", made)).headers["Location"]
        email = (await ana.post(address, NAMING)).headers["Location"]
        await listed(office, await begun(office))
        await fire(office)
        ben = await desk(client, opened, now, name="Ben", projects=[bangor], role=Role.VIEWER)

        page = await ben.page(email)

    assert "Held: waits for your answer" in page
    assert "It names somebody who is on a list of people at risk by now" in page
    assert "person at risk, not to be named" not in page
    assert "Let it stand" not in page
