"""The public pages in a real browser: axe-core's rules, no sideways scroll, no script needed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize, async_playwright
from sqlalchemy import Connection

from database.opening import opened, prepare
from messages.links import person_token
from tests.builders import load_invented_officials, make_alert, make_contact, make_delivery
from tests.web.serving import LINKS_SECRET, Client, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE, SMALL_PHONE, DESK = 390, 320, 1280
CAMBRIDGE: dict[str, Any] = {"zip": "02139", "city": "Cambridge", "state": "MA", "district": None}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


def make_pages(conn: Connection) -> dict[str, str]:
    """A page in each of its states, by name."""
    load_invented_officials(conn)
    alert = make_alert(conn)
    people = {
        "call": make_contact(conn, "Amina"),
        "spanish": make_contact(conn, "Lucía", language="es"),
        "pick": make_contact(conn, "Chloe", **CAMBRIDGE, district_how="split"),
        "vacant": make_contact(conn, "Ben", zip="78741", state="TX", district=35),
    }
    tokens = {
        name: person_token(LINKS_SECRET, make_delivery(conn, alert.message_id, contact_id))
        for name, contact_id in people.items()
    }
    pages = {name: f"/a/{token}" for name, token in tokens.items()}
    shared = f"/p/{alert.slug}"
    pages |= {"zip": shared, "bad zip": f"{shared}?zip=12", "leaving": f"/u/{tokens['call']}"}
    return {**pages, "lost": "/a/nothing", "unsure": f"{shared}?zip=02139&district=unsure"}


@pytest.fixture
async def served(tmp_path: Path, now: datetime) -> AsyncIterator[tuple[Client, dict[str, str]]]:
    async with opened(prepare(f"sqlite:///{tmp_path / 'llamado.db'}")) as database:
        pages = await database.database.write(make_pages)
        async with serving(database, now, public_url="http://localhost") as client:
            yield client, pages


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        # axe is injected, which our content security policy would rightly refuse.
        yield await browser.new_page(bypass_csp=True)
        await browser.close()


@pytest.mark.parametrize(
    ("width", "scheme"), [(PHONE, "light"), (SMALL_PHONE, "dark"), (DESK, "light")]
)
async def test_every_state_of_the_public_pages_is_accessible(
    served: tuple[Client, dict[str, str]], page: Page, width: int, scheme: str
) -> None:
    client, pages = served
    await page.set_viewport_size(ViewportSize(width=width, height=844))
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    wrong = {}
    for name, path in pages.items():
        await page.goto(str(client.make_url(path)))
        found = (await Axe().run(page)).response["violations"]
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if found or wide:
            wrong[name] = [each["id"] for each in found] + ["sideways scroll"] * wide

    assert wrong == {}


async def test_three_presses_make_three_calls_without_any_script(
    served: tuple[Client, dict[str, str]],
) -> None:
    client, pages = served
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(java_script_enabled=False)
        await page.goto(str(client.make_url(pages["spanish"])))

        for _ in range(3):
            await page.click("button.good")

        assert "Ya hizo todas las llamadas" in await page.inner_text("main")
        await browser.close()
