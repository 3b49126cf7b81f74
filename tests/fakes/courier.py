"""Posts webhooks to the product as the providers do: signed, doubled, shuffled, retried."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.request_validator import RequestValidator
from yarl import URL

T = TypeVar("T")

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def event_key(seed_hex: str) -> ec.EllipticCurvePrivateKey:
    """The key that signs SendGrid's events, from a hex number."""
    return ec.derive_private_key(int(seed_hex, 16) % (P256_ORDER - 1) + 1, ec.SECP256R1())


def event_public_key(seed_hex: str) -> str:
    """Its public half as SendGrid's console shows it: base64 of the SPKI."""
    spki = (
        event_key(seed_hex)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(spki).decode()


def sign_events(seed_hex: str, timestamp: str, body: bytes) -> str:
    signature = event_key(seed_hex).sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(signature).decode()


@dataclass(frozen=True)
class Answer:
    """What the product said to a webhook; status 0 = nobody answered."""

    status: int
    text: str = ""

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Courier:
    """Knows where the product is and the secrets of its two accounts."""

    base: str  # where the product listens, e.g. http://127.0.0.1:8000
    public_url: str  # what its signatures are made for; the same unless a proxy is played
    twilio_token: str
    sendgrid_key: str
    rng: random.Random
    duplicates: float = 0.0  # share of webhooks that come more than once
    copies: int = 2  # how often those come; SendGrid was seen to repeat one 46 times
    silence: float = 0.0  # share of webhooks that are never posted at all
    shuffled: float = 0.0  # share of messages whose events come in any order
    retries: int = 5
    retry_seconds: float = 0.5
    delivered: int = 0
    lost: int = 0

    def __post_init__(self) -> None:
        self._session: ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        return len(self._tasks)

    def arranged(self, events: Sequence[T]) -> list[T]:
        """The events as they will really arrive: some doubled, some out of order."""
        doubled = [
            one
            for one in events
            for _ in range(self.copies if self._chance(self.duplicates) else 1)
        ]
        if self._chance(self.shuffled):
            self.rng.shuffle(doubled)
        return doubled

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, seconds: float) -> int:
        """Wait until everything on its way has arrived or was given up; returns what is left."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        return self.pending

    async def post_twilio(self, url: str, params: Mapping[str, str]) -> Answer:
        """Post one Twilio webhook to ``url``, signed for that very URL, retried as Twilio would."""
        bare = url.split("#", 1)[0]
        signature = RequestValidator(self.twilio_token).compute_signature(bare, dict(params))
        headers = {
            "X-Twilio-Signature": signature,
            "I-Twilio-Idempotency-Token": f"{self.rng.getrandbits(128):032x}",
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        return await self._deliver(bare, urlencode(dict(params)).encode(), headers)

    async def post_events(self, events: Sequence[Mapping[str, Any]]) -> Answer:
        """Post one SendGrid event array, signed."""
        body = json.dumps(list(events)).encode() + b"\r\n"
        timestamp = str(int(time.time()))
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": sign_events(
                self.sendgrid_key, timestamp, body
            ),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            "Content-Type": "application/json",
        }
        return await self._deliver(f"{self.public_url}/webhooks/sendgrid/events", body, headers)

    async def post_parsed_mail(self, secret: str, fields: Mapping[str, str]) -> Answer:
        """Post one Inbound Parse form: multipart, unsigned, to the secret path."""
        form = FormData(default_to_multipart=True)
        for name, value in fields.items():
            form.add_field(name, value)
        url = f"{self.public_url}/webhooks/sendgrid/inbound/{secret}"
        return await self._once(url, form, {})

    async def _deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        answer = Answer(0)
        if self._chance(self.silence):
            self.lost += 1
            return answer
        for attempt in range(self.retries + 1):
            if attempt:
                await asyncio.sleep(self.retry_seconds * attempt)
            answer = await self._once(url, body, headers)
            if answer.good:
                self.delivered += 1
                return answer
        self.lost += 1
        return answer

    async def _once(self, url: str, body: bytes | FormData, headers: Mapping[str, str]) -> Answer:
        self._session = self._session or ClientSession(timeout=ClientTimeout(total=15))
        target = URL(self.base + _path(url), encoded=True)
        try:
            async with self._session.post(
                target, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return Answer(answer.status, await answer.text())
        except (ClientError, TimeoutError, OSError):
            return Answer(0)

    async def close(self) -> None:
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
