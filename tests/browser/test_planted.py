"""What was planted in every field runs in no page of a real browser, even with our policy switched off (case 20)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.attacks.cases import ATTACKS
from tests.attacks.doors import filled
from tests.attacks.hooks import INBOUND, twilio
from tests.attacks.outside import MODULES
from tests.attacks.pages import SCRIPTS
from tests.attacks.stage import MARK, Stage, staged
from tests.attacks.visitors import COOKIE, Visitor
from web.console.declaring import POSTER
from web.console.needs import NEEDS
from web.console.routes import ROUTES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
STORED = 20  # the attack that plants
FEWEST = 20  # pages that are looked at
# Whatever was planted calls this; the browser counts the calls.
LISTENING = f"window.ran = 0; window.{MARK} = () => {{ window.ran += 1; }};"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@asynccontextmanager
async def defenceless(stage: Stage) -> AsyncIterator[Page]:
    """A signed-in browser that does not heed our content security policy: the words alone must be harmless."""
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(bypass_csp=True)
        await context.set_extra_http_headers({"Cookie": f"{COOKIE}={ana.cookie}"})
        page = await context.new_page()
        await page.add_init_script(LISTENING)
        try:
            yield page
        finally:
            await browser.close()


def write_to_us(stage: Stage) -> None:
    """What anybody may send us: a text and, by the mail's secret address, nothing but words."""
    for number, script in enumerate(SCRIPTS):
        form = {"MessageSid": f"SM{number}", "From": stage.facts.phone, "To": "+16085550100"}
        twilio(stage, INBOUND, {**form, "Body": f"no more {script}"})


def addresses(stage: Stage) -> Sequence[str]:
    """Every page of the console that has no end of its own and leads to no other, and the public ones."""
    newest = {
        kind: stage.scalar(f"SELECT max(id) FROM {kind}s")
        for kind in ("contact", "campaign", "alert", "import")
    }
    console = [
        "/console" + filled(stage, route.path)
        for route in ROUTES
        if route.method == "GET"
        and NEEDS["GET", route.handler].signed_in
        and not route.path.endswith(("events", ".csv", ".xlsx", POSTER, "words"))
    ]
    planted = [f"/console/{kind}s/{number}" for kind, number in newest.items()]
    forms = [f"/console/{kind}s/{newest[kind]}/edit" for kind in ("contact", "alert")]
    public = [f"/p/{stage.facts.slug}?zip=53703", f"/a/{stage.facts.token}"]
    return [*console, *planted, *forms, *public]


@pytest.mark.long
async def test_a_script_that_lives_is_counted(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        async with defenceless(stage) as page:
            await page.goto(f"{stage.facts.url}/console/")
            await page.set_content(f"<img src=x onerror={MARK}()>")
            await page.wait_for_function("window.ran === 1")


@pytest.mark.long
async def test_nothing_that_was_planted_runs(tmp_path: Path) -> None:
    assert MODULES
    alive, shown = [], 0
    with staged(tmp_path) as stage:
        ATTACKS[STORED](stage)
        write_to_us(stage)
        async with defenceless(stage) as page:
            pages = addresses(stage)
            for path in pages:
                answer = await page.goto(f"{stage.facts.url}{path}")
                assert answer is not None
                assert "/sign-in" not in page.url
                shown += MARK in await page.content()
                alive += [path] if await page.evaluate("window.ran") else []

    assert alive == []
    assert len(pages) > FEWEST
    assert shown > 5, "what was planted is hardly shown: this proves little"
