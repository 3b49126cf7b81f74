"""Coming in: by invitation, by a second step, by a new password; and what no form can change."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

import pyotp
import pytest
from sqlalchemy import Connection, select

from database.jobs import EmbeddedJobs
from database.opening import Opened
from messages.models import MessageText
from organizers import factors, links, sessions
from organizers.models import Organizer, OrganizerProject
from organizers.passwords import hashed
from organizers.roles import Grant, Role
from tests.builders import make_organizer, make_project
from tests.web.organizing import OURS, console, desk
from tests.web.serving import Client, make_site
from web.console.letters import write_letters

PASSWORD = "four words of Amina"
HASH = hashed(PASSWORD)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SIGN_IN = "/console/sign-in"
COOKIE = "llamado"


@pytest.fixture
async def client(opened: Opened, now: datetime) -> AsyncIterator[Client]:
    async with console(opened, now) as client:
        yield client


async def post(client: Client, path: str, form: dict[str, str]) -> tuple[int, str, str]:
    response = await client.post(path, data=form, headers=OURS, allow_redirects=False)
    return response.status, await response.text(), response.headers.get("Location", "")


async def invited(opened: Opened, now: datetime, project: int) -> str:
    def invite(conn: Connection) -> str:
        return links.invite(
            conn,
            name="Ben",
            email="ben@example.org",
            language="en",
            project=project,
            grant=Grant(Role.VIEWER),
            by="x",
            now=now,
        )[1]

    return str(await opened.database.write(invite))


async def make_amina(opened: Opened, **values: object) -> int:
    made = {"email": "amina@example.org", "password_hash": HASH, "network": True, **values}
    return await opened.database.write(lambda conn: make_organizer(conn, **made))  # type: ignore[arg-type]


async def test_an_invited_person_chooses_a_password_and_is_in(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    path = f"/console/join/{await invited(opened, now, madison)}"

    page = await (await client.get(path)).text()
    status, _, where = await post(client, path, {"name": "Ben", "password": PASSWORD})

    assert "ben@example.org" in page
    assert (status, where) == (303, "/console/account?notice=welcome")
    assert (await client.get("/console/contacts", allow_redirects=False)).status == 200
    assert (await client.get(path)).status == 404
    assert (await post(client, path, {"name": "Eve", "password": PASSWORD}))[0] == 404


async def test_no_form_makes_more_of_a_guest(client: Client, opened: Opened, now: datetime) -> None:
    madison = await opened.database.write(make_project)
    path = f"/console/join/{await invited(opened, now, madison)}"
    greedy = {
        "role": "admin",
        "exports": "yes",
        "network": "true",
        "project": "",
        "email": "e@x.org",
    }

    await post(client, path, {"name": "Ben", "password": PASSWORD, **greedy})

    row = await opened.database.read(lambda conn: conn.execute(select(Organizer)).one())
    held = await opened.database.read(lambda conn: conn.execute(select(OrganizerProject)).one())
    assert (row.email, row.network, row.exports) == ("ben@example.org", False, False)
    assert (held.project_id, held.role, held.exports) == (madison, "viewer", False)


async def test_a_weak_password_keeps_the_invitation(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    path = f"/console/join/{await invited(opened, now, madison)}"

    status, told, _ = await post(client, path, {"name": "Ben", "password": "password1234"})

    assert status == 422
    assert "among the first that others would try" in told
    assert (await post(client, path, {"name": "Ben", "password": PASSWORD}))[0] == 303


async def test_a_password_alone_leads_to_the_second_step_and_no_further(
    client: Client, opened: Opened
) -> None:
    await make_amina(opened, totp_secret=SECRET)

    status, told, _ = await post(
        client, SIGN_IN, {"email": "amina@example.org", "password": PASSWORD}
    )

    assert status == 200
    assert "Second step" in told
    inside = await client.get("/console/contacts", allow_redirects=False)
    assert inside.status == 303
    assert inside.headers["Location"].startswith(SIGN_IN)


async def test_the_code_finishes_it_with_another_cookie(
    client: Client, opened: Opened, now: datetime
) -> None:
    await make_amina(opened, totp_secret=SECRET)
    await post(client, SIGN_IN, {"email": "amina@example.org", "password": PASSWORD})
    half = {each.key: each.value for each in client.session.cookie_jar}[COOKIE]
    form = {"code": pyotp.TOTP(SECRET).at(now), "next": "/console/alerts"}

    wrong = await post(client, f"{SIGN_IN}/second", {**form, "code": "000000"})
    right = await post(client, f"{SIGN_IN}/second", form)

    whole = {each.key: each.value for each in client.session.cookie_jar}[COOKIE]
    assert (wrong[0], right[0], right[2]) == (401, 303, "/console/alerts")
    assert whole != half
    assert (await client.get("/console/contacts", allow_redirects=False)).status == 200


async def test_a_new_password_still_asks_for_the_second_step(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await make_amina(opened, totp_secret=SECRET)
    token = await opened.database.write(lambda conn: links.make_reset(conn, amina, by="x", now=now))

    status, _, _ = await post(
        client, f"/console/reset/{token}", {"password": "another four words of hers"}
    )
    again, told, _ = await post(
        client, SIGN_IN, {"email": "amina@example.org", "password": "another four words of hers"}
    )

    assert (status, again) == (200, 200)
    assert "Second step" in told


async def test_asking_for_a_new_password_tells_nobody_who_exists(
    client: Client, opened: Opened
) -> None:
    await make_amina(opened)

    known = await post(client, "/console/forgot", {"email": "amina@example.org"})
    unknown = await post(client, "/console/forgot", {"email": "nobody@example.org"})

    assert known == unknown


async def test_the_letter_leads_to_the_address_that_was_set_whatever_host_was_asked(
    client: Client, opened: Opened, now: datetime
) -> None:
    await make_amina(opened)
    await client.post(
        "/console/forgot",
        data={"email": "amina@example.org"},
        headers={**OURS, "Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )
    site = make_site()

    wrote = await opened.database.write(write_letters, EmbeddedJobs(), site, now)

    body = await opened.database.read(lambda conn: conn.scalars(select(MessageText.body)).one())
    [link] = re.findall(r"https?://\S+/console/reset/[\w-]{43}", body)
    assert wrote == 1
    assert link.startswith(site.public_url)
    assert "evil" not in body


async def test_whoever_asks_again_gets_another_letter(
    client: Client, opened: Opened, now: datetime
) -> None:
    await make_amina(opened)
    links_sent = []
    for _ in range(2):
        await post(client, "/console/forgot", {"email": "amina@example.org"})
        await opened.database.write(write_letters, EmbeddedJobs(), make_site(), now)
        bodies = await opened.database.read(
            lambda conn: " ".join(conn.scalars(select(MessageText.body)))
        )
        links_sent = re.findall(r"/console/reset/[\w-]{43}", bodies)
        # The first is used: its row is gone, and with it the number that the next one is given.
        await post(client, links_sent[-1], {"password": "another four words of hers"})

    assert len(set(links_sent)) == 2


async def test_an_ended_session_is_out_and_its_owner_sees_the_others(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await desk(client, opened, now, email="amina@example.org", password_hash=HASH)
    other = await opened.database.write(
        lambda conn: sessions.begin(conn, amina.organizer_id, now, browser="Firefox, Android")
    )
    page = await amina.page("/console/account")

    await amina.post("/console/account/sessions")

    gone = await client.get(
        "/console/", headers={"Cookie": f"llamado={other}"}, allow_redirects=False
    )
    assert "Firefox, Android" in page
    assert gone.status == 303
    assert (await amina.get("/console/")).status == 200


async def test_one_cannot_end_anothers_session(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await desk(client, opened, now, email="amina@example.org")
    ben = await desk(client, opened, now, name="Ben", email="ben@example.org")
    number = await opened.database.read(
        lambda conn: sessions.viewer(conn, ben.token, now).session_id
    )

    await amina.post("/console/account/sessions", {"session": str(number)})

    assert (await ben.get("/console/")).status == 200


async def test_a_new_password_ends_every_other_session(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await desk(client, opened, now, email="amina@example.org", password_hash=HASH)
    other = await opened.database.write(lambda conn: sessions.begin(conn, amina.organizer_id, now))
    form = {"password": PASSWORD, "new_password": "another four words of hers"}

    wrong = await amina.post("/console/account/password", {**form, "password": "not it at all"})
    right = await amina.post("/console/account/password", form)
    client.session.cookie_jar.clear()

    gone = await client.get(
        "/console/", headers={"Cookie": f"llamado={other}"}, allow_redirects=False
    )
    assert (wrong.status, right.status, gone.status) == (422, 303, 303)
    fresh = right.cookies[COOKIE].value
    kept = await client.get("/console/", headers={"Cookie": f"llamado={fresh}"})
    assert fresh != amina.token
    assert kept.status == 200


async def test_an_app_is_added_and_shows_codes_to_write_down(
    client: Client, opened: Opened, now: datetime
) -> None:
    amina = await desk(client, opened, now, email="amina@example.org")
    page = await (await amina.get("/console/account/app")).text()
    [secret] = re.findall(r'name="secret" value="([A-Z2-7]{32})"', page)

    wrong = await amina.post("/console/account/app", {"secret": secret, "code": "000000"})
    right = await amina.post(
        "/console/account/app", {"secret": secret, "code": pyotp.TOTP(secret).at(now)}
    )

    assert wrong.status == 422
    assert secret in await wrong.text()
    assert len(re.findall(r"[2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4}", await right.text())) == 10
    assert await opened.database.read(lambda conn: factors.has_any(conn, amina.organizer_id))
