"""SendGrid's v3 mail/send, played: whole-request refusals, events, unsubscribes, replies."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.courier import Answer, Courier
from tests.fakes.faults import Fault, FaultPlan, spoil
from tests.fakes.journal import Journal, body_hash
from tests.fakes.sendgrid_lists import SuppressionLists

Json = dict[str, Any]
REFUSED_AT_ONCE: Mapping[Fault, int] = {
    Fault.TOO_MANY: 429,
    Fault.ERROR_500: 500,
    Fault.UNAUTHORISED: 401,
    Fault.FORBIDDEN: 403,
    Fault.TOO_LARGE: 413,
}


@dataclass
class SendGridServer:
    """One account: what was mailed to whom, and what became of it."""

    journal: Journal
    faults: FaultPlan
    courier: Courier
    api_key: str
    bounced: float = 0.0  # share of addresses that bounce
    early_callbacks: float = 0.0  # share of requests whose events come before their answer
    seen: dict[str, Json] = field(default_factory=dict)  # address -> custom_args of its last mail
    mails: list[Json] = field(default_factory=list)  # each copy as its person would see it

    def __post_init__(self) -> None:
        self.lists = SuppressionLists(self.api_key)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/v3/mail/send", self.send)
        self.lists.add_routes(app)

    # Send

    async def send(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return self._refused(401, [], "The provided authorization grant is invalid.")
        mail = json.loads(await request.read())
        addresses = [_address(one) for one in mail["personalizations"]]
        fault = self.faults.next([one for one in addresses if one in self.faults.by_address])
        if status := REFUSED_AT_ONCE.get(fault):
            return self._refused(status, addresses, "The request was refused.", marks=_marks(mail))
        if (bad := self._bad_recipient(addresses, fault)) is not None:
            named = None if fault is Fault.BAD_NAMELESS else f"personalizations.{bad}.to.0.email"
            return self._refused(400, addresses, "Does not contain a valid address.", named)
        message_id, copies = self._accept(mail, fault)
        if self.courier.rng.random() < self.early_callbacks:
            await self._post_events(copies)
        else:
            self.courier.start(self._post_events(copies))
        answer = web.Response(status=202, headers={"X-Message-Id": message_id})
        return await spoil(request, fault, self.faults, answer)

    def _bad_recipient(self, addresses: Sequence[str], fault: Fault) -> int | None:
        if not 1 <= len(addresses) <= 1000:
            return 0
        counts = Counter(address.lower() for address in addresses)
        for index, address in enumerate(addresses):
            bound = self.faults.by_address.get(address)
            wrong = bound in (Fault.BAD_ADDRESS, Fault.BAD_NAMELESS) or "@" not in address
            if wrong or counts[address.lower()] > 1:
                return index
        return 0 if fault in (Fault.BAD_ADDRESS, Fault.BAD_NAMELESS) else None

    def _refused(
        self,
        status: int,
        addresses: Sequence[str],
        sentence: str,
        field_name: str | None = None,
        *,
        marks: Sequence[tuple[int | None, int | None]] = (),
    ) -> web.Response:
        facts = {"to": list(addresses), "status": status, "copies": list(marks)}
        self.journal.append("refused", provider="sendgrid", **facts)
        headers = (
            {"X-RateLimit-Reset": str(int(time.time() + self.faults.retry_after))}
            if status == 429
            else {}
        )
        error = {"message": sentence, "field": field_name, "help": None}
        return web.json_response({"errors": [error]}, status=status, headers=headers)

    def _accept(self, mail: Json, fault: Fault) -> tuple[str, list[Json]]:
        message_id = f"{self.courier.rng.getrandbits(88):022x}"
        copies = [_copy(mail, one, message_id) for one in mail["personalizations"]]
        self.mails += copies
        self.seen |= {copy["to"]: copy["custom_args"] for copy in copies}
        self.journal.append_all(
            "accepted",
            [
                {
                    "provider": "sendgrid",
                    "id": message_id,
                    "delivery_id": _number(copy["custom_args"].get("d")),
                    "attempt": _number(copy["custom_args"].get("a")),
                    "to": copy["to"],
                    "body_hash": body_hash(copy["text"]),
                    "fault": fault.value,
                }
                for copy in copies
            ],
        )
        return message_id, copies

    # Events

    async def _post_events(self, copies: Sequence[Json]) -> None:
        """Tell of processed and delivered, or of a bounce, in arrays of at most 100."""
        events = self.courier.arranged([event for copy in copies for event in self._life(copy)])
        for start in range(0, len(events), 100):
            await self._tell(events[start : start + 100])

    async def _tell(self, events: Sequence[Json]) -> None:
        """Post an array, and note whether the product said that it has it."""
        answer = await self.courier.post_events(events)
        self.journal.append_all(
            "told" if answer.good else "untold",
            [
                {
                    "provider": "sendgrid",
                    "event": event["event"],
                    "delivery_id": _number(event.get("d")),
                    "attempt": _number(event.get("a")),
                }
                for event in events
            ],
        )

    def _life(self, copy: Json) -> list[Json]:
        processed = self.event(copy["to"], "processed", message_id=copy["message_id"])
        if self.courier.rng.random() >= self.bounced:
            return [processed, self.event(copy["to"], "delivered", message_id=copy["message_id"])]
        bounce = self.event(
            copy["to"],
            "bounce",
            message_id=copy["message_id"],
            type="bounce",
            status="5.1.1",
            reason="550 5.1.1 The address does not exist",
            bounce_classification="Invalid Address",
        )
        return [processed, bounce]

    def event(self, address: str, name: str, *, message_id: str = "", **extra: str) -> Json:
        return {
            "email": address,
            "event": name,
            "timestamp": int(time.time()),
            "sg_event_id": f"{self.courier.rng.getrandbits(128):032x}",
            "sg_message_id": f"{message_id}.recvd-0" if message_id else "",
            "smtp-id": "<fake@example.org>",
            **self.seen.get(address, {}),
            **extra,
        }

    async def happen(self, address: str, name: str, **extra: str) -> Answer:
        """Make something happen to the last mail of an address: spamreport, unsubscribe, open…"""
        return await self.courier.post_events([self.event(address, name, **extra)])

    async def reply(self, secret: str, sender: str, recipient: str, body: str) -> Answer:
        """Answer by mail, through Inbound Parse."""
        fields = {
            "headers": "",
            "from": sender,
            "to": recipient,
            "subject": "Re:",
            "text": body,
            "envelope": json.dumps({"to": [recipient], "from": sender}),
            "charsets": json.dumps({"text": "UTF-8", "from": "UTF-8", "to": "UTF-8"}),
        }
        return await self.courier.post_parsed_mail(secret, fields)


def _address(personalization: Json) -> str:
    return str((personalization.get("to") or [{}])[0].get("email", ""))


def _marks(mail: Json) -> list[tuple[int | None, int | None]]:
    """Which deliveries and attempts a request carries."""
    arguments = [one.get("custom_args", {}) for one in mail["personalizations"]]
    return [(_number(one.get("d")), _number(one.get("a"))) for one in arguments]


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _copy(mail: Json, personalization: Json, message_id: str) -> Json:
    tags: Mapping[str, str] = personalization.get("substitutions", {})
    parts = {one["type"]: _substituted(one["value"], tags) for one in mail["content"]}
    return {
        "to": _address(personalization),
        "from": mail["from"],
        "subject": _substituted(personalization.get("subject") or mail["subject"], tags),
        "text": parts.get("text/plain", ""),
        "html": parts.get("text/html", ""),
        "headers": {**mail.get("headers", {}), **personalization.get("headers", {})},
        "custom_args": {**mail.get("custom_args", {}), **personalization.get("custom_args", {})},
        "tracking_settings": mail.get("tracking_settings", {}),
        "message_id": message_id,
    }


def _substituted(text: str, tags: Mapping[str, str]) -> str:
    for tag, value in tags.items():
        text = text.replace(tag, value)
    return text
