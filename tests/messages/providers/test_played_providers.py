"""The servers that play Twilio and SendGrid do what their docstring promises other tests."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientSession, web

from messages.providers import sendgrid, twilio
from messages.providers.inbound_parse import read_inbound_parse
from messages.providers.provider import Accepted, Rejected
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.providers.twilio import Twilio, TwilioAccount
from tests.fakes import journal, provider, stub
from tests.fakes.faults import ACCEPTED_THEN_LOST, Fault, FaultPlan
from tests.fakes.outgoing import ACCOUNT, PUBLIC_URL, make_email, make_text, soon

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "fake-auth-token"


@dataclass
class Product:
    """Stands where the product would: takes webhooks whose signatures are good."""

    public_key: str = ""
    url: str = ""
    twilio: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    mails: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0
    away: int = 0  # webhooks to answer 503 first

    async def from_twilio(self, request: web.Request) -> web.Response:
        form = await request.post()
        signed = request.headers.get("X-Twilio-Signature", "")
        if self.away:
            self.away -= 1
            return web.Response(status=503)
        if not twilio.verify(PUBLIC_URL + request.raw_path, form, signed, [TOKEN]):
            self.refused += 1
            return web.Response(status=403)
        self.twilio.append({**request.query, **{key: str(value) for key, value in form.items()}})
        return web.Response(text="<Response/>", content_type="text/xml")

    async def from_sendgrid(self, request: web.Request) -> web.Response:
        body = await request.read()
        name = "X-Twilio-Email-Event-Webhook-"
        timestamp, signature = (
            request.headers[f"{name}Timestamp"],
            request.headers[f"{name}Signature"],
        )
        if not sendgrid.verify(
            [self.public_key], timestamp, body, signature, now=datetime.now(UTC)
        ):
            self.refused += 1
            return web.Response(status=403)
        self.events += orjson.loads(body)
        return web.Response(status=204)

    async def parsed(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.mails.append({**fields, "secret": request.match_info["secret"]})
        return web.Response(status=204)


@asynccontextmanager
async def product() -> AsyncIterator[Product]:
    one = Product()
    app = web.Application()
    app.router.add_post("/webhooks/twilio/{kind}", one.from_twilio)
    app.router.add_post("/webhooks/sendgrid/events", one.from_sendgrid)
    app.router.add_post("/webhooks/sendgrid/inbound/{secret}", one.parsed)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield one
    finally:
        await runner.cleanup()


@asynccontextmanager
async def together(**options: Any) -> AsyncIterator[tuple[Product, provider.FakeProvider]]:
    async with product() as one:
        chosen = provider.Options(callback_base=one.url, public_url=PUBLIC_URL, **options)
        async with provider.running(chosen) as fake:
            one.public_key = fake.sendgrid_public_key
            yield one, fake


@asynccontextmanager
async def texting(url: str) -> AsyncIterator[Twilio]:
    way_out = Twilio(
        TwilioAccount(ACCOUNT, ACCOUNT, password=TOKEN, public_url=PUBLIC_URL, api_base=url)
    )
    try:
        yield way_out
    finally:
        await way_out.close()


@asynccontextmanager
async def mailing(url: str) -> AsyncIterator[SendGrid]:
    way_out = SendGrid(SendGridAccount("SG.fake", api_base=url))
    try:
        yield way_out
    finally:
        await way_out.close()


async def test_every_text_gets_its_signed_callbacks() -> None:
    async with together() as (one, fake), texting(fake.url) as way_out:
        await way_out.send([make_text(1), make_text(2)], deadline=soon())
        await fake.courier.drain(10)

    seen = [(payload["d"], payload["MessageStatus"]) for payload in one.twilio]
    assert Counter(seen) == Counter(
        (number, status) for number in "12" for status in ("queued", "sent", "delivered")
    )
    assert one.refused == 0


async def test_callbacks_come_early_twice_and_shuffled_when_asked() -> None:
    async with (
        together(early_callbacks=1.0, duplicates=1.0, shuffled=1.0, undelivered=1.0) as (one, fake),
        texting(fake.url) as way_out,
    ):
        await way_out.send([make_text(number) for number in range(1, 6)], deadline=soon())
        before_drain = len(one.twilio)
        await fake.courier.drain(10)

    assert before_drain >= 5
    assert len(one.twilio) == 5 * 3 * 2
    assert any(payload.get("ErrorCode") for payload in one.twilio)
    orders = {
        tuple(payload["MessageStatus"] for payload in one.twilio if payload["d"] == str(number))
        for number in range(1, 6)
    }
    assert len(orders) > 1


async def test_a_callback_is_tried_again_while_the_product_is_away() -> None:
    async with together() as (one, fake), texting(fake.url) as way_out:
        one.away, fake.courier.retry_seconds = 2, 0.01
        await way_out.send([make_text(1)], deadline=soon())
        await fake.courier.drain(10)

    assert len(one.twilio) == 3
    assert (fake.courier.delivered, fake.courier.lost) == (3, 0)


async def test_a_phone_that_says_stop_cannot_be_texted_by_the_same_service() -> None:
    async with together() as (one, fake), texting(fake.url) as way_out:
        text = make_text(1)
        await way_out.send([text], deadline=soon())
        answer = await fake.twilio.reply(text.address, "stop")
        (outcome,) = await way_out.send([text], deadline=soon())

    assert answer.status == 200
    replies = [twilio.read_inbound(payload) for payload in one.twilio if "Body" in payload]
    assert [reply.handled for reply in replies] == ["STOP"]
    assert isinstance(outcome, Rejected)
    kinds = [entry["kind"] for entry in fake.journal.entries if "told" not in entry["kind"]]
    assert kinds == ["accepted", "reply", "reply_heard", "refused"]


async def test_alto_is_not_twilios_word() -> None:
    async with together() as (one, fake), texting(fake.url) as way_out:
        text = make_text(1)
        await way_out.send([text], deadline=soon())
        await fake.courier.drain(10)
        await fake.twilio.reply(text.address, "ALTO")
        (outcome,) = await way_out.send([text], deadline=soon())

    replies = [payload for payload in one.twilio if "Body" in payload]
    assert [reply["Body"] for reply in replies] == ["ALTO"]
    assert "OptOutType" not in replies[0]
    assert isinstance(outcome, Accepted)


async def test_emails_get_their_signed_events_and_can_complain_and_reply() -> None:
    async with together() as (one, fake), mailing(fake.url) as way_out:
        await way_out.send([make_email(1), make_email(2)], deadline=soon())
        await fake.sendgrid.happen("person1@example.org", "spamreport")
        await fake.sendgrid.reply("door", "person2@example.org", "reply@x.org", "ALTO")
        await fake.courier.drain(10)

    assert Counter(event["event"] for event in one.events) == {
        "processed": 2,
        "delivered": 2,
        "spamreport": 1,
    }
    assert {event["d"] for event in one.events} == {"1", "2"}
    inbound = read_inbound_parse(one.mails[0]).inbound(about=None)
    assert (inbound.address, inbound.body) == ("person2@example.org", "ALTO")
    assert one.refused == 0


def test_chance_decides_the_same_for_the_same_person_in_any_order() -> None:
    addresses = [f"+1608555{number:04d}" for number in range(500)]

    one, other = FaultPlan(rate=0.3, seed=7), FaultPlan(rate=0.3, seed=7)
    first = {address: one.next([address]) for address in addresses}
    second = {address: other.next([address]) for address in reversed(addresses)}

    assert first == second
    assert set(first.values()) >= ACCEPTED_THEN_LOST | {Fault.NONE, Fault.TOO_MANY}


async def test_as_a_process_it_keeps_its_journal_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.provider",
        "--journal",
        str(path),
        "--callback-retries",
        "0",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().removeprefix("ready ").strip()

    async with texting(url) as way_out, ClientSession() as session:
        await session.post(f"{url}/control/faults", json={"script": ["accept_500"]})
        await way_out.send([make_text(1)], deadline=soon())
        async with session.get(f"{url}/control/state") as answer:
            state = await answer.json()
        async with session.get(f"{url}/control/journal") as answer:
            told = await answer.json()
    process.kill()
    await process.communicate()

    (entry,) = [entry for entry in journal.read(path) if entry["kind"] != "untold"]
    assert (entry["kind"], entry["fault"], entry["delivery_id"]) == ("accepted", "accept_500", 1)
    assert told["entries"][0] == entry
    assert state["accepted_twilio"] == 1


async def test_the_stub_answers_both_providers_at_once() -> None:
    async with stub.running() as url, texting(url) as texts, mailing(url) as mails:
        outcomes = await texts.send([make_text(1)], deadline=soon())
        outcomes += await mails.send([make_email(1)], deadline=soon())

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
