"""Nobody passes the console's door without a session and a form of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from database.opening import Opened
from organizers.passwords import hashed
from tests.builders import make_organizer
from tests.web.organizing import OURS, Desk, console, desk
from tests.web.serving import Client, serving

PASSWORD = "four words of Amina"
HASH = hashed(PASSWORD)
SIGN_IN = "/console/sign-in"
WELCOME = {"email": "amina@example.org", "password": PASSWORD}


def make_amina(conn: Connection) -> int:
    return make_organizer(conn, email="amina@example.org", password_hash=HASH, network=True)


@pytest.fixture
async def client(opened: Opened, now: datetime) -> AsyncIterator[Client]:
    await opened.database.write(make_amina)
    async with console(opened, now) as client:
        yield client


@pytest.fixture
async def amina(client: Client, opened: Opened, now: datetime) -> Desk:
    return await desk(client, opened, now)


@pytest.mark.parametrize("path", ["/console/", "/console/contacts?q=ben", "/console/nowhere"])
async def test_a_stranger_is_led_to_the_sign_in(client: Client, path: str) -> None:
    response = await client.get(path, allow_redirects=False)

    assert response.status == 303
    assert response.headers["Location"].startswith(SIGN_IN)


async def test_signing_in_leads_to_where_one_was_going(client: Client) -> None:
    form = {**WELCOME, "next": "/console/contacts?q=ben"}

    response = await client.post(SIGN_IN, data=form, headers=OURS, allow_redirects=False)

    assert response.status == 303
    assert response.headers["Location"] == "/console/contacts?q=ben"
    assert (await client.get("/console/contacts", allow_redirects=False)).status == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "https:evil", "/\\evil.example", "/\tx", "evil"],
)
async def test_signing_in_never_leads_to_another_site(client: Client, elsewhere: str) -> None:
    form = {**WELCOME, "next": elsewhere}

    response = await client.post(SIGN_IN, data=form, headers=OURS, allow_redirects=False)

    assert response.headers["Location"] == "/console/"


async def test_the_cookie_is_for_this_host_only_and_out_of_scripts_reach(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(make_amina)
    async with serving(opened, now) as client:
        response = await client.post(SIGN_IN, data=WELCOME, headers=OURS, allow_redirects=False)

    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-llamado=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize("email", ["amina@example.org", "nobody@example.org"])
async def test_a_wrong_sign_in_tells_nothing(client: Client, email: str) -> None:
    form = {"email": email, "password": "not the right words"}

    response = await client.post(SIGN_IN, data=form, headers=OURS)

    assert response.status == 401
    assert "The email address or the password is not right." in await response.text()


async def test_too_many_attempts_have_to_wait(client: Client) -> None:
    form = {**WELCOME, "password": "not the right words"}
    for _ in range(5):
        await client.post(SIGN_IN, data=form, headers=OURS)

    response = await client.post(SIGN_IN, data=WELCOME, headers=OURS)

    assert response.status == 429
    assert "Wait 15 minutes" in await response.text()


async def test_a_character_no_database_stores_is_refused(client: Client) -> None:
    form = {**WELCOME, "email": "amina\0@example.org"}

    assert (await client.post(SIGN_IN, data=form, headers=OURS)).status == 400


async def test_another_sites_form_cannot_sign_anybody_in(client: Client) -> None:
    response = await client.post(SIGN_IN, data=WELCOME, headers={"Sec-Fetch-Site": "cross-site"})

    assert response.status == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_a_form_counts_only_if_the_browser_says_it_is_ours(
    amina: Desk, headers: dict[str, str], status: int
) -> None:
    response = await amina.client.post(
        "/console/language",
        data={"csrf": amina.csrf, "language": "es"},
        headers={**amina.cookie, **headers},
        allow_redirects=False,
    )

    assert response.status == status


@pytest.mark.parametrize("token", ["", "x" * 43, "é"])
async def test_a_form_needs_the_sessions_own_token(amina: Desk, token: str) -> None:
    response = await amina.client.post(
        "/console/language", data={"csrf": token}, headers={**amina.cookie, **OURS}
    )

    assert response.status == 403
    assert "This form was sent from another site" in await response.text()


async def test_another_organizers_token_does_not_do(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    ben = await desk(amina.client, opened, now, name="Ben")

    response = await amina.client.post(
        "/console/language", data={"csrf": ben.csrf}, headers={**amina.cookie, **OURS}
    )

    assert response.status == 403


async def test_signing_out_closes_the_door(amina: Desk) -> None:
    await amina.post("/console/sign-out")

    assert (await amina.get("/console/")).status == 303


async def test_the_console_speaks_the_organizers_language(amina: Desk) -> None:
    assert "Overview" in await amina.page("/console/")

    await amina.post("/console/language", {"language": "es"})

    assert "Resumen" in await amina.page("/console/")


async def test_an_idle_session_ends(opened: Opened, now: datetime) -> None:
    async with console(opened, now + timedelta(hours=13)) as later:
        amina = await desk(later, opened, now)

        assert (await amina.get("/console/")).status == 303


async def test_questions_for_passkeys_are_not_asked_without_end(client: Client) -> None:
    said = [
        (await client.post(f"{SIGN_IN}/passkey-question", headers=OURS)).status for _ in range(31)
    ]

    assert said == [200] * 30 + [429]
