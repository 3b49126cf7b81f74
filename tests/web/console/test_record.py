"""What organizers do goes on the record, and who may read it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from database.opening import Opened
from messages.models import MessageStatus
from organizers import audit
from organizers.access import create_organizer
from organizers.audit import Entry
from tests.builders import make_alert, make_contact, make_project
from tests.web.organizing import OURS, Desk, console, desk
from web.console import routes
from web.console.acts import DECLARED

# What changes nothing that must be accounted for, or is noted elsewhere, and why.
UNRECORDED = {
    "/sign-in": "noted with the session",
    "/sign-out": "noted with the session",
    "/sign-in/second": "noted with the session",
    "/sign-in/passkey": "noted with the session",
    "/sign-in/passkey-question": "asks; nothing is decided",
    "/forgot": "asks for a letter; what comes of it is noted",
    "/confirm": "shows who is there; what follows is noted",
    "/account/passkey-question": "asks; nothing is decided",
    **dict.fromkeys(
        [
            "/account/app",
            "/account/app/remove",
            "/account/codes",
            "/account/passkeys",
            "/account/passkeys/remove",
            "/account/password",
            "/account/sessions",
            "/join/{token:[A-Za-z0-9_-]{43}}",
            "/reset/{token:[A-Za-z0-9_-]{43}}",
            "/account/reading",
            "/account/phone",
            "/account/phone/code",
            "/account/phone/confirm",
            "/approve/{token:[A-Za-z0-9_-]{43}}",
            "/approve-email/{token:[A-Za-z0-9_-]{43}}",
        ],
        "noted where it is done: tests/web/console/test_account.py",
    ),
    "/language": "a taste",
    "/account/calendar": "an address for their own calendar, which tells what they see",
    "/account/calendar/end": "the same",
    "/alerts/measure": "stores nothing",
    "/alerts/preview": "stores nothing",
    "/alerts/count": "stores nothing",
    "/look/preview": "stores nothing",
    "/campaigns/{campaign_id:[0-9]{1,15}}/measure": "stores nothing",
    "/campaigns/{campaign_id:[0-9]{1,15}}/preview": "stores nothing",
    "/series/{series_id:[0-9]{1,15}}/measure": "stores nothing",
    "/series/{series_id:[0-9]{1,15}}/preview": "stores nothing",
    "/inbox/{reply_id:[0-9]{1,15}}/measure": "keeps only who is writing an answer",
    "/inbox/{reply_id:[0-9]{1,15}}/draft": "the same; its words stay in the box",
    "/imports/check": "stores nothing",
    "/imports/problems": "stores nothing",
    "/imports": "noted where an import begins, also from the command line",
    "/unknown/{delivery_id:[0-9]{1,15}}/look": "asks the provider; nothing is decided",
    "/deliverability/look": "asks the name servers; nothing is decided",
}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def written(opened: Opened, **chosen: Any) -> list[Entry]:
    return list(await opened.database.read(lambda conn: audit.entries(conn, None, **chosen)))


async def alert_of(opened: Opened, **message: Any) -> int:
    return int(await opened.database.write(lambda conn: make_alert(conn, **message).alert_id))


def test_every_route_that_changes_something_is_on_the_record() -> None:
    posts = {route.path: route.handler for route in routes.ROUTES if route.method == "POST"}

    silent = {path for path, handler in posts.items() if ("POST", handler) not in DECLARED}

    assert silent == set(UNRECORDED)


async def test_what_is_done_to_an_alert_is_told_with_who_and_before_and_after(
    amina: Desk, opened: Opened
) -> None:
    alert_id = await alert_of(opened)
    await amina.post(f"/console/alerts/{alert_id}/pause")
    await amina.post(f"/console/alerts/{alert_id}/stop")

    stopped, paused = await written(opened, act="alert.")

    assert (paused.act, paused.object) == ("alert.pause", f"alert:{alert_id}")
    assert paused.actor == f"organizer:{amina.organizer_id}"
    assert (paused.before, paused.after) == ({"status": "sending"}, {"status": "paused"})
    assert (stopped.act, stopped.after) == ("alert.stop", {"status": "stopped"})


async def test_what_did_not_happen_is_not_told(amina: Desk, opened: Opened) -> None:
    alert_id = await alert_of(opened, status=MessageStatus.DRAFT)

    await amina.post(f"/console/alerts/{alert_id}/pause")

    assert await written(opened) == []


async def test_of_a_person_only_the_names_of_what_changed_are_told(
    amina: Desk, opened: Opened
) -> None:
    contact_id = await opened.database.write(lambda conn: make_contact(conn, "Amina"))
    form = {"given_name": "Berta", "family_name": "Alas", "language": "es", "zip": "53703"}

    response = await amina.post(f"/console/contacts/{contact_id}/edit", form)

    [entry] = await written(opened)
    assert response.status == 303
    assert (entry.act, entry.before) == ("contact.change", {})
    assert {"given_name", "language"} <= set(entry.after["changed"])
    assert "Berta" not in str(entry)


async def test_new_object_is_told_by_its_number(amina: Desk, opened: Opened) -> None:
    await amina.post("/console/campaigns", {"name": "Against metal mining"})

    [entry] = await written(opened)

    assert (entry.act, entry.object) == ("campaign.begin", "campaign:1")


async def test_signing_in_and_out_is_told(opened: Opened, now: datetime) -> None:
    ben = {"email": "ben@example.org", "password": "four words do well"}
    async with console(opened, now) as client:
        await opened.database.write(
            lambda conn: create_organizer(
                conn, name="Ben", email=ben["email"], password=ben["password"], now=now
            )
        )
        amina = await desk(client, opened, now)
        await amina.post("/console/sign-out")
        signed = await client.post(
            "/console/sign-in", data=ben, headers=OURS, allow_redirects=False
        )

    assert signed.status == 303
    assert [entry.act for entry in await written(opened)] == ["session.begin", "session.end"]


async def test_page_shows_an_organizer_the_record_of_their_projects_alone(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison"))
    boston = await opened.database.write(lambda conn: make_project(conn, "Boston"))
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        ben = await desk(client, opened, now, email="ben@example.org", projects=[boston])
        chloe = await desk(
            client, opened, now, name="Chloe", email="c@example.org", projects=[madison]
        )
        for who, project in ((chloe, madison), (ben, boston)):
            await who.post("/console/campaigns", {"name": "C", "project": str(project)})
        everything = await amina.page("/console/record")
        his = await ben.page("/console/record")
        about_campaigns = await amina.page("/console/record?kind=session")

    assert "campaign 1" in everything
    assert "campaign 2" in everything
    assert "campaign 1" not in his
    assert "campaign 2" in his
    assert "The record has" not in his
    assert "Chloe" in everything
    assert "Chloe" not in his
    assert "campaign 1" not in about_campaigns


async def test_download_defuses_formulas_and_is_on_the_record(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    await opened.database.write(
        lambda conn: audit.note(conn, "alert.stop", actor="=1+1", about="alert:1", now=now)
    )

    response = await amina.get("/console/record.csv")

    heading, first = csv.reader(io.StringIO((await response.read()).decode("utf-8-sig")))
    assert heading[:4] == ["number", "at", "who", "act"]
    assert first[2:4] == ["'=1+1", "alert.stop"]
    assert [entry.act for entry in await written(opened)] == ["record.export", "alert.stop"]
