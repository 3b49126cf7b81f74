"""Passkeys in a real browser, with an authenticator that Chromium pretends to have."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import BrowserContext, CDPSession, Page, async_playwright
from sqlalchemy import delete, select, update

from database.opening import Opened, opened, prepare
from organizers import passkeys
from organizers.models import Passkey, Session
from organizers.passwords import hashed
from organizers.sessions import Proof
from tests.builders import make_organizer
from tests.processes import free_port
from tests.web.serving import make_site
from web.app import make_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "four words of Amina"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@dataclass
class Phone:
    """A browser with an authenticator, on the console's sign-in page."""

    context: BrowserContext
    page: Page
    devices: CDPSession
    authenticator: str
    here: Opened
    base: str

    async def sign_in(self) -> None:
        await self.page.goto(f"{self.base}/console/sign-in")
        await self.page.fill("#email", "amina@example.org")
        await self.page.fill("#password", PASSWORD)
        await self.page.click("form[action='/console/sign-in'] button")

    async def add_key(self) -> None:
        await self.page.goto(f"{self.base}/console/account")
        await self.page.fill("#name", "my phone")
        await self.page.click("form[data-make] button")
        await self.page.wait_for_selector("ul.codes")

    async def open_by_key(self) -> None:
        await self.page.goto(f"{self.base}/console/sign-in")
        await self.page.click("form[data-passkey] button")
        await self.page.wait_for_url(f"{self.base}/console/")

    async def proofs(self) -> list[str]:
        """How the sessions that are open were opened."""
        found = select(Session.proof).order_by(Session.id)
        return await self.here.database.read(lambda conn: list(conn.scalars(found)))


@pytest.fixture
async def phone(tmp_path: Path, now: datetime) -> AsyncIterator[Phone]:
    base = f"http://localhost:{free_port()}"
    url = prepare(f"sqlite:///{tmp_path / 'llamado.db'}")
    async with opened(url) as here, async_playwright() as play:
        made: dict[str, Any] = {"email": "amina@example.org", "password_hash": hashed(PASSWORD)}
        await here.database.write(lambda conn: make_organizer(conn, network=True, **made))
        # A passkey is bound to an address, so that the site has to know its own.
        site = make_site(public_url=base)
        app = make_app(here.database, here.jobs, site, clock=lambda: now)
        async with TestServer(app, host="localhost", port=int(base.rpartition(":")[2])):
            browser = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            context = await browser.new_context(viewport={"width": 390, "height": 844})
            page = await context.new_page()
            devices = await context.new_cdp_session(page)
            await devices.send("WebAuthn.enable")
            added = await devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
            yield Phone(context, page, devices, added["authenticatorId"], here, base)
            await browser.close()


async def test_a_passkey_is_made_and_opens_the_door_without_a_password(phone: Phone) -> None:
    await phone.sign_in()
    await phone.add_key()
    codes = await phone.page.locator("ul.codes li").count()
    await phone.context.clear_cookies()

    await phone.open_by_key()

    assert codes == 10
    assert await phone.page.locator("h1").inner_text() == "Overview"
    assert await phone.proofs() == [Proof.PASSKEY, Proof.PASSKEY]


async def test_the_password_alone_then_stops_at_the_second_step(phone: Phone) -> None:
    await phone.sign_in()
    await phone.add_key()
    await phone.context.clear_cookies()

    await phone.sign_in()
    assert await phone.page.locator("h1").inner_text() == "Second step"
    await phone.page.click("form[data-passkey] button")
    await phone.page.wait_for_url(f"{phone.base}/console/")


@pytest.mark.long
async def test_a_key_that_is_not_known_here_opens_nothing(phone: Phone) -> None:
    await phone.sign_in()
    await phone.add_key()
    await phone.context.clear_cookies()
    await phone.here.database.write(lambda conn: conn.execute(delete(Passkey)))

    await phone.page.goto(f"{phone.base}/console/sign-in")
    await phone.page.click("form[data-passkey] button")

    await phone.page.wait_for_selector(".problem:visible")
    assert "was not accepted" in await phone.page.inner_text(".problem:visible")


@pytest.mark.long
async def test_a_question_that_was_answered_is_not_answered_again(phone: Phone) -> None:
    """Who saw an answer on its way cannot use it."""
    await phone.sign_in()
    await phone.add_key()
    await phone.context.clear_cookies()
    sent: list[str] = []
    phone.page.on("request", lambda request: sent.append(request.post_data or ""))
    await phone.open_by_key()
    [answer] = [parse_qs(body)["credential"][0] for body in sent if "credential=" in body]
    await phone.context.clear_cookies()

    again = await phone.context.request.post(
        f"{phone.base}/console/sign-in/passkey",
        form={"credential": answer},
        headers={"Origin": phone.base},
    )

    assert again.status == 401


@pytest.mark.long
async def test_who_has_a_passkey_confirms_by_it(phone: Phone) -> None:
    await phone.sign_in()
    await phone.add_key()
    stale = update(Session).values(sure_until=Session.created_at)
    await phone.here.database.write(lambda conn: conn.execute(stale))
    await phone.page.goto(f"{phone.base}/console/projects")
    await phone.page.locator("#name").fill("Boston – El Charcón")
    await phone.page.click("form[action='/console/projects'] button")
    assert await phone.page.locator("h1").inner_text() == "Is it you?"

    await phone.page.click("form[data-passkey] button")

    await phone.page.wait_for_selector("h1:text('Projects')")
    assert "Boston – El Charcón" in await phone.page.inner_text("main")


@pytest.mark.long
async def test_removing_the_last_key_takes_the_second_step(phone: Phone) -> None:
    await phone.sign_in()
    await phone.add_key()
    await phone.page.goto(f"{phone.base}/console/account")

    await phone.page.click("form[action='/console/account/passkeys/remove'] button")

    await phone.page.wait_for_selector(".done")
    assert await phone.here.database.read(lambda conn: passkeys.held(conn, 1)) == []
