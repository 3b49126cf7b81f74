# ruff: noqa: INP001, T201 - a script beside the documents it makes pictures for
"""Take the pictures of the documentation: a console and pages with invented people, in Chromium.

Run it with ``make screenshots``. It plays a demonstration on a free port, so nothing leaves the
machine, and takes about two minutes.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, BrowserContext, ViewportSize, async_playwright
from sqlalchemy import Connection, func, select

import settings as all_settings
from alerts import launching
from alerts.drafts import AlertDraft, CaseDraft, Headline
from alerts.files import read_alert
from alerts.models import Level
from alerts.preflight import check
from commands import demo
from messages.audience import Audience, Filter
from messages.models import Delivery, MessageStatus, OutboxMessage, Reply
from messages.providers.simulated_lives import Behaviour
from service import Service, running

FOLDER = Path(__file__).parent / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PUBLIC_URL = "https://call.example.org"  # what the pictures' texts show instead of a port
EASTERN = ZoneInfo("America/New_York")
PLAYED = Behaviour(delivery_seconds=2, reaction_seconds=6, called=0.8, replied=0.12, stopped=0.03)
PATIENCE_SECONDS = 180
PAUSE_SECONDS = 0.3
CALLS, REPLIES, SHARE_OUT = 25, 4, 0.45  # what has happened when the pictures are taken
DESK, PHONE = ViewportSize(width=1280, height=1000), ViewportSize(width=390, height=844)
LOWER, LOW = ViewportSize(width=1280, height=860), ViewportSize(width=1280, height=620)
EARLIER = {
    "en": Headline("Exercise: the mining law is back on the floor", "A call takes three minutes."),
    "es": Headline("Ejercicio: vuelve la ley de minería", "Una llamada toma tres minutos."),
}
NEXT = {
    "en": Headline("Exercise: the trial of the thirteen begins", "A call takes three minutes."),
    "es": Headline("Ejercicio: empieza el juicio de los trece", "Una llamada toma tres minutos."),
}


class NothingHappened(Exception):
    """The demonstration did not come as far as the pictures need."""


@dataclass(frozen=True)
class Look:
    """How a picture is looked at."""

    viewport: ViewportSize
    scale: float
    language: str = "en"
    dark: bool = False


WIDE, SMALL = Look(DESK, 1.25), Look(PHONE, 2)


@dataclass(frozen=True)
class Stage:
    """What is there to take pictures of."""

    service: Service
    password: str
    alert_id: int
    draft_id: int


async def take() -> None:
    """Play the demonstration and take every picture."""
    FOLDER.mkdir(exist_ok=True)
    async with played() as stage, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        alert, draft = f"alerts/{stage.alert_id}", f"alerts/{stage.draft_id}"
        async with console(browser, stage, WIDE) as shoot:
            await shoot("console-alert", alert)
        async with console(browser, stage, SMALL) as shoot:
            await shoot("console-alert-phone", alert)
        async with console(browser, stage, replace(WIDE, viewport=LOW, dark=True)) as shoot:
            await shoot("console-overview-dark", "")
        async with console(browser, stage, replace(WIDE, viewport=LOWER)) as shoot:
            await shoot("console-write", f"{draft}/edit#h-words")
            await shoot("console-review", draft)
        await until(stage.service, replies_wait)
        async with console(browser, stage, replace(SMALL, language="es")) as shoot:
            await shoot("console-inbox-phone-es", "inbox")
        await take_action_pages(browser, stage.service)
        await browser.close()


async def take_action_pages(browser: Browser, service: Service) -> None:
    """The page that a supporter opens."""
    pages = {language: await own_page(service, language) for language in ("en", "es")}
    for name, look in {
        "action-page-phone": SMALL,
        "action-page-phone-es": replace(SMALL, language="es"),
        "action-page-dark": replace(SMALL, dark=True),
    }.items():
        async with context(browser, look) as opened:
            await photograph(opened, name, f"{service.url}{pages[look.language]}")


@asynccontextmanager
async def played() -> AsyncIterator[Stage]:
    """A service in the middle of an alert, with one that is over and one still being written."""
    with tempfile.TemporaryDirectory(prefix="llamado-screenshots-") as name:
        folder = Path(name)
        plan = demo.Plan(folder=folder, port=0, undo_seconds=1)
        chosen = all_settings.load(environment(plan, folder), folder=folder)
        async with running(chosen, behaviour=PLAYED) as service:
            password = secrets.token_urlsafe(9)
            earlier = await service.database.write(begin, service, password)
            await until(service, lambda conn: is_over(conn, earlier))
            alert_id, draft_id = await service.database.write(go_on, service)
            await until(service, lambda conn: is_halfway(conn, alert_id))
            yield Stage(service, password, alert_id, draft_id)


def environment(plan: demo.Plan, folder: Path) -> dict[str, str]:
    """The demonstration's settings, but where it is an hour earlier than in the East, it is night."""
    opens = datetime.now(EASTERN).strftime("%H:00")
    return demo.environment(plan, folder) | {
        "LLAMADO_NETWORK__PUBLIC_URL": PUBLIC_URL,
        "LLAMADO_WEB__SECOND_STEP": "true",
        "LLAMADO_QUIET_HOURS__OPENS": opens,
        "LLAMADO_QUIET_HOURS__SUNDAY_OPENS": opens,
    }


def begin(conn: Connection, service: Service, password: str) -> int:
    """Invent people, and an alert to few of them that is soon over."""
    demo.invent(conn, 500, password=password, now=datetime.now(UTC))
    few = Audience(Filter(states=("ME",)))
    return launch(conn, service, replace(example(service), words=EARLIER, audience=few))


def go_on(conn: Connection, service: Service) -> tuple[int, int]:
    """Launch the alert that the pictures follow, and begin to write another."""
    draft = replace(example(service), case=CaseDraft(slug="suchitoto-14"))
    alert_id = launch(conn, service, draft)
    return alert_id, create(conn, service, replace(draft, words=NEXT, level=Level.AMBER))


def example(service: Service) -> AlertDraft:
    """The alert that ships as an example."""
    return read_alert(demo.ALERT.read_text("utf-8"), languages=service.site.languages)


def create(conn: Connection, service: Service, draft: AlertDraft) -> int:
    """Store a draft."""
    house, now = service.site.house, datetime.now(UTC)
    return launching.create(conn, draft, house=house, created_by=demo.BY, now=now)


def launch(conn: Connection, service: Service, draft: AlertDraft) -> int:
    """Store a draft and launch it to everybody it reaches."""
    alert_id = create(conn, service, draft)
    house, now = service.site.house, datetime.now(UTC)
    people = check(conn, alert_id, house=house, now=now, reckon=False).people
    jobs = service.opened.jobs
    demo.approve(conn, alert_id, service.site, datetime.now(UTC))
    launching.launch(conn, jobs, alert_id, house=house, confirmed=people, by=demo.BY, now=now)
    return alert_id


async def until(service: Service, happened: Callable[[Connection], bool]) -> None:
    """Wait for the demonstration to come so far. Raises NothingHappened."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await service.database.read(happened):  # noqa: ASYNC110 - another's rows
                await asyncio.sleep(PAUSE_SECONDS)
    except TimeoutError as error:
        raise NothingHappened(NothingHappened.__doc__) from error


def is_over(conn: Connection, alert_id: int) -> bool:
    """Whether everybody's copy has gone, and some have called."""
    stands = launching.status(conn, alert_id, now=datetime.now(UTC))
    equation = stands.progress.equation
    gone = stands.progress.status is MessageStatus.FINISHED and not equation.waiting
    return gone and stands.totals.calls > 0


def is_halfway(conn: Connection, alert_id: int) -> bool:
    """Whether copies are out, others wait, and telephones ring."""
    stands = launching.status(conn, alert_id, now=datetime.now(UTC))
    equation = stands.progress.equation
    enough = equation.gone_out >= SHARE_OUT * equation.eligible
    return enough and stands.totals.calls >= CALLS


def replies_wait(conn: Connection) -> bool:
    """Whether some replies wait for an organizer."""
    waiting = select(func.count()).where(Reply.handled_at.is_(None))
    return (conn.scalar(waiting) or 0) >= REPLIES


async def own_page(service: Service, language: str) -> str:
    """The path of one person's action page, of somebody whose text is in this language."""
    texts = (
        select(OutboxMessage.text)
        .join(Delivery, Delivery.id == OutboxMessage.delivery_id)
        .where(
            Delivery.language == language,
            Delivery.channel == "sms",
            OutboxMessage.text.contains("/a/"),  # not the answer to somebody's reply
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )
    text = await service.database.read(lambda conn: conn.scalar(texts))
    found = re.search(r"/a/[0-9A-Za-z]+", text or "")
    if found is None:
        raise NothingHappened(NothingHappened.__doc__)
    return found[0]


Shoot = Callable[[str, str], Awaitable[None]]


@asynccontextmanager
async def console(browser: Browser, stage: Stage, look: Look) -> AsyncIterator[Shoot]:
    """A signed-in browser, as a function that takes a picture of a page of the console."""
    base = f"{stage.service.url}/console"
    async with context(browser, look) as opened:
        page = await opened.new_page()
        await page.goto(f"{base}/sign-in")
        await page.fill("#email", demo.ORGANIZER)
        await page.fill("#password", stage.password)
        await page.click("main button")
        await page.wait_for_url(f"{base}/")
        await page.locator(f"button[name=language][value={look.language}]").evaluate_all(
            "found => found.forEach(each => each.click())"
        )
        await page.wait_for_selector(f"html[lang={look.language}]")
        yield lambda name, path: photograph(opened, name, f"{base}/{path}")


@asynccontextmanager
async def context(browser: Browser, look: Look) -> AsyncIterator[BrowserContext]:
    """A browser of somebody who looks so."""
    opened = await browser.new_context(
        viewport=look.viewport,
        device_scale_factor=look.scale,
        color_scheme="dark" if look.dark else "light",
        locale=look.language,
        is_mobile=look.viewport["width"] < DESK["width"],
        has_touch=look.viewport["width"] < DESK["width"],
    )
    yield opened
    await opened.close()


async def photograph(opened: BrowserContext, name: str, url: str) -> None:
    """Keep what fits on the screen; a page that follows events is never idle, so load is enough."""
    page = await opened.new_page()
    await page.goto(url, wait_until="load")
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=FOLDER / f"{name}.png")
    await page.close()
    print(f"docs/screenshots/{name}.png")


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("Chromium is not installed; on Debian or Ubuntu: apt-get install chromium")
    asyncio.run(take())
