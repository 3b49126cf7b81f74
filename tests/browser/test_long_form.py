"""The alert's form on a telephone: short, with a bar that leads through it and hides nothing that has the focus."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize

from tests.browser.test_console_pages import console_with_everything

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE = ViewportSize(width=390, height=844)
MOST = 8 * PHONE["height"]  # screens that somebody scrolls through
FOCUSED = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const bars = [...document.querySelectorAll(".savebar, .nav")];
  if (bars.some((bar) => bar.contains(document.activeElement))) return "";
  const low = Math.min(...bars.map((bar) => bar.getBoundingClientRect().top));
  return box.bottom > low + 1 && box.height < low ? document.activeElement.outerHTML.slice(0, 80) : "";
}"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


async def hidden_while_focused(page: Page, steps: int) -> list[str]:
    """What the bars cover while the tabulator stands on it."""
    found = []
    for _ in range(steps):
        await page.keyboard.press("Tab")
        found.append(await page.evaluate(FOCUSED))
    return [each for each in found if each]


@pytest.mark.long
async def test_on_a_telephone_it_is_short_and_no_bar_hides_the_focus(
    tmp_path: Path, now: datetime
) -> None:
    async with console_with_everything(tmp_path, now, language="es") as console:
        page = console.page
        await page.set_viewport_size(PHONE)
        await console.go("/console/alerts/new?from=arrested")
        tall = await page.evaluate("document.documentElement.scrollHeight")
        fields = await page.evaluate(
            "document.querySelectorAll('form[data-parts] *:is(input, textarea, select, summary, button):not([type=hidden])').length"
        )
        covered = await hidden_while_focused(page, 60)
        await page.locator(".savebar").get_by_role("link", name="Quién la recibe").click()
        shown = await page.locator("#h-who").bounding_box()

    assert tall <= MOST
    assert fields > 60
    assert covered == []
    assert shown is not None
    assert 0 <= shown["y"] < PHONE["height"] / 2


async def test_what_is_unfolded_is_still_open_when_the_form_comes_back(
    tmp_path: Path, now: datetime
) -> None:
    async with console_with_everything(tmp_path, now) as console:
        page = console.page
        await console.go("/console/alerts/new?from=arrested")
        await page.get_by_text("What callers say").click()
        await page.fill("#ask_en", "Please write a letter.")
        await page.get_by_text("Show its facts").click()
        await page.wait_for_load_state()
        again = await page.input_value("#ask_en")
        seen = await page.locator("#ask_en").is_visible()
        folded = await page.locator("#letter_en").is_visible()

    assert again == "Please write a letter."
    assert seen
    assert not folded
