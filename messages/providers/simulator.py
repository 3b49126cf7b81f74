"""Plays what happens to kept messages, through our own webhooks and pages, as the world would.

Receipts and replies are posted over HTTP exactly as Twilio and SendGrid post them, signed with this
installation's simulator keys, so that what a demonstration shows is what an account would do.
"""

from __future__ import annotations

import asyncio
import base64
import heapq
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html import unescape
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import urlencode

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator

from messages.providers.outbox import Kept
from messages.providers.simulated_lives import Act, Behaviour, Step, life
from messages.providers.simulated_payloads import event, reply_form, status_form

MOST_WAITING = 50_000  # steps kept in memory; messages beyond are kept but not played
TRIES = 5
TOGETHER = 100  # steps played at once, and events in one array

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PAGE = re.compile(r"/a/[0-9A-Za-z]+")
_TARGET = re.compile(r"""name="target"[^>]*\bvalue="([^"]*)\"""")
BROWSER = "Mozilla/5.0 (simulated)"  # people, whose clicks count


def simulator_keys(seed_hex: str) -> tuple[ec.EllipticCurvePrivateKey, str]:
    """The key that signs simulated SendGrid events, and its public half as SendGrid shows one."""
    number = int.from_bytes(sha256(bytes.fromhex(seed_hex)).digest())
    private = ec.derive_private_key(number % (_P256_ORDER - 1) + 1, ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return private, base64.b64encode(public).decode()


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the play takes place, and the secrets it signs with."""

    base_url: str  # where this installation listens, e.g. http://127.0.0.1:8000
    public_url: str  # what its messages and signatures name; no slash at the end
    twilio_token: str = field(repr=False)
    sendgrid_seed: str = field(repr=False)  # hex


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    at: float  # of the loop's clock
    number: int  # steps of the same moment keep their order
    step: Step = field(compare=False)
    kept: Kept = field(compare=False)
    kept_at: int = field(compare=False)  # Unix time
    tries: int = field(compare=False, default=0)


class Simulator:
    """A background task: ``watch`` feeds it, ``run`` plays until it is cancelled."""

    def __init__(self, stage: Stage, behaviour: Behaviour) -> None:
        self.unplayed = 0  # messages that came while too much was waiting
        self._stage = stage
        self._behaviour = behaviour
        self._validator = RequestValidator(stage.twilio_token)
        self._key, _ = simulator_keys(stage.sendgrid_seed)
        self._waiting: list[_Due] = []
        self._numbers = count()
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    def watch(self, kept: Sequence[Kept]) -> None:
        """Take up messages once they are stored; returns at once."""
        now = time.monotonic()
        for one in kept:
            if len(self._waiting) >= MOST_WAITING:
                self.unplayed += 1
                continue
            for step in life(one, self._behaviour):
                self._add(_Due(now + step.after, next(self._numbers), step, one, int(time.time())))

    def _add(self, due: _Due) -> None:
        heapq.heappush(self._waiting, due)
        self._settled.clear()
        self._news.set()

    async def settled(self) -> None:
        """Wait until everything taken up so far has been played."""
        await self._settled.wait()

    async def run(self) -> None:
        """Play what is due, until cancelled."""
        timeout = ClientTimeout(total=15)
        async with ClientSession(
            timeout=timeout, cookie_jar=DummyCookieJar(), headers={"User-Agent": BROWSER}
        ) as session:
            while True:
                due = await self._next_due()
                async with asyncio.TaskGroup() as group:
                    for task in self._tasks(session, due):
                        group.create_task(task)
                if not self._waiting:
                    self._settled.set()

    async def _next_due(self) -> list[_Due]:
        while not self._waiting or self._waiting[0].at > time.monotonic():
            self._news.clear()
            wait = self._waiting[0].at - time.monotonic() if self._waiting else None
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                continue
        due: list[_Due] = []
        while self._waiting and self._waiting[0].at <= time.monotonic() and len(due) < TOGETHER:
            due.append(heapq.heappop(self._waiting))
        return due

    def _tasks(self, session: ClientSession, due: Sequence[_Due]) -> list[Any]:
        """One task a copy, so that its steps keep their order; SendGrid's events share an array."""
        events = [one for one in due if one.step.act is Act.EVENT]
        others: dict[int, list[_Due]] = {}
        for one in due:
            if one.step.act is not Act.EVENT:
                others.setdefault(one.kept.ticket.delivery_id, []).append(one)
        tasks = [self._play_all(session, steps) for steps in others.values()]
        return [*tasks, self._play_events(session, events)] if events else list(tasks)

    async def _play_all(self, session: ClientSession, due: Sequence[_Due]) -> None:
        for one in due:
            try:
                good = await self._play(session, one.step, one.kept)
            except (ClientError, TimeoutError, OSError):
                good = False
            if not good:
                self._again(one)

    async def _play_events(self, session: ClientSession, due: Sequence[_Due]) -> None:
        try:
            good = await self._post_events(
                session, [event(one.step, one.kept, at=one.kept_at) for one in due]
            )
        except (ClientError, TimeoutError, OSError):
            good = False
        if not good:
            for one in due:
                self._again(one)

    def _again(self, due: _Due) -> None:
        """Come back later, a few times, as providers do while we are away."""
        if due.tries + 1 < TRIES:
            later = time.monotonic() + 0.5 * 2**due.tries
            self._add(replace(due, at=later, tries=due.tries + 1))

    async def _play(self, session: ClientSession, step: Step, kept: Kept) -> bool:
        if step.act is Act.STATUS:
            mark = {"d": kept.ticket.delivery_id, "a": kept.ticket.attempt, "k": kept.ticket.token}
            path = f"/webhooks/twilio/status?{urlencode(mark)}"
            return await self._post_twilio(session, path, status_form(step, kept))
        if step.act is Act.REPLY:
            return await self._post_twilio(
                session, "/webhooks/twilio/inbound", reply_form(step, kept)
            )
        if step.act is Act.UNSUBSCRIBE:
            return await self._unsubscribe(session, kept)
        return await self._visit(session, step, kept)

    async def _post_twilio(
        self, session: ClientSession, path: str, params: Mapping[str, str]
    ) -> bool:
        signed = self._validator.compute_signature(self._stage.public_url + path, dict(params))
        headers = {
            "X-Twilio-Signature": signed,
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        return await self._post(session, path, urlencode(params).encode(), headers)

    async def _post_events(
        self, session: ClientSession, events: Sequence[Mapping[str, Any]]
    ) -> bool:
        body = orjson.dumps(events) + b"\r\n"
        timestamp = str(int(time.time()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            "Content-Type": "application/json",
        }
        return await self._post(session, "/webhooks/sendgrid/events", body, headers)

    async def _unsubscribe(self, session: ClientSession, kept: Kept) -> bool:
        path = self._own_path(kept.headers.get("List-Unsubscribe", "").strip("<>"))
        form = urlencode({"List-Unsubscribe": "One-Click"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return not path or await self._post(session, path, form, headers)

    async def _visit(self, session: ClientSession, step: Step, kept: Kept) -> bool:
        """Open the page a message names; to call, press one of its outcome buttons."""
        found = _PAGE.search(kept.text)
        if found is None:
            return True
        async with session.get(self._stage.base_url + found[0]) as response:
            if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return False
            page = await response.text()
        target = _TARGET.search(page)
        if step.act is not Act.CALL or target is None:
            return True
        form = urlencode({"target": unescape(target[1]), "outcome": step.word}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._post(session, found[0], form, headers)

    async def _post(
        self, session: ClientSession, path: str, body: bytes, headers: Mapping[str, str]
    ) -> bool:
        async with session.post(
            self._stage.base_url + path, data=body, headers=headers, allow_redirects=False
        ) as response:
            await response.read()
            # Our own "no" stays a no; only a server in trouble is worth another try.
            return response.status < HTTPStatus.INTERNAL_SERVER_ERROR

    def _own_path(self, url: str) -> str:
        return (
            url.removeprefix(self._stage.public_url)
            if url.startswith(self._stage.public_url)
            else ""
        )
