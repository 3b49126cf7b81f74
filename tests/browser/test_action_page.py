"""The public pages in a real browser: axe-core's rules, no sideways scroll, no script needed."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize, async_playwright
from sqlalchemy import Connection

import web
from actions.models import Outcome
from actions.responses import record
from database.opening import opened, prepare
from messages.links import person_token
from tests.builders import (
    LONG_AGO,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
)
from tests.web.serving import LINKS_SECRET, Client, serving
from tests.writing_cases import make_call_and_letter, make_letter
from web.geocoding import Geocoder

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE, SMALL_PHONE, DESK = 390, 320, 1280
OPEN_ALL = "for (const each of document.querySelectorAll('details')) each.open = true"
# Every control but links inside a sentence, as WCAG 2.5.8 has it.
SMALLEST = """Math.min(...[...document.querySelectorAll('button, a.button, a.call, input, summary, .calls a')]
  .map(each => each.getBoundingClientRect()).filter(each => each.width).map(each => Math.min(each.width, each.height)))"""
TARGET = 24  # pixels; ours are about 44
MOST_BYTES = 15 * 1024
CAMBRIDGE: dict[str, Any] = {"zip": "02139", "city": "Cambridge", "state": "MA", "district": None}

SEATS = ("us:house:WI:2", "us:senate:WI:1", "us:senate:WI:3", "custom:ministry")
TOLD = {  # states of a page, and what was told before
    "thanks": (Outcome.SPOKE, SEATS[:1]),
    "wrong": (Outcome.WRONG_NUMBER, SEATS[:1]),
    "wrong too": (Outcome.WRONG_NUMBER, SEATS[:1]),
    "not mine": (Outcome.NOT_MINE, SEATS[:1]),
    "paused": (Outcome.SKIPPED, SEATS[:1]),
    "done": (Outcome.WROTE, SEATS),
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


def make_pages(conn: Connection) -> dict[str, str]:
    """A page in each of its states, by name."""
    load_invented_officials(conn)
    alert = make_alert(conn, make_call_and_letter(conn))
    people = {
        "call": make_contact(conn, "Amina"),
        "spanish": make_contact(conn, "Lucía", language="es"),
        "pick": make_contact(conn, "Chloe", **CAMBRIDGE, district_how="split"),
        "vacant": make_contact(conn, "Ben", zip="78741", state="TX", district=35),
        **{state: make_contact(conn, "Amina") for state in TOLD},
    }
    tokens = {
        name: person_token(LINKS_SECRET, make_delivery(conn, alert.message_id, contact_id))
        for name, contact_id in people.items()
    }
    pages = {name: f"/a/{token}" for name, token in tokens.items()}
    shared = f"/p/{alert.slug}"
    pages |= {"zip": shared, "bad zip": f"{shared}?zip=12", "leaving": f"/u/{tokens['call']}"}
    pages |= {
        "box": f"{shared}?zip=04402",
        "military": f"{shared}?zip=09012",
        "unknown": f"{shared}?zip=53799&address=no_match",
        "nobody": f"{shared}?zip=96960",
    }
    for state, (outcome, targets) in TOLD.items():
        for target in targets:
            told: dict[str, Any] = {"contact_id": people[state], "target": target}
            record(conn, alert.action_id, **told, outcome=outcome, channel="web", now=LONG_AGO)
        pages[state] += f"?after={targets[0]}"
    pages |= {"ministry": f"{pages['spanish']}?target=custom:ministry", "over": make_over(conn)}
    pages |= {"letter": make_letter_page(conn), "doubtful": f"{pages['call']}?target={SEATS[0]}"}
    return {**pages, "lost": "/a/nothing", "unsure": f"{shared}?zip=02139&district=unsure"}


def make_letter_page(conn: Connection) -> str:
    """The page of somebody who is only asked to write."""
    alert = make_alert(conn, make_letter(conn))
    delivery_id = make_delivery(conn, alert.message_id, make_contact(conn, "Amina"))
    return f"/a/{person_token(LINKS_SECRET, delivery_id)}"


def make_over(conn: Connection) -> str:
    """A page of an alert that is over."""
    return f"/p/{make_alert(conn, expires_at=LONG_AGO).slug}"


@pytest.fixture
async def served(tmp_path: Path, now: datetime) -> AsyncIterator[tuple[Client, dict[str, str]]]:
    async with opened(prepare(f"sqlite:///{tmp_path / 'llamado.db'}")) as database:
        pages = await database.database.write(make_pages)
        asks = Geocoder("http://127.0.0.1:9/", 1.0)  # shown, not asked
        async with serving(database, now, public_url="http://localhost", geocoder=asks) as client:
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
    ("width", "scheme"),
    [
        pytest.param(PHONE, "light", marks=pytest.mark.long),
        pytest.param(PHONE, "dark", marks=pytest.mark.long),
        (SMALL_PHONE, "dark"),
        pytest.param(DESK, "light", marks=pytest.mark.long),
    ],
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
        await page.evaluate(OPEN_ALL)
        found = (await Axe().run(page)).response["violations"]
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if found or wide:
            wrong[name] = [each["id"] for each in found] + ["sideways scroll"] * wide

    assert wrong == {}


@pytest.mark.long
async def test_a_reminder_is_set_and_taken_back_without_any_script(
    served: tuple[Client, dict[str, str]], page: Page
) -> None:
    client, pages = served
    await page.set_viewport_size(ViewportSize(width=PHONE, height=844))
    await page.goto(str(client.make_url(pages["call"])))
    await page.click("#remind summary")

    await page.click("#remind button >> nth=0")

    assert "We will remind you" in await page.inner_text("#remind")
    await page.click("#remind summary")
    found = (await Axe().run(page)).response["violations"]
    assert [each["id"] for each in found] == []
    await page.click("#remind button.quiet")
    assert "We will remind you" not in await page.inner_text("main")


async def test_every_state_is_light_and_its_controls_are_large(
    served: tuple[Client, dict[str, str]], page: Page
) -> None:
    client, pages = served
    static = Path(web.__file__).parent / "static"
    look = sum(
        len(gzip.compress((static / name).read_bytes())) for name in ("public.css", "mark.svg")
    )
    await page.set_viewport_size(ViewportSize(width=SMALL_PHONE, height=844))

    heavy: dict[str, int] = {}
    small: dict[str, float] = {}
    for name, path in pages.items():
        answer = await page.goto(str(client.make_url(path)))
        assert answer is not None
        weight = look + len(gzip.compress(await answer.body()))
        heavy |= {name: weight} if weight > MOST_BYTES else {}
        await page.evaluate(OPEN_ALL)
        size = await page.evaluate(SMALLEST)
        small |= {name: size} if size is not None and size < TARGET else {}

    assert (heavy, small) == ({}, {})


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "call",
            (
                "Call 1 of 4",
                "We noted for Rep. Encina: spoke with someone.",
                "Next: Sen. Guava.",
                "Call 2 of 4",
                "You have made every call",
            ),
        ),
        pytest.param(
            "spanish",
            (
                "Llamada 1 de 4",
                "Anotamos para Congresista Encina: habló con alguien.",
                "Sigue: Sen. Guava.",
                "Llamada 2 de 4",
                "Ya hizo todas las llamadas",
            ),
            marks=pytest.mark.long,
        ),
    ],
)
async def test_journey_from_the_text_to_the_thanks(
    served: tuple[Client, dict[str, str]], name: str, words: tuple[str, ...], *, script: bool
) -> None:
    client, pages = served
    first, thanks, onward, second, end = words
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(
            java_script_enabled=script, viewport=ViewportSize(width=PHONE, height=844)
        )
        complaints: list[str] = []
        page.on("console", lambda each: complaints.append(each.text))
        await page.goto(str(client.make_url(pages[name])))
        assert first in await page.inner_text("main")
        assert await page.get_attribute("a.call", "href") == "tel:+12025550130"

        await page.click("button.good")
        after = await page.inner_text("main")
        for _ in SEATS[1:]:
            await page.click("button.good")

        assert [each for each in (thanks, onward, second) if each not in after] == []
        assert end in await page.inner_text("main")
        assert "/p/" in await page.inner_text(".url")
        assert complaints == []
        await browser.close()


@pytest.mark.long
async def test_keyboard_alone_reaches_the_outcome(
    served: tuple[Client, dict[str, str]], page: Page
) -> None:
    client, pages = served
    await page.goto(str(client.make_url(pages["call"])))

    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.value") == "voicemail":
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url("**after=*")

    assert "left a message" in await page.inner_text(".thanks")


@pytest.mark.long
async def test_printed_page_has_number_hours_and_script_and_no_buttons(
    served: tuple[Client, dict[str, str]], page: Page
) -> None:
    client, pages = served
    await page.goto(str(client.make_url(pages["call"])))

    await page.emulate_media(media="print")
    words = await page.inner_text("main")

    for told in (
        "(202) 555-0130",
        "(608) 555-0130",
        "Open now",
        "I ask Representative Encina",
        "May I ask why?",
        "Dear Representative Encina",
        "20515",
    ):
        assert told in words
    assert not await page.is_visible(".outcomes button")
    assert not await page.is_visible(".pass")
