"""The inbox by keys, in a real browser, in both languages; and all of it without any script."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import expect
from sqlalchemy import Connection, select

from messages.models import Reply
from tests.browser.test_console_pages import CHROMIUM, Console, console_with_everything

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
PLAIN = '"Hola", aqui estamos. ' * 3 + '"Hola", aqui estamos.'
FIRST, SECOND = "Ben", "Chloe"  # those who wait, after the two that may have said stop


async def focused(console: Console) -> str:
    return str(await console.page.evaluate("document.activeElement.textContent.trim()"))


async def press(console: Console, keys: str) -> None:
    for key in keys.split():
        await console.page.keyboard.press(key)


async def handled(console: Console) -> list[int]:
    def read(conn: Connection) -> list[int]:
        mine = select(Reply.id).where(Reply.handled_by.startswith("organizer:"))
        return sorted(conn.scalars(mine))

    return await console.amina.opened.database.read(read)


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.long), "es"])
async def test_an_inbox_is_worked_through_by_keys(
    tmp_path: Path, now: datetime, language: str
) -> None:
    async with console_with_everything(tmp_path, now, language=language) as console:
        page = console.page
        await console.go("/console/inbox")
        await press(console, "j j j j")
        down = await focused(console)
        await press(console, "k")
        up = await focused(console)
        await press(console, "e")
        await page.wait_for_url("**/inbox?acted=3")
        done = await handled(console)
        await press(console, "u")
        await page.wait_for_url(re.compile(r"/inbox$"))
        undone = await handled(console)
        await press(console, "j j j r")
        await page.wait_for_url("**/inbox/3#words")
        await expect(page.locator("#words")).to_be_focused()

    assert (down.split()[0], up.split()[0]) == (SECOND, FIRST)
    assert (done, undone) == ([3, 5], [5])
    assert console.complaints == []


@pytest.mark.long
async def test_keys_rest_while_somebody_types(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:
        page = console.page
        await console.go("/console/inbox/3")
        await page.focus("#words")
        await page.keyboard.type("jeesO?")

        assert await page.input_value("#words") == "jeesO?"
        assert await page.locator("dialog[open]").count() == 0
        assert page.url.endswith("/inbox/3")
        assert await handled(console) == [5]


@pytest.mark.long
async def test_in_a_conversation_keys_lead_to_each_part(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:
        page = console.page
        await console.go("/console/inbox/3")
        await press(console, "s")
        await expect(page.locator("#later")).to_be_focused()
        await press(console, "Escape")
        await page.evaluate("document.activeElement.blur()")
        await press(console, "a")
        await expect(page.locator("#to")).to_be_focused()
        await page.evaluate("document.activeElement.blur()")
        await press(console, "Shift+O")
        await expect(page.locator("[data-opt-out]")).to_be_focused()
        await page.evaluate("document.activeElement.blur()")
        await press(console, "j")
        await page.wait_for_url("**/inbox/4")

        assert await handled(console) == [5]


@pytest.mark.long
async def test_the_list_of_keys_can_switch_them_off(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:
        page = console.page
        await console.go("/console/inbox")
        await press(console, "?")
        await expect(page.locator("dialog#keys")).to_be_visible()
        await page.uncheck("[data-keys-switch]")
        await press(console, "Escape")
        await console.go("/console/inbox")
        before = await focused(console)
        await press(console, "j")

        assert await focused(console) == before
        await page.click("[data-keys-button]")
        await page.check("[data-keys-switch]")
        await press(console, "Escape")
        await page.evaluate("document.activeElement.blur()")
        await press(console, "j")
        assert await focused(console) != before


@pytest.mark.long
async def test_a_suggestion_goes_into_the_box_and_is_weighed(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:
        page = console.page
        await console.go("/console/inbox/3")
        await page.click("[data-words] >> nth=0")
        await page.wait_for_selector("#weighed >> text=Segments")

        assert await page.input_value("#words")
        assert page.url.endswith("/inbox/3")


@pytest.mark.long
async def test_somebody_is_answered_without_any_script(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now, scripts=False) as console:
        page = console.page
        await console.go("/console/inbox")
        await page.click(f"article:has-text('{FIRST}') >> text=Answer")
        await page.click("button[value='suggest:who']")
        assert await page.input_value("#words")
        await page.fill("#words", "“Hola”, aquí estamos. " * 4)
        await page.click("text=What does it cost?")
        await page.click("text=Write it in plain characters")
        assert await page.input_value("#words") == PLAIN
        await page.click("text=Send the answer")
        await page.click("text=Undo")

        assert await page.input_value("#words") == PLAIN
