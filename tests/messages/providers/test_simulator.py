"""The simulator against a server that checks its signatures as our webhooks do."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from messages.providers import sendgrid, sendgrid_events, twilio
from messages.providers.outbox import Kept, rendered
from messages.providers.provider import Harm, Verdict
from messages.providers.simulated_lives import Act, Behaviour, life
from messages.providers.simulator import Simulator, Stage, simulator_keys
from tests.fakes.outgoing import PUBLIC_URL, make_email, make_text

TOKEN = "simulated-auth-token"
SEED = "c0ffee"
PAGE = """<form method="post"><input type="hidden" name="target" value="WI-2 &amp; co">
<button name="outcome" value="spoke"></button></form>"""

NOBODY = Behaviour(
    delivery_seconds=0,
    reaction_seconds=0,
    undelivered=0,
    bounced=0,
    blocked=0,
    silent=0,
    doubled=0,
    disordered=0,
    visited=0,
    called=0,
    replied=0,
    stopped=0,
    asked_help=0,
    unsubscribed=0,
    complained=0,
)
"""Everything arrives and nobody does anything; tests change what they are about."""


@dataclass
class Site:
    """An installation's doors: checks signatures and remembers what came in."""

    url: str = ""
    statuses: list[dict[str, str]] = field(default_factory=list)
    texts: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)
    failures: int = 0  # callbacks it answers 503 first
    page_failures: int = 0  # the same of pages
    forged: int = 0

    async def from_twilio(self, request: web.Request) -> web.Response:
        form = await request.post()
        url = PUBLIC_URL + request.raw_path
        if not twilio.verify(url, form, request.headers["X-Twilio-Signature"], [TOKEN]):
            self.forged += 1
            return web.Response(status=403)
        if self.failures:
            self.failures -= 1
            return web.Response(status=503)
        payload = {**request.query, **{name: str(value) for name, value in form.items()}}
        (self.statuses if request.path.endswith("status") else self.texts).append(payload)
        return web.Response(status=204)

    async def from_sendgrid(self, request: web.Request) -> web.Response:
        body = await request.read()
        good = sendgrid.verify(
            [simulator_keys(SEED)[1]],
            request.headers["X-Twilio-Email-Event-Webhook-Timestamp"],
            body,
            request.headers["X-Twilio-Email-Event-Webhook-Signature"],
            now=datetime.now(UTC),
        )
        self.forged += not good
        self.events += json.loads(body)
        return web.Response(status=204 if good else 403)

    async def page(self, request: web.Request) -> web.Response:
        if self.page_failures:
            self.page_failures -= 1
            return web.Response(status=503)
        self.visits.append(request.path)
        return web.Response(text=PAGE, content_type="text/html")

    async def answer(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        (self.answers if request.path.startswith("/a/") else self.left).append(form)
        return web.Response(status=303, headers={"Location": "/elsewhere"})


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_post("/webhooks/twilio/{kind}", site.from_twilio)
    app.router.add_post("/webhooks/sendgrid/events", site.from_sendgrid)
    app.router.add_get("/a/{token}", site.page)
    app.router.add_post("/a/{token}", site.answer)
    app.router.add_post("/u/{token}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


@asynccontextmanager
async def playing(site: Site, behaviour: Behaviour) -> AsyncIterator[Simulator]:
    stage = Stage(site.url, PUBLIC_URL, twilio_token=TOKEN, sendgrid_seed=SEED)
    simulator = Simulator(stage, behaviour)
    task = asyncio.create_task(simulator.run())
    try:
        yield simulator
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def play(site: Site, behaviour: Behaviour, kept: Sequence[Kept]) -> None:
    async with playing(site, behaviour) as simulator:
        simulator.watch(kept)
        async with asyncio.timeout(20):
            await simulator.settled()


TEXTS = [rendered(make_text(number)) for number in range(1, 21)]
EMAILS = [rendered(make_email(number)) for number in range(1, 21)]


async def test_texts_are_delivered_through_signed_callbacks(site: Site) -> None:
    await play(site, NOBODY, TEXTS)

    receipts = [twilio.read_status(payload) for payload in site.statuses]
    assert site.forged == 0
    assert Counter(receipt.verdict for receipt in receipts) == {
        Verdict.QUEUED: 20,
        Verdict.SENT: 20,
        Verdict.DELIVERED: 20,
    }
    marks = {(receipt.delivery_id, receipt.attempt, receipt.token) for receipt in receipts}
    assert marks == {
        (one.ticket.delivery_id, one.ticket.attempt, one.ticket.token) for one in TEXTS
    }


async def test_emails_are_delivered_through_signed_events(site: Site) -> None:
    await play(site, NOBODY, EMAILS)

    receipts = [sendgrid_events.read_event(event) for event in site.events]
    assert site.forged == 0
    assert Counter(receipt.verdict for receipt in receipts) == {
        Verdict.ACCEPTED: 20,
        Verdict.DELIVERED: 20,
    }
    assert {receipt.delivery_id for receipt in receipts} == set(range(1, 21))


async def test_texts_fail_with_a_carriers_code(site: Site) -> None:
    await play(site, replace(NOBODY, undelivered=1), TEXTS)

    failed = [one for one in site.statuses if one["MessageStatus"] == "undelivered"]
    assert len(failed) == 20
    assert {one["ErrorCode"] for one in failed} <= {"30003", "30005", "30006"}


async def test_emails_bounce(site: Site) -> None:
    await play(site, replace(NOBODY, bounced=1), EMAILS)

    receipts = [sendgrid_events.read_event(event) for event in site.events]
    assert sum(receipt.harm is Harm.BOUNCED for receipt in receipts) == 20


async def test_a_receipt_that_comes_twice_is_the_same_receipt(site: Site) -> None:
    await play(site, replace(NOBODY, doubled=1, disordered=1), [*TEXTS, *EMAILS])

    statuses = Counter(twilio.event_key(payload) for payload in site.statuses)
    events = Counter(sendgrid_events.event_key(event) for event in site.events)
    assert set(statuses.values()) == {2}
    assert set(events.values()) == {2}


@pytest.mark.parametrize(
    ("behaviour", "text", "expected"),
    [
        (replace(NOBODY, stopped=1), "Call today", {"STOP", "Stop", "Unsubscribe"}),
        (
            replace(NOBODY, stopped=1),
            "Llame hoy. ALTO para no recibir más",
            {"ALTO", "alto", "STOP"},
        ),
        (replace(NOBODY, asked_help=1), "Call today", {"HELP"}),
    ],
)
async def test_people_reply_in_their_language(
    site: Site, behaviour: Behaviour, text: str, expected: set[str]
) -> None:
    await play(site, behaviour, [replace(one, text=text) for one in TEXTS])

    replies = [twilio.read_inbound(payload) for payload in site.texts]
    assert len(replies) == 20
    assert {reply.body for reply in replies} <= expected
    assert {reply.address for reply in replies} == {one.address for one in TEXTS}


async def test_people_open_their_page_and_tell_how_the_call_went(site: Site) -> None:
    await play(site, replace(NOBODY, visited=1, called=1), TEXTS)

    assert site.visits == ["/a/x1"] * 20
    assert len(site.answers) == 20
    assert {answer["target"] for answer in site.answers} == {"WI-2 & co"}


async def test_a_mail_program_unsubscribes_with_one_click(site: Site) -> None:
    await play(site, replace(NOBODY, unsubscribed=1), EMAILS)

    assert site.left == [{"List-Unsubscribe": "One-Click"}] * 20


async def test_a_server_in_trouble_is_told_again(site: Site) -> None:
    site.failures = 2

    await play(site, NOBODY, TEXTS[:1])

    assert {one["MessageStatus"] for one in site.statuses} == {"queued", "sent", "delivered"}


async def test_a_page_in_trouble_is_opened_again(site: Site) -> None:
    site.page_failures = 1

    await play(site, replace(NOBODY, visited=1, called=1), TEXTS[:1])

    assert site.page_failures == 0
    assert len(site.answers) == 1


async def test_nobody_listening_stops_nothing(unused_tcp_port: int) -> None:
    site = Site(url=f"http://127.0.0.1:{unused_tcp_port}")

    async with playing(site, NOBODY) as simulator:
        simulator.watch(TEXTS)
        await asyncio.sleep(0)

    assert site.statuses == []


def test_the_same_seed_gives_the_same_life() -> None:
    lives = [life(one, Behaviour(seed=7)) for one in TEXTS]
    others = [life(one, Behaviour(seed=8)) for one in TEXTS]

    assert lives == [life(one, Behaviour(seed=7)) for one in TEXTS]
    assert lives != others


def test_by_default_most_arrives_and_everything_happens_to_somebody() -> None:
    texts = [rendered(make_text(number)) for number in range(3000)]
    emails = [rendered(make_email(number)) for number in range(3000)]

    steps = [step for one in [*texts, *emails] for step in life(one, Behaviour())]

    words = Counter(step.word for step in steps if step.act in (Act.STATUS, Act.EVENT))
    assert words["delivered"] > 5000
    assert {step.act for step in steps} == set(Act)
    assert {"undelivered", "bounce", "spamreport"} <= set(words)


def test_a_seed_always_gives_the_same_keys() -> None:
    first, public = simulator_keys("00" * 32)
    again, same = simulator_keys("00" * 32)

    assert public == same
    assert first.private_numbers() == again.private_numbers()
    assert public != simulator_keys("01" * 32)[1]


def test_the_stage_shows_no_secret() -> None:
    assert TOKEN not in repr(Stage("", "", twilio_token=TOKEN, sendgrid_seed=SEED))
