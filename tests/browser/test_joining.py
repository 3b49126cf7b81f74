"""Somebody joins, confirms, chooses, pauses, stops and joins again, in a real browser without script."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize, async_playwright
from sqlalchemy import Connection, select

from contacts.models import AddressStanding, Contact
from database.opening import Opened, opened, prepare
from messages.links import person_token, proof_token
from messages.models import Delivery, Message, MessageStatus
from messages.providers.provider import Inbound, Letter
from messages.replies import receive
from tests.builders import make_delivery, make_message
from tests.web.public.test_joining import make_form
from tests.web.serving import LINKS_SECRET, Client, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = os.environ.get("LLAMADO_SHOTS", "")  # a folder for pictures, to look at
AMINA = "amina@example.org"
WORDS = {
    "en": ("Join", "Yes, it was me", "Pause for a month", "End the pause now", "Stop everything",
           "Send me the email to come back", "Send me the link", "You are on the list",
           "It was not me: write to me as before"),
    "es": ("Únase", "Sí, fui yo", "Pausa de un mes", "Terminar la pausa ahora", "Parar todo",
           "Envíenme el correo para volver", "Envíenme el enlace", "Ya está en la lista",
           "No fui yo: escríbanme como antes"),
}  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


class Walk:
    """One phone in one language, which looks at every page with axe before it goes on."""

    client: Client

    def __init__(self, page: Page, checker: Page, back: Opened, now: datetime, name: str) -> None:
        self.page, self.checker, self.back, self.now = page, checker, back, now
        self.name, self.wrong, self.shots = name, list[str](), 0

    async def go(self, path: str) -> None:
        await self.page.goto(str(self.client.make_url(path)))
        await self.look()

    async def press(self, words: str) -> None:
        await self.page.get_by_role("button", name=words, exact=True).click()
        await self.look()

    async def look(self) -> None:
        """The page has no script, so axe runs in a second one that shows the same."""
        address = self.page.url
        await self.checker.goto(address)
        found = (await Axe().run(self.checker)).response["violations"]
        wide = await self.checker.evaluate("document.documentElement.scrollWidth > innerWidth")
        self.wrong += [f"{address}: {each['id']}" for each in found]
        self.wrong += [f"{address}: sideways scroll"] * wide
        self.shots += 1
        if SHOTS:
            path = Path(SHOTS) / f"{self.name}-{self.shots:02}.png"
            await self.page.screenshot(path=path, full_page=True)

    async def newest(self, purpose: str) -> int:
        def read(conn: Connection) -> int:
            asked = select(Delivery.id).join(Message).where(Message.key.like(f"answer:{purpose}:%"))
            return conn.scalars(asked.order_by(Delivery.id.desc())).first() or 0

        return await self.back.database.read(read)

    async def standing(self) -> str | None:
        found = select(AddressStanding.standing).where(AddressStanding.scope == "network")
        return await self.back.database.read(lambda conn: conn.scalar(found))

    async def forged(self) -> None:
        """An email in her name asks to leave, and nobody vouches for it."""
        mail = Inbound("email", AMINA, "stop", "1", letter=Letter())
        rules: dict[str, Any] = {"network": "Us", "public_url": "", "default_language": "en"}
        await self.back.database.write(receive, self.back.jobs, mail, **rules, now=self.now)
        assert await self.standing() == "opted_out"

    async def written_to(self) -> str:
        """A copy of an alert reached them: the link to their own page in it."""

        def write(conn: Connection) -> int:
            status = MessageStatus.FINISHED
            message_id = make_message(conn, status=status)
            contact_id = conn.scalars(select(Contact.id)).one()
            return make_delivery(conn, message_id, contact_id, channel="email")

        return f"/me/{person_token(LINKS_SECRET, await self.back.database.write(write))}"


@asynccontextmanager
async def walking(
    folder: Path, now: datetime, language: str, width: int, scheme: Literal["dark", "light"]
) -> AsyncIterator[Walk]:
    async with opened(prepare(f"sqlite:///{folder / 'llamado.db'}")) as back:
        await back.database.write(make_form)
        async with async_playwright() as play:
            browser = await play.chromium.launch(executable_path=CHROMIUM)
            size = ViewportSize(width=width, height=844)
            plain = await browser.new_page(
                viewport=size, java_script_enabled=False, color_scheme=scheme
            )
            checker = await browser.new_page(viewport=size, bypass_csp=True, color_scheme=scheme)
            walk = Walk(plain, checker, back, now, f"{language}-{width}")
            async with serving(back, lambda: walk.now, public_url="http://127.0.0.1") as client:
                walk.client = client
                yield walk
            await browser.close()


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [pytest.param("en", 390, "light", marks=pytest.mark.long), ("es", 320, "dark")],
)
async def test_from_the_form_to_the_way_out_and_back(
    tmp_path: Path, now: datetime, language: str, width: int, scheme: Literal["dark", "light"]
) -> None:
    _join, yes, pause, resume, stop, back, link, listed, not_me = WORDS[language]
    lang = f"lang={language}"
    async with walking(tmp_path, now, language, width, scheme) as walk:
        page = walk.page
        await walk.go(f"/join/madison?{lang}")
        send = page.locator("main form button")
        await send.click()
        await walk.look()  # nothing was ticked: the sentence says so
        assert await page.get_by_role("alert").count() == 1
        await page.fill("#given", "Amina")
        await page.fill("#email", AMINA)
        await page.check("input[name=agree_email]")
        await send.click()
        await walk.look()

        proof = proof_token(LINKS_SECRET, await walk.newest("sign_up"))
        await walk.go(f"/confirm/{proof}?{lang}")
        await walk.press(yes)
        assert listed in await page.inner_text("main")
        assert await walk.standing() == "granted"

        own = f"{await walk.written_to()}?{lang}"
        await walk.go(own)
        await page.check("input[value=urgent]")
        await page.locator("section:has(fieldset) button").click()
        await walk.look()
        await walk.press(pause)
        await walk.press(resume)
        await walk.press(link)
        mine = proof_token(LINKS_SECRET, await walk.newest("own_page"))
        await walk.go(f"/mine/{mine}?{lang}")
        assert AMINA in await page.inner_text("main")
        await walk.go(f"/mine/{mine}/delete?{lang}")

        await walk.go(own)
        await walk.press(stop)
        assert await walk.standing() == "opted_out"
        walk.now += timedelta(days=31)  # an address that said stop is let be for a month
        await walk.press(back)
        assert await walk.standing() == "opted_out"
        await walk.go(f"/confirm/{proof}?{lang}")  # what was said before is over
        assert await page.get_by_role("button", name=yes, exact=True).count() == 0
        proof = proof_token(LINKS_SECRET, await walk.newest("new_address"))
        await walk.go(f"/confirm/{proof}?{lang}")
        await walk.press(yes)
        assert await walk.standing() == "granted"
        await walk.forged()
        proof = proof_token(LINKS_SECRET, await walk.newest("stop_doubted"))
        await walk.go(f"/undo/{proof}?{lang}")
        await walk.press(not_me)
        assert await walk.standing() == "granted"
        for path in (f"/privacy?{lang}", f"/join/madison/embed?{lang}", f"/confirm/nothing?{lang}"):
            await walk.go(path)

        assert walk.wrong == []
