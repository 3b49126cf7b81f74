"""The network's admins keep the recesses of Congress; the month and the check before a launch tell of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape

from sqlalchemy import Connection, insert

from database.opening import Opened
from organizers import audit
from organizers.roles import Role
from representatives.models import Recess
from tests.builders import make_contact, make_project
from tests.web.console.test_alert_pages import ALERT
from tests.web.organizing import console, desk

PATH = "/console/recesses"
SOURCE = "https://www.house.gov/legislative-activity"


async def test_a_recess_is_noted_stands_in_the_month_and_is_taken_off(
    opened: Opened, now: datetime
) -> None:
    month = f"/console/?month={now:%Y-%m}"
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)
        form = {"chamber": "house", "source": SOURCE}
        day = now.date().replace(day=3)
        form |= {"first": f"{day}", "last": f"{day + timedelta(days=9)}"}

        noted = await olga.post(PATH, form)
        shown = await olga.page(month)
        again = await olga.post(PATH, form)
        twice = unescape(await again.text())
        await olga.post(f"{PATH}/1/remove")
        gone = await olga.page(PATH)

    assert noted.status == 303
    assert "House in recess until" in shown
    assert "Last day of the House’s recess" in shown
    assert again.status == 422
    assert "that chamber is in recess already" in twice
    assert f'value="{SOURCE}"' in twice
    assert "No recess is noted" in gone


async def test_every_recess_of_a_pasted_list_stands_in_the_record(
    opened: Opened, now: datetime
) -> None:
    listed = f"house,2027-08-01,2027-09-06,{SOURCE}\nsenate,2027-08-07,2027-09-12,{SOURCE}"
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)

        await olga.post(PATH, {"list": listed})

    entries = await opened.database.read(audit.entries, None, act="recess.")
    assert sorted((each.object, each.after) for each in entries) == [
        ("recess:1", {"chamber": "house", "first_on": "2027-08-01", "last_on": "2027-09-06"}),
        ("recess:2", {"chamber": "senate", "first_on": "2027-08-07", "last_on": "2027-09-12"}),
    ]


async def test_only_the_networks_admins_note_recesses(opened: Opened, now: datetime) -> None:
    madison = await opened.database.write(make_project)
    async with console(opened, now) as client:
        ana = await desk(client, opened, now, projects=[madison], role=Role.ADMIN)
        form = {"chamber": "house", "first": "2026-08-01", "last": "2026-08-02", "source": SOURCE}

        refused = await ana.post(PATH, form)
        page = await ana.page(PATH)

    assert refused.status in (403, 404)
    assert "No recess is noted" in page
    assert "Note a recess" not in page


async def test_the_check_tells_of_the_chambers_that_are_asked_for(
    opened: Opened, now: datetime
) -> None:
    def fill(conn: Connection) -> None:
        make_contact(conn, "Ben")
        days = {
            "first_on": now.date() + timedelta(days=5),
            "last_on": now.date() + timedelta(days=9),
        }
        for chamber in ("house", "senate"):
            row = {"chamber": chamber, "source": SOURCE, "set_by": "x", "set_at": now}
            conn.execute(insert(Recess).values(**row, **days))

    await opened.database.write(fill)
    checks = []
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        over = f"{now.date() + timedelta(days=2)}"
        for changed in (
            {"ask_0_who": "representative"},
            {"ask_0_who": "congress"},
            {"last_day": over},
        ):
            stored = await amina.post("/console/alerts/new", {**ALERT, **changed})
            checks.append(await amina.page(stored.headers["Location"]))

    told = [
        ("The House is in recess" in each, "The Senate is in recess" in each) for each in checks
    ]
    assert told == [(True, False), (True, True), (False, False)]
