"""Twilio and SendGrid, played by one local server with a journal, faults and signed webhooks.

In a test's own process::

    async with provider.running(Options(callback_base="http://127.0.0.1:8000")) as fake:
        fake.url                            # api_base of both providers
        fake.options.twilio_token           # password of the Basic auth, and signs the webhooks
        fake.options.sendgrid_api_key       # Bearer key
        fake.sendgrid_public_key            # what the product verifies events with
        fake.faults.script.append(Fault.ACCEPT_500)       # the next request
        fake.faults.by_address["+16085550101"] = Fault.OPTED_OUT
        await fake.twilio.reply("+16085550102", "STOP")   # returns the product's answer
        await fake.sendgrid.happen("ben@example.org", "spamreport")
        await fake.courier.drain(10)        # until all webhooks have arrived or were given up
        fake.journal.of("accepted", "twilio")

As a process of its own (from the project's folder; it prints ``ready http://127.0.0.1:PORT``)::

    python -m tests.fakes.provider --port 0 --journal FILE --callback-base http://127.0.0.1:8000 \
        --public-url https://alerts.example.org --fault-rate 0.06 --seed 7 --duplicates 0.2 \
        --shuffled 0.3 --early-callbacks 0.2 --undelivered 0.03 --bounced 0.02 \
        --twilio-token TOKEN --sendgrid-api-key SG.fake --sendgrid-key HEX

The journal (``--journal``; read it with ``journal.read(path)``) has one JSON object a line, in its
file before the answer leaves:

- ``{"kind": "accepted", "provider": "twilio"|"sendgrid", "id", "delivery_id", "attempt", "to",
  "body_hash" (SHA-256 of the text), "fault", "n", "at"}``: one per copy. Two lines with the same
  ``to`` and ``body_hash`` (or delivery id) are a person written to twice. ``fault`` tells how the
  answer was spoiled ("none" if not; ``faults.ACCEPTED_THEN_LOST`` are those the sender cannot know).
- ``{"kind": "refused", "provider", "to", "status", "code"}``: not accepted; with ``delivery_id``
  and ``attempt`` (twilio), or ``copies``, a list of such pairs (sendgrid).
- ``{"kind": "told"|"untold", "provider", "event", "delivery_id", "attempt"}``: one per webhook event;
  told when the product said that it has it, untold when it was given up.
- ``{"kind": "reply", "to": PHONE, "body_hash"}`` before, and ``{"kind": "reply_heard", "to",
  "status"}`` after the product answered that phone's text. An ``accepted`` for that phone well
  after a heard STOP is a broken promise.

Over HTTP (JSON in, JSON out):

- ``GET  /control/journal``  → ``{"entries": [...]}``
- ``GET  /control/state``    → counts, ``callbacks_pending|delivered|lost``, ``sendgrid_public_key``
- ``POST /control/drain {"seconds": 30}`` → waits for webhooks under way; ``{"callbacks_pending"}``
- ``POST /control/faults {"rate": 0.0, "script": ["accept_500"], "by_address": {ADDRESS: FAULT}}``
- ``POST /control/callback-base {"url"}``: the product moved to another port
- ``POST /control/reply {"from": PHONE, "body": "ALTO"}`` → ``{"status", "text"}``, the product's
  answer. STOP words in English are also acted on by the "carrier", as at Twilio, when the phone was
  last texted through a messaging service: ``OptOutType`` is set and later sends get 21610.
- ``POST /control/email-event {"email", "event": "spamreport"|"unsubscribe"|"open"|…, extra…}``
- ``POST /control/email-reply {"secret", "from", "to", "body"}`` → Inbound Parse

Webhooks are posted to ``callback_base`` plus the path and query of the callback URL, but signed for
the URL as it stood in the request, so a public https name in the settings needs no proxy here.
Failed webhooks are tried again ``--callback-retries`` times, waiting half a second longer each time.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from aiohttp import web

from tests.fakes.control import Control
from tests.fakes.courier import Courier, event_public_key
from tests.fakes.faults import FaultPlan
from tests.fakes.journal import Journal
from tests.fakes.sendgrid_server import SendGridServer
from tests.fakes.twilio_server import TwilioServer


@dataclass(frozen=True)
class Options:
    """How this pair of providers behaves; each is also a command line option."""

    port: int = 0
    journal: str = ""
    callback_base: str = "http://127.0.0.1:9"  # port 9 discards: nobody listens
    public_url: str = ""  # "" = callback_base
    twilio_token: str = "fake-auth-token"
    sendgrid_api_key: str = "SG.fake"
    sendgrid_key: str = "5eed"  # hex; signs the events
    seed: int = 0
    fault_rate: float = 0.0
    duplicates: float = 0.0
    shuffled: float = 0.0
    early_callbacks: float = 0.0
    undelivered: float = 0.0
    bounced: float = 0.0
    listing_delay: float = 0.0
    hang_seconds: float = 60.0
    slow_seconds: float = 0.5
    retry_after: float = 1.0
    callback_retries: int = 5


@dataclass
class FakeProvider:
    """A running pair of fakes."""

    options: Options
    url: str
    journal: Journal
    faults: FaultPlan
    courier: Courier
    twilio: TwilioServer
    sendgrid: SendGridServer

    @property
    def sendgrid_public_key(self) -> str:
        return event_public_key(self.options.sendgrid_key)


@asynccontextmanager
async def running(options: Options | None = None) -> AsyncIterator[FakeProvider]:
    """Serve on loopback until the block is left."""
    fake = _assembled(options or Options())
    app = web.Application(client_max_size=40 * 1024**2)
    fake.twilio.add_routes(app)
    fake.sendgrid.add_routes(app)
    _control(fake).add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", fake.options.port).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        await fake.courier.close()
        await runner.cleanup()
        fake.journal.close()


def _assembled(options: Options) -> FakeProvider:
    journal = Journal(Path(options.journal) if options.journal else None)
    faults = FaultPlan(
        rate=options.fault_rate,
        seed=options.seed,
        hang_seconds=options.hang_seconds,
        slow_seconds=options.slow_seconds,
        retry_after=options.retry_after,
    )
    courier = Courier(
        base=options.callback_base,
        public_url=options.public_url or options.callback_base,
        twilio_token=options.twilio_token,
        sendgrid_key=options.sendgrid_key,
        rng=random.Random(options.seed),
        duplicates=options.duplicates,
        shuffled=options.shuffled,
        retries=options.callback_retries,
    )
    return FakeProvider(
        options=options,
        url="",
        journal=journal,
        faults=faults,
        courier=courier,
        twilio=TwilioServer(
            journal,
            faults,
            courier,
            options.twilio_token,
            listing_delay=options.listing_delay,
            undelivered=options.undelivered,
            early_callbacks=options.early_callbacks,
        ),
        sendgrid=SendGridServer(
            journal,
            faults,
            courier,
            options.sendgrid_api_key,
            bounced=options.bounced,
            early_callbacks=options.early_callbacks,
        ),
    )


def _control(fake: FakeProvider) -> Control:
    return Control(
        twilio=fake.twilio,
        sendgrid=fake.sendgrid,
        faults=fake.faults,
        courier=fake.courier,
        journal=fake.journal,
    )


def _options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(description="Twilio and SendGrid, played on loopback.")
    for option in fields(Options):
        kind = type(option.default)
        parser.add_argument(f"--{option.name.replace('_', '-')}", type=kind, default=option.default)
    return Options(**vars(parser.parse_args(arguments)))


async def _serve(options: Options) -> None:
    async with running(options) as fake:
        sys.stdout.write(f"ready {fake.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(_serve(_options(sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(0)
