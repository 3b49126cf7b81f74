"""The console in a real browser: axe-core's rules, no sideways scroll, with and without scripts."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    async_playwright,
)
from sqlalchemy import Connection, insert, select, update

from actions.models import Outcome
from actions.office_models import Source, Stance
from actions.reports import Heard, suggest
from actions.responses import record
from actions.staffers import Aide, save_staffer
from actions.stances import note_stance
from alerts import alone, approval_asks, own_starts
from alerts.alone import BreakGlass
from alerts.approval_models import ApprovalAsk
from alerts.campaigning import put_in
from alerts.closing import CaseOutcome, Closing, close
from alerts.files import read_alert
from alerts.launching import create
from alerts.models import Alert, Case, Level
from alerts.numbers import show_numbers
from alerts.sharing import propose
from campaigns import approval_asks as planned_asks
from campaigns import (
    deciding,
    enrolling,
    firing,
    keeping,
    measures,
    occurrences,
    series,
    step_answers,
    stepping,
    timeline,
)
from campaigns.approval_models import EmailApprovalAsk
from campaigns.ballots import About
from campaigns.calendar import EmailDraft, create_campaign, schedule
from campaigns.keeping import Told
from campaigns.models import Campaign
from campaigns.series import SeriesDraft, StepDraft
from campaigns.timeline import MomentDraft
from campaigns.variants import Plan
from contacts.consent import refuse
from contacts.models import Channel, Standing
from database.embedded import open_engine
from database.engine import driver_url
from database.jobs import EmbeddedJobs
from database.opening import opened, prepare
from messages import caring, counts, doubts
from messages.audience import EVERYBODY
from messages.control import Words
from messages.house import HouseRules
from messages.inbox_models import CannedReply
from messages.models import MessageCount, MessageStatus, Reply, ReplyVerdict, Status
from messages.series_models import Trigger
from organizers import links
from organizers.roles import Grant, Role
from tests.builders import (
    Alerted,
    address_of,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_membership,
    make_office,
    make_organizer,
    make_project,
    make_zone_set,
)
from tests.doubles import NoJobs
from tests.web.console.test_email_reports import make_sent
from tests.web.organizing import LOOPBACK, Desk, console, desk
from tests.web.serving import make_site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EXAMPLE = Path(__file__).parents[2] / "alerts" / "examples" / "suchitoto-14.toml"
PHONE = "+16085550123"
LIST = b"first_name,email,phone,zip\nBen,ben@example.org,12,4401\nMar\xc3\xada,maria@example.org,,53703\n"
PAGES = [
    "/console/",
    "/console/alerts",
    "/console/alerts/new",
    "/console/alerts/start?case=1",
    "/console/deliverability",
    "/console/alerts/new?from=arrested",
    "/console/alerts/1",
    "/console/alerts/1/edit",
    "/console/alerts/1/people/texts",
    "/console/alerts/1/people/held",
    "/console/alerts/1/approval",
    "/console/approvals",
    "/console/approve/" + "y" * 43,
    "/console/approve/" + "x" * 43,
    "/console/approve-email/" + "y" * 43,
    "/console/alerts/2",
    "/console/alerts/2/coverage",
    "/console/lobbying",
    "/console/alerts/2/coverage?view=unasked",
    "/console/alerts/2/offices/us:house:WI:2",
    "/console/contacts/2/calls/2",
    "/console/proposals/1/coverage",
    "/console/alerts/3",
    "/console/alerts/4",
    "/console/alerts/2/report",
    "/console/cases/2/close",
    "/console/cases/2/report",
    "/console/cases/4/close",
    "/console/?month=2027-01",
    "/console/cases",
    "/console/cases/new",
    "/console/cases/1",
    "/console/cases/1/facts/new",
    "/console/facts/1/change",
    "/console/cases/1/people-at-risk/new",
    "/console/inbox",
    "/console/inbox?show=done",
    "/console/inbox/1",
    "/console/inbox/3",
    "/console/inbox/ready",
    "/console/contacts",
    "/console/targets",
    "/console/targets/new",
    "/console/targets/1/edit",
    "/console/contacts/1",
    "/console/contacts/1/edit",
    "/console/contacts/1/erase",
    "/console/lock",
    "/console/contacts/new",
    "/console/imports/new",
    "/console/campaigns",
    "/console/campaigns/1",
    "/console/campaigns/1/story",
    "/console/campaigns/1/report",
    "/console/campaigns/1/report?for=partners",
    "/console/emails/1",
    "/console/emails/1/change",
    "/console/emails/1/words?at=2027-02-14T02:30",
    "/console/emails/2?effect=2026-11-19T09:00",
    "/console/emails/2/change",
    "/console/emails/2/report",
    "/console/emails/3",
    "/console/emails/4/report",
    "/console/emails/4/report?for=partners",
    "/console/series",
    "/console/series/1",
    "/console/series/1/people",
    "/console/series/1/change",
    "/console/series/1/steps",
    "/console/series/2",
    "/console/series-steps/1",
    "/console/account/calendar",
    "/console/moments/1",
    "/console/pictures",
    "/console/look",
    "/console/projects",
    "/console/projects/1/sign-up",
    "/console/unknown",
    "/console/nothing",
    "/console/sign-in",
    "/console/forgot",
    "/console/reset/" + "x" * 43,
    "/console/account",
    "/console/account/app",
    "/console/confirm?to=/console/",
    "/console/members",
    "/console/projects/1",
    "/console/proposals",
    "/console/proposals/1",
    "/console/record",
    "/console/recesses",
    "/console/starting-texts",
    "/console/starting-texts/1",
    "/console/representatives?q=WI",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@dataclass
class Console:
    """A console with something on every page, and somebody signed in to it."""

    amina: Desk
    context: BrowserContext
    page: Page
    complaints: list[str]

    def url(self, path: str) -> str:
        return str(self.amina.client.make_url(path))

    async def go(self, path: str) -> None:
        await self.page.goto(self.url(path))


def fill_console(conn: Connection, house: HouseRules, now: datetime) -> None:
    """One draft, one alert on its way with every kind of fate, one paused, replies, a campaign."""
    project = make_project(conn)
    committee = make_project(conn, "Bangor – Carasque", shares_list=False)
    make_contact(conn, "Rosa", projects=[committee])
    contact = make_contact(
        conn, "María", family_name="López", phone=PHONE, language="es", projects=[project]
    )
    named = ("Ben", "Chloe", "Guadalupe", "Walter")
    people = [make_contact(conn, name, tags=["vigil"]) for name in named]
    make_contact(conn, "Ellen", consent=None)
    alert = create(conn, read_alert(EXAMPLE.read_text()), house=house, created_by="test", now=now)
    propose(conn, alert, now)
    make_office(conn, hours="mon-fri 09:00-17:00", source="their page")
    make_office(conn, "desk", name="El Salvador desk", verified=False)
    make_organizer(conn, "Ben Katz", projects=[project], role=Role.SENDER)
    guest = {"name": "Dana", "email": "dana@example.org", "language": "en", "by": "test"}
    links.invite(conn, **guest, project=project, grant=Grant(Role.VIEWER), now=now)
    live = make_alert(conn, expected=100, expanded_at=now, starts_at=now)
    waiting = make_zone_set(conn, ["Pacific/Honolulu"])
    for channel, status, reason, zone, count in (
        ("sms", Status.DELIVERED, "", 0, 40),
        ("sms", Status.SENT, "", 0, 20),
        ("sms", Status.PENDING, "", waiting, 12),
        ("sms", Status.UNKNOWN, "timeout", 0, 1),
        ("sms", Status.FAILED, "30006", 0, 7),
        ("email", Status.SKIPPED, "no_consent", 0, 20),
    ):
        row = {"channel": channel, "status": status, "reason": reason, "zone_set_id": zone}
        conn.execute(insert(MessageCount).values(message_id=live.message_id, count=count, **row))
    lost = make_delivery(
        conn, live.message_id, contact, status=Status.UNKNOWN, reason="HTTP 500", changed_at=now
    )
    doubts.note_found(conn, [lost], now=now)
    make_alert(conn, status=MessageStatus.PAUSED, paused_because="Twilio refuses our number")
    fill_closed(conn, now)
    for body, verdict in (
        ("no more please", ReplyVerdict.MAYBE_OPT_OUT),
        ("¿A quién?", ReplyVerdict.HELP),
    ):
        row = {"channel": "sms", "address": PHONE, "contact_id": contact, "body": body}
        conn.execute(insert(Reply).values(verdict=verdict, received_at=now, handled_by="", **row))
    fill_inbox(conn, live, people, now)
    refuse(
        conn,
        Channel.SMS,
        PHONE,
        standing=Standing.REVIEW,
        source="sms",
        evidence="no more please",
        actor="supporter",
        now=now,
    )
    own_starts.keep(conn, alert, by="x", now=now)
    fill_coverage(conn, live, contact, now)
    fill_campaign(conn, live.alert_id, now)
    fill_series(conn, project, house, now)
    fill_trials(conn, replace(house, approvals=1), now)
    people = [make_contact(conn, f"Xiomara {each}") for each in range(30)]
    campaign = conn.execute(select(Campaign.id)).scalar_one()
    make_sent(conn, now, None, people=people, clicked=12, acted=7, campaign_id=campaign)


def fill_trials(conn: Connection, house: HouseRules, now: datetime) -> None:
    """Two emails of which subjects are tried: one waits for its decision, and somebody has chosen for the other."""
    for _ in range(60):
        make_contact(conn, phone=None)
    texts = {code: Words(subject="Water", body="The river is **clean**.") for code in ("en", "es")}
    others = [{code: Words(subject=f"Rivers {code}") for code in texts}]
    draft = EmailDraft(
        texts=texts,
        audience=EVERYBODY,
        local_time="2026-11-19T09:00",
        zone="America/New_York",
        late_minutes=10**6,
        experiment=Plan(others=others, share=500, holdout=200),
    )
    campaign = conn.execute(select(Campaign.id)).scalar_one()
    early = now - timedelta(days=400)
    for chosen in (None, 1):
        email, _ = schedule(conn, campaign, draft, created_by="x", now=early)
        firing.fire(conn, NoJobs(), email, house=house, now=now)
        if chosen is not None:
            at = draft.local_time
            deciding.choose(conn, NoJobs(), email, at, chosen, house=house, by="x", now=now)


def fill_planned_mail(conn: Connection, campaign: int, now: datetime) -> None:
    """An email that comes again: one date held, one overtaken, one left out, one moved, one with its own words."""
    texts = {
        "en": Words(subject="News from the river", body="The river is **clean**."),
        "es": Words(subject="Noticias del río", body="El río está **limpio**."),
    }
    draft = EmailDraft(
        texts=texts,
        audience=EVERYBODY,
        local_time=f"{now - timedelta(days=70):%Y-%m-%d}T02:30",
        zone="America/New_York",
        rule="FREQ=MONTHLY;BYDAY=2SU",
    )
    early = now - timedelta(days=71)
    email, _ = schedule(conn, campaign, draft, created_by="x", now=early)
    occurrences.hold_overdue(conn, now)
    occurrences.leave_out(conn, email, "2026-12-13T02:30", by="x", now=now)
    occurrences.move(conn, email, "2027-01-10T02:30", "2027-01-11T09:00", by="x", now=now)
    occurrences.change_words(conn, email, "2027-02-14T02:30", texts, by="x")


def fill_series(conn: Connection, project: int, house: HouseRules, now: datetime) -> None:
    """A series that runs, with people whose emails are sent, late, left out or to come; and a draft."""
    began = now - timedelta(days=40)
    draft = SeriesDraft(name="Welcome", trigger=Trigger.JOINED, zone="America/New_York")
    running = series.create(conn, draft, project_id=project, by="x", now=began)
    for days, subject in ((1, "Welcome"), (7, "Who we are"), (30, "What you can do")):
        texts = {
            "en": Words(subject=subject, body="Hello, **neighbor**."),
            "es": Words(subject=f"{subject} – es", body="Hola, **vecina**."),
        }
        step = StepDraft(days=days, hour="09:00", texts=texts)
        series.add_step(conn, running, step, by="x", now=began)
    series.start(conn, running, now=began)
    for name, ago in (("Eva", 35), ("Inés", 20), ("Nora", 8), ("Tina", 3), ("Vera", 0)):
        person = make_contact(conn, name)
        make_membership(conn, project, person, joined_at=now - timedelta(days=ago))
    enrolling.enrol(conn, running, now=now)
    stepping.settle(conn, NoJobs(), running, house=house, now=now)
    first = series.steps_of(conn, running)[0].id
    step_answers.answer(conn, first, "late", upto=1, send=False, by="x", now=now)
    waiting = replace(draft, name="Thanks", trigger=Trigger.ACTED)
    series.create(conn, waiting, project_id=None, by="x", now=now)


def fill_campaign(conn: Connection, alert_id: int, now: datetime) -> None:
    """A campaign with a public page, two moments of which one is taken off, something counted, an alert."""
    goal = "A law that bans metal mining in El Salvador."
    campaign = create_campaign(
        conn, name="No to mining", goal=goal, project_id=None, created_by="x", now=now
    )
    fill_planned_mail(conn, campaign, now)
    texts = {
        "en": Told("Water, not gold", "Rivers feed half the country. Mining would poison them."),
        "es": Told("Agua, no oro", "De los ríos vive medio país. La minería los envenenaría."),
    }
    keeping.change(
        conn,
        campaign,
        name="No to mining",
        goal=goal,
        begun_on=date(2005, 3, 1),
        texts=texts,
        is_public=True,
    )
    both = ("en", "es")
    law = {"en": "The Assembly passes the ban.", "es": "La Asamblea aprueba la prohibición."}
    for day, words in ((date(2017, 3, 29), law), (date(2009, 6, 18), {"en": "A march."})):
        draft = MomentDraft(day, words, "La Prensa Gráfica", is_public=len(words) > 1)
        noted = timeline.note(conn, campaign, draft, languages=both, by="x", now=now)
    timeline.strike(conn, noted, now=now)
    towns = {"en": "Towns free of mining", "es": "Municipios libres de minería"}
    counted = measures.add_measure(
        conn, campaign, towns, target=262, is_public=True, languages=both
    )
    for year, value in ((2014, 1), (2016, 8), (2017, 20)):
        measures.read_off(conn, counted, date(year, 9, 21), value, by="x", now=now)
    put_in(conn, alert_id, campaign)


def fill_closed(conn: Connection, now: datetime) -> None:
    """An alert whose case is closed, after it went to some and was stopped for others."""
    alert = make_alert(conn, launched_at=now, expanded_at=now, starts_at=now, expected=9)
    for name, status in (("Rita", Status.DELIVERED), ("Saúl", Status.PENDING)):
        make_delivery(conn, alert.message_id, make_contact(conn, name, consent=None), status=status)
    counts.apply(conn, counts.Deltas(counts.counted(conn, alert.message_id)))
    told = {"en": "All fourteen are home.", "es": "Las catorce personas están en casa."}
    ended = Closing(outcome=CaseOutcome.WON, ended_on=now.date(), words=told)
    jobs, by = EmbeddedJobs(), "organizer:1"
    close(conn, jobs, alert.case_id, ended, languages=("en", "es"), by=by, now=now)


def fill_inbox(conn: Connection, live: Alerted, people: Sequence[int], now: datetime) -> None:
    """Two who wait for an answer, of whom one is being answered, one that is done, an answer kept ready."""
    bodies = ("¿Quién escribe? Me mudé", "What do I say when they answer?", "Thanks!")
    for contact, body in zip(people, bodies, strict=False):
        phone = address_of(conn, contact, Channel.SMS)
        make_delivery(conn, live.message_id, contact, status=Status.DELIVERED, changed_at=now)
        row = {"channel": "sms", "address": phone, "contact_id": contact, "body": body}
        more = {"verdict": ReplyVerdict.OTHER, "received_at": now, "handled_by": ""}
        conn.execute(insert(Reply).values(**row, **more, message_id=live.message_id))
    me = make_organizer(conn, "Marta", network=True)
    caring.assign(conn, 4, me, by="organizer:1", now=now)
    caring.handle(conn, 5, by=f"organizer:{me}", now=now)
    caring.begin_answer(conn, 4, me, now=now)
    ready = {"title": "Vigil", "words": {"en": "Friday at six", "es": "El viernes a las seis"}}
    conn.execute(insert(CannedReply).values(**ready, project_id=None, changed_at=now))


def fill_coverage(conn: Connection, live: Alerted, contact: int, now: datetime) -> None:
    """Calls, what was heard, a stance and an aide, and one alert that shows its numbers."""
    load_invented_officials(conn)
    told: dict[str, Any] = {"channel": "web", "now": now}
    for target, count in (("us:house:WI:2", 7), ("us:senate:WI:1", 3), ("us:senate:MA:2", 12)):
        for each in range(count):
            row = {"visitor": f"{target}{each}", "target": target, **told}
            record(conn, live.action_id, outcome=Outcome.SPOKE, **row)
    mine = record(
        conn, live.action_id, contact_id=contact, target="us:house:WI:2", outcome=Outcome.SPOKE, **told
    )  # fmt: skip
    aide = Aide(name="Ana Pérez", role="foreign affairs", phone="202-555-0147")
    suggest(conn, mine, Heard(stance=Stance.COMMITTED, aide=aide), now=now)
    said: dict[str, Any] = {"source": Source.ORGANIZER, "actor": "organizer:1", "now": now}
    note_stance(conn, live.action_id, "us:senate:WI:1", Stance.DECLINED, note="By letter.", **said)
    note_stance(conn, live.action_id, "us:house:WI:2", Stance.CONSIDERING, **said)
    save_staffer(conn, "us:house:WI:2", aide, project_id=None, **said)
    show_numbers(conn, live.alert_id, shown=True)


def ask_for_approval(conn: Connection, organizer_id: int, now: datetime) -> None:
    """The draft waits for an organizer, whose link is known; the live alert left without a second person."""
    about: dict[str, Any] = {"by": "organizer:1", "now": now}
    [ask_id] = approval_asks.ask(conn, 1, [organizer_id], **about)
    token = sha256(b"y" * 43).hexdigest()
    mine = update(ApprovalAsk).where(ApprovalAsk.id == ask_id)
    conn.execute(mine.values(token_hash=token, letter_due=False))
    [of_email] = planned_asks.ask(conn, About(1), [organizer_id], **about)
    theirs = update(EmailApprovalAsk).where(EmailApprovalAsk.id == of_email)
    conn.execute(theirs.values(token_hash=token, letter_due=False))
    alone.note(conn, 2, BreakGlass("They are being moved tonight."), Level.RED, **about)


@cache
def filled(now: datetime) -> bytes:
    """The file of a console with something on every page: filling it takes as long as looking at some."""
    with TemporaryDirectory() as folder:
        url = prepare(f"sqlite:///{folder}/llamado.db")
        engine = open_engine(url)
        with engine.begin() as conn:
            fill_console(conn, make_site(public_url=LOOPBACK).house, now)
        engine.dispose()
        return (Path(folder) / "llamado.db").read_bytes()


@asynccontextmanager
async def console_with_everything(
    folder: Path, now: datetime, *, language: str = "en", scripts: bool = True, approvals: int = 1
) -> AsyncIterator[Console]:
    file = folder / "llamado.db"
    file.write_bytes(filled(now))
    async with (
        opened(driver_url(f"sqlite:///{file}")) as database,
        console(database, now, approvals=approvals) as client,
        async_playwright() as playwright,
    ):
        amina = await desk(
            client, database, now, language=language, network=True, projects=[1, 2], exports=True
        )
        await database.database.write(ask_for_approval, amina.organizer_id, now)
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        # axe is injected, which our content security policy would rightly refuse.
        context = await browser.new_context(bypass_csp=scripts, java_script_enabled=scripts)
        await context.add_cookies(
            [{"name": "llamado", "value": amina.token, "url": str(client.make_url("/"))}]
        )
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda told: note(complaints, told))
        yield Console(amina, context, page, complaints)
        await browser.close()


async def numbers_page(console: Console) -> str:
    """Where the public reads the numbers of the alert on its way."""
    shown = select(Alert.slug).where(Alert.shows_numbers)
    slug = await console.amina.opened.database.read(lambda conn: conn.execute(shown).scalar_one())
    return f"/p/{slug}/numbers"


async def campaign_page(console: Console) -> str:
    """Where the public reads of a campaign."""
    slug = select(Campaign.slug)
    found = await console.amina.opened.database.read(lambda conn: conn.execute(slug).scalar_one())
    return f"/campaign/{found}"


async def closed_page(console: Console) -> str:
    """Where the public reads how a case ended."""
    ended = select(Alert.slug).join(Case, Case.id == Alert.case_id)
    shown = ended.where(Case.closed_at.is_not(None))
    slug = await console.amina.opened.database.read(lambda conn: conn.execute(shown).scalar_one())
    return f"/p/{slug}"


def note(complaints: list[str], told: ConsoleMessage) -> None:
    # axe asks every frame, and the one that shows an email is walled off from its page.
    ours = "404" not in told.text and "postMessage" not in told.text
    if told.type in ("error", "warning") and ours:
        complaints.append(told.text)


@pytest.mark.parametrize(
    ("width", "scheme", "language", "each"),
    [
        (390, "dark", "es", 4),
        pytest.param(390, "dark", "es", 1, marks=pytest.mark.long),
        pytest.param(1280, "light", "en", 1, marks=pytest.mark.long),
        pytest.param(320, "light", "en", 1, marks=pytest.mark.long),
    ],
)
async def test_every_page_is_accessible_and_fits(
    tmp_path: Path, now: datetime, width: int, scheme: str, language: str, each: int
) -> None:
    """Every fourth page in a short run."""
    wrong: dict[str, list[str]] = {}
    async with console_with_everything(tmp_path, now, language=language, approvals=2) as console:
        await console.page.set_viewport_size(ViewportSize(width=width, height=844))
        await console.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for path in (
            *PAGES[::each],
            await numbers_page(console),
            await closed_page(console),
            await campaign_page(console),
        ):
            await console.go(path)
            found = (await Axe().run(console.page)).response["violations"]
            wide = await console.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            if found or wide:
                wrong[path] = [each["id"] for each in found] + ["sideways scroll"] * wide

        assert console.complaints == []
    assert wrong == {}


@pytest.mark.long
async def test_the_navigation_of_a_phone_is_one_row_at_the_bottom(
    tmp_path: Path, now: datetime
) -> None:
    async with console_with_everything(tmp_path, now, language="es") as console:
        await console.page.set_viewport_size(ViewportSize(width=320, height=700))
        await console.go("/console/")

        boxes = [
            await each.bounding_box() for each in await console.page.query_selector_all(".nav a")
        ]

    shown = [box for box in boxes if box]
    assert len(shown) == 5
    assert len({round(box["y"]) for box in shown}) == 1
    assert all(box["height"] >= 44 for box in shown)


@pytest.mark.long
async def test_on_a_phone_the_preview_stands_before_the_launch(
    tmp_path: Path, now: datetime
) -> None:
    async with console_with_everything(tmp_path, now) as console:
        await console.page.set_viewport_size(ViewportSize(width=390, height=844))
        await console.go("/console/alerts/1")

        preview = await console.page.locator(".preview").bounding_box()
        launch = await console.page.locator(".launch").bounding_box()

    assert preview is not None
    assert launch is not None
    assert preview["y"] < launch["y"]


async def test_an_alert_is_launched_paused_and_stopped_without_any_script(
    tmp_path: Path, now: datetime
) -> None:
    async with console_with_everything(tmp_path, now, scripts=False) as console:
        page = console.page
        await console.go("/console/alerts/1/edit")
        await page.locator("summary", has_text="Public page").click()
        await page.fill("#title_en", "Call today")
        await page.get_by_role("button", name="Save and check").click()
        asked = await page.inner_text("label[for=confirmed]")
        await page.fill("#confirmed", re.findall(r"\d+", asked)[0])
        await page.click(".go")
        assert "Nothing has left yet" in await page.inner_text("main")

        await page.click("text=Pause")
        await page.click("text=Stop for good")

        assert "Stopped: what had left has left" in await page.inner_text("main")
        assert "Call today" in await page.inner_text("h1")


async def test_a_list_is_imported_and_taken_back_without_any_script(
    tmp_path: Path, now: datetime
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_bytes(LIST)
    async with console_with_everything(tmp_path, now, scripts=False) as console:
        page = console.page
        await console.go("/console/imports/new")
        await page.set_input_files("#file", listed)
        await page.fill("#consent", "signed the sheet at the vigil")
        await page.click("text=Trial run")
        assert "is not a number" in await page.inner_text("main")

        await page.click(".go")
        assert "rows were imported" in await page.inner_text("main")
        await page.click("text=Undo this import")

        assert "was undone on" in await page.inner_text("main")


async def test_the_words_are_measured_while_they_are_typed(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:
        await console.go("/console/alerts/new")

        await console.page.fill("#sms_en", "Salvador’s police hold fourteen people today " * 2)
        await console.page.wait_for_selector("#measures >> text=’")
        await console.page.click("[data-into=sms_en] summary")
        await console.page.click("[data-into=sms_en] button:text-is('first_name')")

        assert "{{ first_name }}" in await console.page.input_value("#sms_en")


async def test_the_live_page_changes_by_itself(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:
        await console.go("/console/alerts/2")

        await console.amina.post("/console/alerts/2/pause")

        await console.page.wait_for_selector("text=Paused: nothing leaves until somebody goes on")


@pytest.mark.long
async def test_a_button_is_not_replaced_while_only_numbers_change(
    tmp_path: Path, now: datetime
) -> None:
    async with console_with_everything(tmp_path, now) as console:
        await console.go("/console/alerts/2")
        button = await console.page.query_selector("text=Stop for good")
        assert button is not None
        await console.page.evaluate("window.account = document.querySelector('.why')")

        await console.amina.opened.database.write(more_delivered)
        await console.page.wait_for_function("!window.account.isConnected")

        assert await button.evaluate("each => each.isConnected")


def more_delivered(conn: Connection) -> None:
    conn.execute(update(MessageCount).where(MessageCount.count == 40).values(count=41))


@pytest.mark.long
async def test_light_or_dark_is_remembered(tmp_path: Path, now: datetime) -> None:
    async with console_with_everything(tmp_path, now) as console:
        await console.page.emulate_media(color_scheme="light")
        await console.go("/console/")
        await console.page.click("summary")
        await console.page.click("[data-theme-switch]")
        await console.go("/console/contacts")

        assert await console.page.evaluate("document.documentElement.dataset.theme") == "dark"
