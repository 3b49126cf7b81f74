"""An installation that puts calls through, with a played Twilio at the other end of the line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import Connection, select

from actions.models import Response
from database.opening import Opened
from messages.call_limits import VoiceRules
from messages.call_models import Call, CallLeg
from messages.links import person_token
from messages.models import Status
from messages.providers.twilio import TwilioAccount
from messages.providers.twilio_voice import TwilioCalls
from messages.ringing import Ringing
from tests.builders import Alerted, make_contact, make_delivery
from tests.fakes.voice_server import (
    ACCOUNT,
    TOKEN,
    Phone,
    Played,
    VoiceServer,
    settled,
    voice_server,
)
from tests.web.serving import LINKS_SECRET, PUBLIC_URL, Client, make_site
from web.app import make_app

NUMBER = "+16085550100"
VOICE_URL = f"{PUBLIC_URL}/webhooks/twilio/voice"
RULES: dict[str, Any] = {
    "number": NUMBER,
    "sender": NUMBER,
    "network": "Sister Cities",
    "public_url": PUBLIC_URL,
}


@dataclass
class Exchange:
    """Everything on both ends."""

    opened: Opened
    twilio: VoiceServer
    now: datetime
    rules: VoiceRules
    client: Client
    calls: TwilioCalls
    site: dict[str, Any] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    async def write(self, unit: Any, *args: Any, **values: Any) -> Any:
        return await self.opened.database.write(unit, *args, **values)

    async def rows(self, *columns: Any) -> list[tuple[Any, ...]]:
        def read(conn: Connection) -> list[tuple[Any, ...]]:
            order = columns[0].class_.__table__.primary_key.columns
            return [tuple(row) for row in conn.execute(select(*columns).order_by(*order))]

        return await self.opened.database.read(read)

    async def responses(self) -> list[tuple[Any, ...]]:
        return await self.rows(Response.target, Response.outcome, Response.channel)

    async def legs(self) -> list[tuple[Any, ...]]:
        return await self.rows(CallLeg.target, CallLeg.status, CallLeg.seconds)

    async def call(self) -> Any:
        def read(conn: Connection) -> Any:
            return conn.execute(select(Call).order_by(Call.id.desc())).first()

        return await self.opened.database.read(read)

    async def make_page(self, alert: Alerted, phone: str, **contact: Any) -> str:
        """A supporter's own page."""

        def copy(conn: Connection) -> int:
            contact_id = make_contact(conn, phone=phone, **contact)
            return make_delivery(conn, alert.message_id, contact_id, status=Status.ACCEPTED)

        return f"/a/{person_token(LINKS_SECRET, await self.write(copy))}"

    async def tap(self, page: str, language: str = "en") -> tuple[int, str]:
        """Tap “Connect me”; the status and the page's words, or where it leads."""
        async with self.client.post(
            f"{page}/connect", data={"language": language}, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("Location", "") or await answer.text()

    async def ring(self) -> None:
        """Let the clock tick, and everybody talk until they are done."""
        await Ringing(self.opened.database, self.calls, self.rules, self.clock).tick()
        await settled(self.twilio)

    async def connect(self, page: str, phone: Phone, language: str = "en") -> Played:
        """Tap, be rung, and follow the call to its end."""
        self.twilio.phones[phone.number] = phone
        self.later(seconds=2)
        status, told = await self.tap(page, language)
        assert status == 303, told
        await self.ring()
        return self.twilio.calls[-1]

    async def dial(self, phone: Phone) -> Played:
        """Ring the network's number."""
        played = await self.twilio.dial_in(phone, NUMBER, VOICE_URL, f"{VOICE_URL}/status")
        await settled(self.twilio)
        return played

    async def restart(self) -> None:
        """Another process on the same database takes over; nothing is remembered but rows."""
        before, self.client = self.client, await _serve(self.opened, self.site, self.clock)
        self.twilio.courier.base = str(self.client.make_url("")).rstrip("/")
        await before.close()


@asynccontextmanager
async def exchange(opened: Opened, now: datetime, **rules: Any) -> AsyncIterator[Exchange]:
    async with voice_server("", PUBLIC_URL) as twilio:
        account = TwilioAccount(
            account_sid=ACCOUNT,
            username=ACCOUNT,
            password=TOKEN,
            public_url=PUBLIC_URL,
            api_base=twilio.url,
        )
        made = VoiceRules(**{**RULES, **rules})
        site = {"voice": made, "twilio_tokens": (TOKEN,)}
        calls = TwilioCalls(account)
        line = Exchange(opened, twilio, now, made, None, calls, site)  # type: ignore[arg-type] # at once below
        line.client = await _serve(opened, site, line.clock)
        twilio.courier.base = str(line.client.make_url("")).rstrip("/")
        try:
            yield line
        finally:
            await calls.close()
            await line.client.close()


async def _serve(opened: Opened, site: dict[str, Any], clock: Any) -> Client:
    app = make_app(opened.database, opened.jobs, make_site(**site), clock=clock)
    client: Client = TestClient(TestServer(app))
    await client.start_server()
    return client
