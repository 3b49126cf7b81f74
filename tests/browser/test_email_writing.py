"""An email's words are put in by buttons and seen as its reader sees them, by the policy that guards the console."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from messages import pictures
from messages.pictures import prepare
from tests.browser.test_console_pages import Console, console_with_everything

pytestmark = [pytest.mark.browser, pytest.mark.long]


def make_photo() -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((600, 300)).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


async def guarded(console: Console) -> Page:
    """A page under our content security policy, as organizers have it."""
    browser = console.context.browser
    assert browser is not None
    context = await browser.new_context(storage_state=await console.context.storage_state())
    page = await context.new_page()
    page.on("console", lambda told: console.complaints.append(told.text))
    return page


async def test_an_email_is_written_with_buttons_and_seen(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:
        page = await guarded(console)
        await page.goto(console.url("/console/pictures"))
        photo = FilePayload(name="banner.jpg", mimeType="image/jpeg", buffer=make_photo())
        await page.set_input_files("#file", photo)
        await page.get_by_role("button", name="Add it").click()
        await expect(page.get_by_role("status")).to_contain_text("The picture is there.")

        await page.goto(console.url("/console/campaigns/1"))
        await page.fill("#subject_en", "Water is life")
        await page.fill("#body_en", "Dear {{ first_name }},\ncome.")
        await page.locator("[data-into=body_en] summary").click()
        for name in ("Facts", "banner.jpg"):
            await page.locator("[data-into=body_en]").get_by_role("button", name=name).click()
        body = await page.input_value("#body_en")
        assert "come.\n\n::: facts\n- …\n:::\n\n![what it shows, in words](/i/" in body
        await expect(page.locator("#said")).to_contain_text("KB of the 102 that Gmail shows")
        letter = page.frame_locator(".frame iframe:last-child")
        await expect(letter.get_by_role("heading", name="What we know")).to_be_visible()
        await expect(letter.locator("body")).to_contain_text("Dear ")
        await expect(letter.locator("body")).not_to_contain_text("first_name")
        shown = letter.locator("img")
        assert await shown.evaluate("each => each.decode().then(() => each.naturalWidth)") == 600

        await page.locator("[name=theme][value=dark]").check()
        await expect(letter.locator(".sheet").first).to_have_css(
            "background-color", "rgb(28, 31, 43)"
        )
        await page.fill("#body_en", "::: quote\nx")
        await expect(page.locator("#said")).to_contain_text("“::: quote” of line 1 is not closed")
        assert await page.evaluate("history.length") <= 5
        assert console.complaints == []


async def test_a_look_is_chosen_and_seen(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:

        def logo(conn: object) -> str:
            kept = prepare(make_photo())
            return pictures.keep(conn, None, kept, name="logo", by="x", now=now)  # type: ignore[arg-type]

        await console.amina.opened.database.write(logo)
        page = await guarded(console)
        await page.goto(console.url("/console/look"))
        await page.fill("#accent", "#aa2244")
        await page.select_option("#logo", label="logo")
        letter = page.frame_locator(".frame iframe:last-child")
        await expect(letter.get_by_role("link", name="Make my call")).to_have_css(
            "background-color", "rgb(170, 34, 68)"
        )
        await expect(letter.locator(".logo img")).to_be_visible()
        await page.get_by_role("button", name="Save").click()

        await expect(page.get_by_role("status")).to_contain_text("Saved.")
        assert await page.input_value("#accent") == "#aa2244"
        assert console.complaints == []


async def test_a_plan_asks_for_what_its_choice_needs(tmp_path: Path, now: datetime) -> None:
    fields = {name: f"label[for={name}]" for name in ("every", "nth", "ends", "until")}
    fields["rule"] = ".of-rule summary"
    shown = {}
    async with console_with_everything(tmp_path, now, scripts=False) as console:
        await console.go("/console/campaigns/1")
        for repeat in ("once", "weekly", "weekday", "day", "rule"):
            await console.page.select_option("#repeat", repeat)
            seen = {name: console.page.locator(where) for name, where in fields.items()}
            shown[repeat] = [name for name, each in seen.items() if await each.is_visible()]

    assert shown == {
        "once": [],
        "weekly": ["every", "ends"],
        "weekday": ["every", "nth", "ends"],
        "day": ["every", "ends"],
        "rule": ["rule"],
    }
