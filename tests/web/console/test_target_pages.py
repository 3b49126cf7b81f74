"""Offices outside Congress in the console: kept, checked, asked for, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from actions.asks import read_action, simple_asks
from actions.custom_targets import KeptOffice, Line, find_office
from actions.models import AskMode, CustomTarget, TargetRule
from alerts.models import Alert
from database.opening import Opened
from messages.models import MessageStatus
from organizers import audit
from organizers.roles import Role
from tests.builders import (
    load_invented_officials,
    make_action,
    make_alert,
    make_contact,
    make_office,
    make_project,
)
from tests.web.console.test_alert_pages import ALERT
from tests.web.organizing import Desk, console, desk, words

OFFICE = {
    "name": "Embassy of El Salvador",
    "kind": "sv_embassy",
    "phone_0": "202-555-0199",
    "label_0": "switchboard",
    "phone_1": "+503 2222 2222",
    "time_zone": "America/New_York",
    "hours": "lun-vie 09:00-17:00",
    "closed_on": "2026-09-15, 2026-12-24",
    "languages": "es, en",
    "source": "their page",
}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now, name="Amina")


async def kept(opened: Opened, target_id: int = 1) -> KeptOffice:
    return await opened.database.read(find_office, target_id)


async def count(opened: Opened) -> int:
    rows = select(func.count()).select_from(CustomTarget)
    return await opened.database.read(lambda conn: conn.execute(rows).scalar_one())


async def test_an_office_is_added_checked_and_changed(amina: Desk, opened: Opened) -> None:
    response = await amina.post("/console/targets/new", OFFICE)

    assert (response.status, response.headers["Location"]) == (303, "/console/targets?notice=saved")
    assert "Embassy of El Salvador Never checked" in await amina.page("/console/targets")
    office = (await kept(opened)).office
    assert office.phones == (Line("+12025550199", "switchboard"), Line("+50322222222"))
    assert (office.hours, office.languages) == ("mon-fri 09:00-17:00", ("es", "en"))
    assert office.closed_on == (date(2026, 9, 15), date(2026, 12, 24))

    await amina.post("/console/targets/1/verify")

    page = await amina.page("/console/targets?notice=checked")
    assert "Embassy of El Salvador Checked" in page
    assert "Checked on Nov 19, 2026 by Amina, trusted until May 18, 2027." in page

    form = await (await amina.get("/console/targets/1/edit")).text()
    assert 'value="+12025550199"' in form
    await amina.post("/console/targets/1/edit", {**OFFICE, "phone_0": "202-555-0111"})
    assert (await kept(opened)).office.verified_on is None


async def test_what_is_done_to_an_office_is_on_the_record_without_its_number(
    amina: Desk, opened: Opened
) -> None:
    await amina.post("/console/targets/new", OFFICE)
    await amina.post("/console/targets/1/verify")
    await amina.post("/console/targets/1/remove")

    entries = await opened.database.read(lambda conn: list(audit.entries(conn, None)))
    told = [each for each in entries if each.object == "target:1"]

    assert [each.act for each in told] == ["target.remove", "target.verify", "target.add"]
    assert told[1].after["verified_on"] == "2026-11-19"
    assert "5550199" not in str(entries)
    assert "Checked the number of: office 1" in await amina.page("/console/record")
    assert await count(opened) == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "The office has no name"),
        ({"phone_0": "12"}, "“12” is not a number that any country hands out"),
        ({"hours": "9-5"}, "cannot be read; write mon-fri"),
        ({"time_zone": "Metropolis"}, "write one such as America/El_Salvador"),
        ({"closed_on": "Christmas"}, "The days on which it is closed are dates"),
        ({"expires_on": "soon"}, "The day until which the number is trusted is a date"),
        ({"email": "nobody"}, "email"),
    ],
)
async def test_what_cannot_be_kept_comes_back_with_a_sentence(
    amina: Desk, opened: Opened, typed: dict[str, str], sentence: str
) -> None:
    response = await amina.post("/console/targets/new", {**OFFICE, **typed})

    assert response.status == 422
    page = await response.text()
    assert sentence in words(page)
    assert "their page" in page
    assert await count(opened) == 0


async def test_an_office_without_a_number_cannot_be_called_checked(amina: Desk) -> None:
    await amina.post("/console/targets/new", {"name": "Desk", "time_zone": "America/New_York"})

    response = await amina.post("/console/targets/1/verify")

    assert response.status == 422
    assert "email, fax or address to check" in await response.text()


async def test_an_office_that_a_live_alert_asks_for_is_not_removed(
    amina: Desk, opened: Opened
) -> None:
    def make(conn: Connection) -> None:
        make_office(conn, "embassy")
        make_office(conn, "desk", name="Desk")
        for key, values in (("embassy", {}), ("desk", {"status": MessageStatus.STOPPED})):
            action_id = make_action(conn, TargetRule.CUSTOM, offices=[key])
            make_alert(conn, action_id, **values)

    await opened.database.write(make)

    refused = await amina.post("/console/targets/1/remove")
    removed = await amina.post("/console/targets/2/remove")

    assert refused.status == 409
    assert "An alert that has not ended" in await refused.text()
    assert removed.status == 303


async def test_a_project_changes_its_own_and_sees_the_networks(
    opened: Opened, now: datetime
) -> None:
    def make(conn: Connection) -> int:
        project_id = make_project(conn, "Madison – Arcatao")
        make_office(conn, "networks", name="Network desk")
        make_office(conn, "own", name="Own desk", project_id=project_id)
        return project_id

    madison = await opened.database.write(make)
    async with console(opened, now) as client:
        ben = await desk(client, opened, now, projects=[madison], role=Role.DRAFTER)
        page = await (await ben.get("/console/targets")).text()
        added = await ben.post("/console/targets/new", {**OFFICE, "project": str(madison)})
        networks = await ben.post("/console/targets/new", OFFICE)

    assert "Network desk" in page
    assert "/console/targets/2/edit" in page
    assert "/console/targets/1/edit" not in page
    assert added.status == 303
    assert networks.status == 404
    assert (await kept(opened, 3)).office.project_id == madison


@pytest.fixture
async def draft(amina: Desk, opened: Opened) -> str:
    """A draft that asks people to call an office nobody has checked."""
    await opened.database.write(lambda conn: make_contact(conn, "Ben"))
    await opened.database.write(lambda conn: make_office(conn, verified=False))
    asked = {"ask_0_who": "office:embassy", "ask_1_who": "congress"}
    response = await amina.post("/console/alerts/new", {**ALERT, **asked})
    assert response.status == 303, words(await response.text())
    return response.headers["Location"]


async def test_a_launch_waits_until_somebody_checked_the_number(amina: Desk, draft: str) -> None:
    review = await amina.page(draft)

    assert "Nobody has checked the number of The Embassy" in review
    assert "I checked it today" in review
    refused = await amina.post(f"{draft}/launch", {"confirmed": "1"})
    assert refused.status == 409

    checked = await amina.post("/console/targets/1/verify", {"alert": draft.rpartition("/")[2]})

    assert checked.headers["Location"] == draft
    assert "Nobody has checked" not in await amina.page(draft)


async def test_only_whoever_may_change_the_office_is_offered_the_button(
    opened: Opened, now: datetime
) -> None:
    def make(conn: Connection) -> tuple[int, int]:
        project_id = make_project(conn, "Madison – Arcatao")
        make_office(conn, verified=False)
        action_id = make_action(conn, TargetRule.CUSTOM, offices=["embassy"])
        drafted = {"status": MessageStatus.DRAFT, "launched_at": None}
        alert = make_alert(conn, action_id, project_id=project_id, **drafted)
        return project_id, alert.alert_id

    madison, alert_id = await opened.database.write(make)
    async with console(opened, now) as client:
        ben = await desk(client, opened, now, projects=[madison], role=Role.SENDER)
        review = await ben.page(f"/console/alerts/{alert_id}")

    assert "Nobody has checked the number of The Embassy" in review
    assert "I checked it today" not in review


async def test_an_expired_number_is_told_in_spanish_with_its_day(
    amina: Desk, opened: Opened, draft: str
) -> None:
    def expire(conn: Connection) -> None:
        make_office(conn, verified_on=date(2026, 1, 5), expires_on=date(2026, 7, 4))

    await opened.database.write(expire)
    await amina.post("/console/language", {"language": "es"})

    review = await amina.page(draft)

    assert "El número de The Embassy era de fiar solo hasta el 2026-07-04" in review
    assert "Lo verifiqué hoy" in review


async def test_the_form_says_whom_to_call_in_order_and_keeps_it(
    amina: Desk, opened: Opened
) -> None:
    await opened.database.write(load_invented_officials)

    def make(conn: Connection) -> None:
        make_office(conn)

    await opened.database.write(make)
    asked: dict[str, Any] = {
        "ask_0_who": "committee",
        "ask_0_committees": "hsfa, SSFR06",
        "ask_0_mode": "first",
        "ask_1_who": "office:embassy",
        "ask_1_mode": "first",
        "ask_1_until": "2026-12-04",
        "ask_1_opening_en": "Good morning.",
        "ask_1_ask_en": "Speak up.",
        "ask_1_opening_es": "Buenos días.",
        "ask_1_ask_es": "Alcen la voz.",
        "ask_3_who": "senators",
    }
    address = (await amina.post("/console/alerts/new", {**ALERT, **asked})).headers["Location"]

    form = await (await amina.get(f"{address}/edit")).text()
    assert 'value="HSFA, SSFR06"' in form
    assert "Buenos días." in form
    assert '<option value="office:embassy" selected>The Embassy</option>' in form

    def asks(conn: Connection) -> Any:
        return read_action(conn, conn.scalars(select(Alert.action_id)).one()).asks

    first, second, third = await opened.database.read(asks)
    assert (first.rule, first.committees) == (TargetRule.COMMITTEE, ("HSFA", "SSFR06"))
    assert (first.mode, second.mode, third.mode) == (AskMode.FIRST, AskMode.FIRST, AskMode.ALWAYS)
    assert second.scripts["es"].opening == "Buenos días."
    assert second.expires_at == datetime.fromisoformat("2026-12-04T23:59-05:00")
    assert third == simple_asks(TargetRule.SENATORS)[0]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"ask_0_who": ""}, "names none; add at least one"),
        ({"ask_0_who": "office:nothing"}, "No office is called nothing"),
        ({"ask_0_who": "committee"}, "members of a committee, but names none"),
        ({"ask_0_who": "committee", "ask_0_committees": "x"}, "X is not a committee"),
        (
            {"ask_0_who": "committee", "ask_0_committees": "HSFA", "ask_0_mode": "always"},
            "cannot be for everybody",
        ),
        ({"ask_0_until": "soon"}, "The day until which ask 1 is shown is a date"),
        ({"ask_0_ask_en": "Only half"}, "opening is empty"),
    ],
)
async def test_an_ask_nobody_could_follow_comes_back_with_a_sentence(
    amina: Desk, asked: dict[str, str], sentence: str
) -> None:
    response = await amina.post("/console/alerts/new", {**ALERT, **asked})

    assert response.status == 422
    assert sentence in words(await response.text())
