"""Our requests, and the answers of the servers that play the providers, against the providers' own
OpenAPI files: Prism stands between the two and refuses what breaks them.

Needs Node with ``@stoplight/prism-cli`` (found by ``LLAMADO_PRISM``, on the PATH, or by npx without installing
anything) and the specifications in the reference data beside the project.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest

from messages.providers.lookup import Listed
from messages.providers.provider import Accepted, Email, EmailWords, Misconfigured
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.providers.twilio import Twilio, TwilioAccount
from messages.providers.twilio_list import TwilioList
from messages.providers.twilio_voice import Ring, TwilioCalls
from tests.fakes import provider
from tests.fakes.outgoing import ACCOUNT, PUBLIC_URL, make_email, make_sought, make_text, soon
from tests.fakes.voice_server import TOKEN as VOICE_TOKEN
from tests.fakes.voice_server import voice_server

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs"
TWILIO_SPEC = SPECS / "twilio_api_v2010.slim.prism.json"
SENDGRID_SPEC = SPECS / "tsg_mail_v3.prism.json"
START_SECONDS = 60


def prism() -> list[str]:
    """The command that runs Prism here; skips the test where there is none."""
    if not (TWILIO_SPEC.exists() and SENDGRID_SPEC.exists()):
        pytest.skip("the providers' OpenAPI files are not beside the project")
    if found := os.environ.get("LLAMADO_PRISM") or shutil.which("prism"):
        return [found]
    by_npx = ["npx", "--no-install", "prism"]
    if shutil.which("npx") and _runs((*by_npx, "--version")):
        return by_npx
    pytest.skip("Prism is not installed: npm install -g @stoplight/prism-cli, or set LLAMADO_PRISM")


@cache
def _runs(command: tuple[str, ...]) -> bool:
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


@dataclass
class Proxy:
    url: str
    log: list[str]

    @property
    def violations(self) -> list[str]:
        return [line for line in self.log if "Violation:" in line]


@asynccontextmanager
async def checked(spec: Path, upstream: str, port: int) -> AsyncIterator[Proxy]:
    """Prism between us and ``upstream``: a broken rule, on either side, becomes an error answer."""
    options = ["proxy", "--errors", "-h", "127.0.0.1", "-p", str(port), str(spec), upstream]
    process = await asyncio.create_subprocess_exec(
        *prism(),
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    log: list[str] = []
    listening = asyncio.Event()
    reading = asyncio.create_task(_read(process, log, listening))
    try:
        async with asyncio.timeout(START_SECONDS):
            await listening.wait()
        yield Proxy(f"http://127.0.0.1:{port}", log)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
        await process.wait()
        await reading


async def _read(
    process: asyncio.subprocess.Process, log: list[str], listening: asyncio.Event
) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        log.append(line.decode(errors="replace"))
        if "is listening on" in log[-1]:
            listening.set()
    listening.set()


Way = TypeVar("Way", bound=Twilio | SendGrid | TwilioList | TwilioCalls)


@asynccontextmanager
async def closed_after(way_out: Way) -> AsyncIterator[Way]:
    try:
        yield way_out
    finally:
        await way_out.close()


@pytest.fixture
async def fake() -> AsyncIterator[provider.FakeProvider]:
    async with provider.running(provider.Options(callback_retries=0)) as running:
        yield running


TEXTS = [
    make_text(1),
    make_text(2, sender="+15005550006"),
    make_text(3, body="Llame hoy: ¿qué pasó en Suchitoto? ✊ & más + 100%", valid_seconds=3600),
    make_text(4, body="a" * 1600, valid_seconds=99_999),
]


async def test_our_texts_and_their_answers_keep_twilios_rules(
    fake: provider.FakeProvider, unused_tcp_port: int
) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)  # Twilio's times are whole seconds

    async with (
        checked(TWILIO_SPEC, fake.url, unused_tcp_port) as proxy,
        closed_after(Twilio(_twilio(proxy.url))) as way_out,
        closed_after(TwilioList(_twilio(proxy.url))) as there,
    ):
        outcomes = await way_out.send(TEXTS, deadline=soon(30))
        (finding,) = await there.look_up([make_sought(TEXTS[0], since=since)])

    assert [type(outcome) for outcome in outcomes] == [Accepted] * len(TEXTS)
    assert len(fake.journal.of("accepted", "twilio")) == len(TEXTS)
    assert isinstance(finding, Listed)
    assert len(finding.candidates) == 1
    assert proxy.violations == []


async def test_our_calls_and_their_answers_keep_twilios_rules(unused_tcp_port: int) -> None:
    async with (
        voice_server("http://127.0.0.1:9", PUBLIC_URL) as server,
        checked(TWILIO_SPEC, server.url, unused_tcp_port) as proxy,
        closed_after(TwilioCalls(_twilio(proxy.url, password=VOICE_TOKEN))) as rings,
    ):
        item = Ring("a-token", "+16082345678", "+15005550006", 25)
        outcome = await rings.ring(item, deadline=soon(30))

    assert isinstance(outcome, Accepted)
    assert len(server.asked) == 1
    assert proxy.violations == []


async def test_the_check_would_notice_a_request_that_breaks_twilios_rules(
    fake: provider.FakeProvider, unused_tcp_port: int
) -> None:
    async with (
        checked(TWILIO_SPEC, fake.url, unused_tcp_port) as proxy,
        closed_after(Twilio(_twilio(proxy.url))) as way_out,
    ):
        bad = make_text(sender="MG-not-a-service")
        (outcome,) = await way_out.send([bad], deadline=soon(30))

    assert isinstance(outcome, Misconfigured)
    assert fake.journal.entries == []


def _twilio(api_base: str, *, password: str = "fake-auth-token") -> TwilioAccount:
    return TwilioAccount(
        account_sid=ACCOUNT,
        username=ACCOUNT,
        password=password,
        public_url=PUBLIC_URL,
        api_base=api_base,
    )


PLAIN = EmailWords(subject=("Llame hoy",), text=("Llame.",), html=("<p>Llame.</p>",))
EMAILS: list[Email] = [
    *[make_email(number) for number in range(1, 501)],
    make_email(501, sender="alerts@alerts.example.org", unsubscribe_url=""),
    make_email(502, words=PLAIN),
    make_email(503, values={"first_name": "Ñandú \U0001f54a", "link": "x" * 900}),
]


async def test_our_emails_keep_sendgrids_rules(
    fake: provider.FakeProvider, unused_tcp_port: int
) -> None:
    async with (
        checked(SENDGRID_SPEC, fake.url, unused_tcp_port) as proxy,
        closed_after(SendGrid(SendGridAccount(api_key="SG.fake", api_base=proxy.url))) as way_out,
    ):
        outcomes = await way_out.send(EMAILS, deadline=soon(30))

    assert [type(outcome) for outcome in outcomes] == [Accepted] * len(EMAILS)
    assert len(fake.journal.of("accepted", "sendgrid")) == len(EMAILS)
    assert proxy.violations == []


async def test_the_check_would_notice_a_request_that_breaks_sendgrids_rules(
    fake: provider.FakeProvider, unused_tcp_port: int
) -> None:
    async with (
        checked(SENDGRID_SPEC, fake.url, unused_tcp_port) as proxy,
        aiohttp.ClientSession(headers={"Authorization": "Bearer SG.fake"}) as session,
        session.post(f"{proxy.url}/v3/mail/send", json={"personalizations": []}) as answer,
    ):
        status = answer.status

    assert status == 422
    assert fake.journal.entries == []
