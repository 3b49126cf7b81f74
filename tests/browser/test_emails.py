"""Emails as a mail program shows them: on a phone, a tablet and a desk, by light and dark, in each language."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from messages.email_page import Letterhead, lit
from messages.providers.provider import fill
from messages.rendering import PersonValues, complete, email_words, values_for
from tests.browser.test_console_pages import CHROMIUM

pytestmark = [pytest.mark.browser]
SIZES = (320, 600, 1280)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]  # its best practices are for sites
BODIES = {
    "en": (
        "# Fourteen people arrested\n\nDear {{ first_name }}, call **today**: [read](https://a.org).\n\n"
        "::: facts\n- Averyveryverylongwordwithoutanyplacetobreakitoranythinglikethatatall\n"
        "- [Known](https://a.org).\n:::\n\n::: quote Rosa\nThey came at night.\n:::\n\n"
        "::: event 2026-12-01 18:00 Lake Street\nCandles.\n:::\n\n1. One\n2. Two\n\n---\n\n::: call\n:::"
    ),
    "es": (
        "## Catorce personas detenidas\n\nEstimada {{ first_name }}: llame **hoy**.\n\n"
        "::: hechos Lo más reciente\nSiguen en Cojutepeque.\n:::\n\n> Cita.\n\n::: llamada\n:::"
    ),
    "ar": "# مرحبا\n\nاتصل اليوم.\n\n::: facts حقائق\n- واحد\n:::\n\n::: call\nاتصل\n:::",
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        await launched.close()


def make_page(language: str, accent: str) -> str:
    head = Letterhead(
        network="Sister Cities",
        postal_address="PO Box 1\nMadison, WI 53701",
        public_url="https://red.example.org",
        project="Madison – Arcatao",
        accent=accent,
        view_url="https://red.example.org/e/tok",
    )
    email = email_words("Urgent", BODIES[language], language=language, letterhead=head)
    amina = PersonValues(
        first_name="Amina", link="https://x.org/a", unsubscribe="https://x.org/u", preferences="https://x.org/m"
    )  # fmt: skip
    return fill(email.words.html, complete(email, values_for(amina)), escape=True)


async def complaints(page: Page) -> list[str]:
    found = await Axe().run(page, options={"runOnly": WCAG})
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found.response["violations"]
    ]


@pytest.mark.parametrize("accent", ["#27357e", pytest.param("#f2b632", marks=pytest.mark.long)])
@pytest.mark.parametrize("language", BODIES)
async def test_an_email_can_be_read_by_everybody_anywhere(
    browser: Browser, language: str, accent: str
) -> None:
    wrong: dict[tuple[int, str], object] = {}
    for scheme in ("light", "dark"):
        context = await browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        page = await context.new_page()
        for width in SIZES:
            await page.set_viewport_size(ViewportSize(width=width, height=800))
            await page.set_content(make_page(language, accent))
            wide = await page.evaluate("document.documentElement.scrollWidth")
            found = await complaints(page) if width != 600 else []
            if found or wide > width:
                wrong[width, scheme] = (wide, found)
        await context.close()

    assert wrong == {}


async def test_what_is_lit_dark_looks_as_a_dark_screen_shows_it(browser: Browser) -> None:
    shown = []
    for scheme, dark in (("dark", None), ("light", True)):
        context = await browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        page = await context.new_page()
        html = make_page("en", "#27357e")
        await page.set_content(html if dark is None else lit(html, dark=True))
        shown.append(
            await page.evaluate(
                "[['.sheet', 'backgroundColor'], ['.prose div', 'color'], ['.go a', 'color'],"
                " ['.go a', 'backgroundColor'], ['.box td', 'backgroundColor'], ['.small a', 'color']]"
                ".map(([each, which]) => getComputedStyle(document.querySelector(each))[which])"
            )
        )
        await context.close()

    assert shown[0] == shown[1]
    assert shown[0][0] == "rgb(28, 31, 43)"
