"""Twilio's voice, played: takes calls, fetches the TwiML and does what it says, signs what it tells.

It is as strict as Twilio: a document that is no XML, is too long, or asks for what Twilio does not do ends
the call and is kept in ``errors``.
"""

from __future__ import annotations

import asyncio
import base64
import random
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from tests.fakes.courier import Answer, Courier

ACCOUNT, TOKEN = "AC" + "a" * 32, "t" * 32
LONGEST = 4_000
HEARD_LANGUAGES = {("en-US", "Polly.Joanna-Neural"), ("es-MX", "Polly.Mia-Neural")}
RESOURCE_TIMES = ("date_created", "date_updated")


@dataclass(frozen=True)
class Office:
    """How an office takes a call."""

    status: str = "completed"  # or busy, no-answer, failed, canceled
    seconds: int = 60
    bridged: bool = True


@dataclass
class Phone:
    """A supporter with a telephone."""

    number: str
    keys: Sequence[str] = ()  # pressed at one question after the other; "" = none
    picks_up: bool = True
    hangs_up_after: int = 10_000  # documents heard
    reports_dial: bool = True  # Twilio tells of the office's leg although the supporter hung up
    attested: str = "TN-Validation-Passed-A"  # what the carrier says of its number; "" = nothing


@dataclass
class Played:
    """One call as Twilio saw it."""

    sid: str
    phone: Phone
    said: list[str] = field(default_factory=list)
    voices: set[tuple[str, str]] = field(default_factory=set)
    dialled: list[tuple[str, str]] = field(default_factory=list)  # office, number shown there
    limits: list[tuple[int, int]] = field(default_factory=list)  # seconds of ringing, of talking
    urls: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    seconds: int = 0
    ended: str = ""

    @property
    def words(self) -> str:
        return " ".join(self.said)


@dataclass
class VoiceServer:
    """One account of Twilio's."""

    courier: Courier
    offices: dict[str, Office] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    doubled: bool = False  # every webhook comes twice; both must get the same answer
    stale: bool = False  # and the one before comes once more, late
    early_end: bool = False  # the end is told before the last office
    refuses: tuple[int, int] | None = None  # status and code
    loses_answer: bool = False  # takes the call, and its answer never arrives
    before_step: Callable[[], Awaitable[None]] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    calls: list[Played] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    url: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # a call is over
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _last: tuple[str, dict[str, str], str] | None = None

    # Calls.json

    async def create(self, request: web.Request) -> web.StreamResponse:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        password = base64.b64decode(encoded).decode().partition(":")[2]
        if scheme != "Basic" or password != TOKEN:
            return web.json_response({"code": 20003, "message": "no", "status": 401}, status=401)
        if self.refuses:
            status, code = self.refuses
            return web.json_response(
                {"code": code, "message": "no", "status": status}, status=status
            )
        played = self._begin(self.phones.get(form["To"], Phone(form["To"])))
        self.courier.start(self._ring(played, form))
        if self.loses_answer:
            assert request.transport is not None
            request.transport.close()
        return web.json_response(_resource(played.sid, form), status=201)

    async def _ring(self, played: Played, form: Mapping[str, str]) -> None:
        base = self._base(played, form["From"], form["To"], "outbound-api")
        if played.phone.picks_up:
            await self._follow(played, form["Url"], base)
            status = "completed"
        else:
            status = played.ended = "no-answer"
        await self._end(played, form["StatusCallback"], base, status)

    # Dialled by a supporter

    async def dial_in(self, phone: Phone, number: str, voice_url: str, status_url: str) -> Played:
        """A supporter rings the network's number."""
        played = self._begin(phone)
        base = self._base(played, phone.number, number, "inbound")
        if phone.attested:
            base["StirVerstat"] = phone.attested
        await self._follow(played, voice_url, base)
        await self._end(played, status_url, base, "completed")
        return played

    # TwiML

    async def _follow(self, played: Played, url: str, base: Mapping[str, str]) -> None:
        """Do what the documents say, one after the other, until one hangs up."""
        extra: dict[str, str] = {}
        keys = iter(played.phone.keys)
        while url:
            if len(played.documents) >= played.phone.hangs_up_after:
                return
            told = await self._document(played, url, {**base, **extra})
            if told is None:
                return
            url, extra = self._obey(played, told, keys)
            played.seconds += 15
            if extra.get("DialCallStatus") and self._hangs_up(played):
                if self.early_end or not played.phone.reports_dial:
                    self._late = (url, {**base, **extra})
                elif url:
                    await self._document(played, url, {**base, **extra})
                return

    _late: tuple[str, dict[str, str]] | None = None

    def _hangs_up(self, played: Played) -> bool:
        return len(played.documents) >= played.phone.hangs_up_after

    def _obey(
        self, played: Played, root: ET.Element, keys: Iterator[str]
    ) -> tuple[str, dict[str, str]]:
        """Where the document leads, and what is told there."""
        for verb in root:
            if verb.tag == "Say":
                self._hear(played, verb)
            elif verb.tag == "Gather":
                for say in verb:
                    self._hear(played, say)
                key = next(keys, "")
                if key or verb.get("actionOnEmptyResult") == "true":
                    return verb.attrib["action"], {"Digits": key[: int(verb.attrib["numDigits"])]}
            elif verb.tag == "Dial":
                return self._dial(played, verb)
            elif verb.tag == "Redirect":
                return str(verb.text), {}
            elif verb.tag == "Hangup":
                played.ended = "hung up"
                return "", {}
            elif verb.tag != "Pause":
                self.errors.append(f"12200 {verb.tag}")
                return "", {}
        return "", {}

    def _hear(self, played: Played, say: ET.Element) -> None:
        voice = (say.get("language", ""), say.get("voice", ""))
        if (
            voice not in HEARD_LANGUAGES
            or not (say.text or "").strip()
            or len(say.text or "") > 3000
        ):
            self.errors.append(f"13520 {voice} {say.text!r}")
        played.voices.add(voice)
        played.said.append(say.text or "")

    def _dial(self, played: Played, dial: ET.Element) -> tuple[str, dict[str, str]]:
        (number,) = list(dial)
        shown = dial.attrib["callerId"]
        if shown != played.phone.number:
            self.errors.append(f"13214 invalid callerId {shown}")
        if dial.get("hangupOnStar") != "true" or dial.get("answerOnBridge") != "true":
            self.errors.append("the star does not leave")
        played.dialled.append((str(number.text), shown))
        played.limits.append((int(dial.attrib["timeout"]), int(dial.attrib["timeLimit"])))
        office = self.offices.get(str(number.text), Office())
        answered = office.status == "completed"
        told = {"DialCallStatus": office.status, "DialCallSid": self._sid("CA")}
        if answered:
            played.seconds += office.seconds
            told |= {"DialCallDuration": str(office.seconds)}
            told |= {"DialBridged": str(office.bridged).lower()}
        return dial.attrib["action"], told

    async def _document(
        self, played: Played, url: str, form: Mapping[str, str]
    ) -> ET.Element | None:
        if self.before_step is not None:
            await self.before_step()
        played.urls.append(url)
        answer = await self._post(url, form)
        if not answer.good:
            self.errors.append(f"11200 {answer.status} at {urlsplit(url).path}")
            return None
        if len(answer.text) > LONGEST:
            self.errors.append(f"{len(answer.text)} characters")
        played.documents.append(answer.text)
        try:
            root = ET.fromstring(answer.text)
        except ET.ParseError as error:
            self.errors.append(f"12100 {error}")
            return None
        if root.tag != "Response":
            self.errors.append(f"12200 {root.tag}")
        return root

    async def _post(self, url: str, form: Mapping[str, str]) -> Answer:
        answer = await self.courier.post_twilio(url, form)
        if self.doubled:
            again = await self.courier.post_twilio(url, form)
            if again.text != answer.text:
                self.errors.append(f"another answer to the same request: {again.text}")
        if self.stale and self._last is not None:
            before, said, text = self._last
            late = await self.courier.post_twilio(before, said)
            if late.text != text:
                self.errors.append(f"another answer to a late request: {late.text}")
        self._last = (url, dict(form), answer.text)
        return answer

    async def _end(self, played: Played, url: str, base: Mapping[str, str], status: str) -> None:
        played.ended = played.ended or "supporter hung up"
        told = {**base, "CallStatus": status, "CallDuration": str(played.seconds)}
        told |= {"SequenceNumber": "3", "Timestamp": format_datetime(datetime.now(UTC))}
        for _ in range(2 if self.doubled else 1):
            answer = await self.courier.post_twilio(url, told)
            if not answer.good:
                self.errors.append(f"status callback: {answer.status}")
        if self._late is not None and played.phone.reports_dial:
            late, self._late = self._late, None
            await self._document(played, *late)
        self.ended.set()

    def _begin(self, phone: Phone) -> Played:
        played = Played(self._sid("CA"), phone)
        self.calls.append(played)
        return played

    def _base(self, played: Played, sender: str, to: str, direction: str) -> dict[str, str]:
        return {
            "CallSid": played.sid,
            "AccountSid": ACCOUNT,
            "From": sender,
            "Caller": sender,
            "To": to,
            "Called": to,
            "Direction": direction,
            "CallStatus": "in-progress",
            "ApiVersion": "2010-04-01",
            "CallerZip": "",
        }

    def _sid(self, kind: str) -> str:
        return f"{kind}{next(self._numbers):032x}"


@asynccontextmanager
async def voice_server(base: str, public_url: str) -> AsyncIterator[VoiceServer]:
    """Twilio's voice on a port of this machine, speaking to a product at ``base``."""
    courier = Courier(base, public_url, TOKEN, "5e" * 32, random.Random(7), retries=0)
    server = VoiceServer(courier)
    app = web.Application()
    app.router.add_post(f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", server.create)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await courier.drain(10)
        await courier.close()
        await runner.cleanup()


def _resource(sid: str, form: Mapping[str, str]) -> dict[str, Any]:
    now = format_datetime(datetime.now(UTC))
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}"
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "to": form["To"],
        "from": form["From"],
        "to_formatted": form["To"],
        "from_formatted": form["From"],
        "status": "queued",
        "direction": "outbound-api",
        **dict.fromkeys(RESOURCE_TIMES, now),
        "start_time": None,
        "end_time": None,
        "duration": None,
        "price": None,
        "price_unit": "USD",
        "answered_by": None,
        "parent_call_sid": None,
        "phone_number_sid": "PN" + "0" * 32,
        "forwarded_from": None,
        "caller_name": None,
        "group_sid": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {},
    }


async def settled(server: VoiceServer) -> None:
    """Wait until every call under way is over."""
    async with asyncio.timeout(20):
        await server.courier.drain(20)
