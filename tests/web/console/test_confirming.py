"""Is it still you? Asked before launching, roles and keys, half an hour after one has shown it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import update

from database.opening import Opened
from organizers import sessions
from organizers.models import Session
from organizers.passwords import hashed
from tests.builders import make_organizer, make_project
from tests.web.organizing import Desk, console, desk
from tests.web.serving import Client

PASSWORD = "four words of Amina"
HASH = hashed(PASSWORD)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NEW = {"name": "Boston – El Charcón", "us_city": "Boston"}


@pytest.fixture
async def client(opened: Opened, now: datetime) -> AsyncIterator[Client]:
    async with console(opened, now) as client:
        yield client


async def unsure(client: Client, opened: Opened, now: datetime, **values: object) -> Desk:
    """Somebody who signed in an hour ago."""
    amina = await desk(client, opened, now, email="amina@example.org", **values)
    before = update(Session).values(sure_until=now - timedelta(minutes=30))
    await opened.database.write(lambda conn: conn.execute(before))
    return amina


def waiting(page: str) -> dict[str, str]:
    """What the page that asks holds back, as a browser would send it."""
    form = page.partition('action="/console/confirm"')[2].partition("</form>")[0]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: value for name, value in fields if name != "csrf"}


async def test_what_was_typed_waits_and_goes_on(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await unsure(client, opened, now, password_hash=HASH)

    asked = await amina.post("/console/projects", NEW)
    held = waiting(await asked.text())
    answered = await amina.post("/console/confirm", {**held, "confirm_password": PASSWORD})

    assert asked.status == 403
    assert held["us_city"] == "Boston"
    # 307: the browser repeats the form where it was going.
    assert (answered.status, answered.headers["Location"]) == (307, "/console/projects")
    amina.token = answered.cookies["llamado"].value
    assert (await amina.post("/console/projects", NEW)).status == 303
    assert "Boston – El Charcón" in await amina.page("/console/projects")


async def test_a_wrong_answer_loses_nothing_and_opens_nothing(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await unsure(client, opened, now, password_hash=HASH)
    held = waiting(await (await amina.post("/console/projects", NEW)).text())

    wrong = await amina.post("/console/confirm", {**held, "confirm_password": "not it at all"})

    assert wrong.status == 403
    assert waiting(await wrong.text())["us_city"] == "Boston"
    assert (await amina.post("/console/projects", NEW)).status == 403


async def test_who_has_a_second_step_is_asked_for_it_and_not_for_the_password(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await unsure(client, opened, now, password_hash=HASH, totp_secret=SECRET)
    held = waiting(await (await amina.post("/console/projects", NEW)).text())

    password = await amina.post("/console/confirm", {**held, "confirm_password": PASSWORD})
    code = await amina.post(
        "/console/confirm", {**held, "confirm_code": pyotp.TOTP(SECRET).at(now)}
    )

    assert (password.status, code.status) == (403, 307)


async def test_guessing_is_stopped(client: Client, opened: Opened, now: datetime) -> None:
    amina = await unsure(client, opened, now, password_hash=HASH)
    for _ in range(5):
        await amina.post(
            "/console/confirm", {"confirm_to": "/console/", "confirm_password": "not it at all"}
        )

    late = await amina.post(
        "/console/confirm", {"confirm_to": "/console/", "confirm_password": PASSWORD}
    )

    assert "Too many attempts" in await late.text()


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil", ""])
async def test_the_answer_leads_nowhere_else(
    client: Client, opened: Opened, now: datetime, to: str
) -> None:
    amina = await unsure(client, opened, now, password_hash=HASH)

    answered = await amina.post(
        "/console/confirm", {"confirm_to": to, "confirm_password": PASSWORD}
    )

    assert answered.headers["Location"] == "/console/"


async def test_a_page_that_asks_for_it_leads_through_the_question(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await unsure(client, opened, now, password_hash=HASH)

    sent = await amina.get("/console/record.csv")

    assert sent.status == 303
    assert sent.headers["Location"] == "/console/confirm?to=/console/record.csv"
    assert "Is it you?" in await amina.page(sent.headers["Location"])


async def test_without_a_second_step_the_powers_sleep_and_the_page_says_what_to_do(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    ben_id = await opened.database.write(
        lambda conn: make_organizer(conn, "Ben", projects=[madison])
    )
    token = await opened.database.write(lambda conn: sessions.begin(conn, ben_id, now))
    csrf = await opened.database.read(lambda conn: sessions.viewer(conn, token, now).csrf_token)
    ben = Desk(client, opened, token, csrf, ben_id)

    response = await ben.get("/console/members")

    assert response.status == 403
    assert "Add a second step" in await response.text()
    assert (await ben.get("/console/contacts")).status == 200


async def test_what_waits_may_have_a_code_and_a_password_of_its_own(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await unsure(client, opened, now, password_hash=HASH)
    own = {"code": "their own", "password": "theirs", "credential": "also", "to": "there"}

    page = await (await amina.post("/console/account/app", own)).text()

    for name, value in own.items():
        assert f'name="{name}" value="{value}"' in page
