"""Twilio's Messages resource, played: create, list, status callbacks, replies and STOP."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from tests.fakes.courier import Answer, Courier
from tests.fakes.faults import Fault, FaultPlan, spoil
from tests.fakes.journal import Journal, body_hash

STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
EARLY_SECONDS = 1.0  # for which an answer waits, that a callback is to overtake
E164 = re.compile(r"\+[1-9]\d{6,14}")


@dataclass
class TwilioServer:
    """One account: what was texted, to whom, and who said STOP."""

    journal: Journal
    faults: FaultPlan
    courier: Courier
    token: str
    listing_delay: float = 0.0  # a message shows in the list only after this many seconds
    undelivered: float = 0.0  # share of texts that fail late, with a carrier's code
    early_callbacks: float = 0.0  # share whose first callback comes before the create answer
    honour_stop: bool = True  # Twilio's own STOP handling: later sends fail with 21610
    stopped: set[str] = field(default_factory=set)
    messages: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    _last_sender: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add_routes(self, app: web.Application) -> None:
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        app.router.add_post(path, self.create)
        app.router.add_get(path, self.listed)

    # Create

    async def create(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        fault = self.faults.next([form.get("To", "")])
        if (refused := self._refusal(request, form, fault)) is not None:
            status, code = refused
            facts = {"to": form.get("To", ""), "status": status, "code": code, **_marks(form)}
            self.journal.append("refused", provider="twilio", **facts)
            return _error(status, code, retry_after=self.faults.retry_after)
        message = self._accept(request.match_info["account"], form, fault)
        await self._send_callbacks(form, message)
        answer = web.json_response(message, status=201)
        return await spoil(request, fault, self.faults, answer)

    def _refusal(
        self, request: web.Request, form: Mapping[str, str], fault: Fault
    ) -> tuple[int, int] | None:
        to = form.get("To", "")
        checks = (
            (fault is Fault.TOO_MANY, 429, 20429),
            (fault is Fault.ERROR_500, 500, 20500),
            (fault is Fault.UNAUTHORISED or not self._known(request), 401, 20003),
            (fault is Fault.FORBIDDEN, 403, 20003),
            (not to, 400, 21604),
            (fault is Fault.BAD_ADDRESS or not E164.fullmatch(to), 400, 21211),
            (fault is Fault.OPTED_OUT or (self.honour_stop and to in self.stopped), 400, 21610),
            (not (form.get("From") or form.get("MessagingServiceSid")), 400, 21603),
            (not form.get("Body"), 400, 21602),
            (len(form.get("Body", "")) > 1600, 400, 21617),
        )
        return next(((status, code) for wrong, status, code in checks if wrong), None)

    def _known(self, request: web.Request) -> bool:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        _, _, password = base64.b64decode(encoded).decode().partition(":")
        return scheme == "Basic" and password == self.token

    def _accept(self, account: str, form: Mapping[str, str], fault: Fault) -> dict[str, Any]:
        sid = f"SM{len(self.messages):032x}"
        message = _resource(account, sid, form)
        self.messages.append((datetime.now(UTC), message))
        self._last_sender[form["To"]] = (
            form.get("From", ""),
            form.get("MessagingServiceSid", ""),
        )
        self.journal.append(
            "accepted",
            provider="twilio",
            id=sid,
            **_marks(form),
            to=form["To"],
            body_hash=body_hash(form["Body"]),
            fault=fault.value,
        )
        return message

    # Callbacks

    async def _send_callbacks(self, form: Mapping[str, str], message: Mapping[str, Any]) -> None:
        url = form.get("StatusCallback")
        if not url:
            return
        events = self.courier.arranged(self._statuses(form["To"], message))
        if self.courier.rng.random() < self.early_callbacks:
            # The answer waits for it a moment, and not until a dead service is up again: a sender's
            # patience would be over long before, and its copy unknown for no fault of this plan.
            early = self.courier.start(self._tell(url, events.pop(0)))
            await asyncio.wait({early}, timeout=EARLY_SECONDS)
        self.courier.start(self._post_in_order(url, events))

    async def _post_in_order(self, url: str, events: list[dict[str, str]]) -> None:
        for event in events:
            await self._tell(url, event)

    async def _tell(self, url: str, event: dict[str, str]) -> None:
        """Post one status, and note whether the product said that it has it."""
        answer = await self.courier.post_twilio(url, event)
        self.journal.append(
            "told" if answer.good else "untold",
            provider="twilio",
            event=event["MessageStatus"],
            **_marks({"StatusCallback": url}),
        )

    def _statuses(self, to: str, message: Mapping[str, Any]) -> list[dict[str, str]]:
        failed = self.courier.rng.random() < self.undelivered
        code = self.courier.rng.choice(["30003", "30005", "30006"]) if failed else ""
        names = ["queued", "sent", "undelivered" if failed else "delivered"]
        return [
            {
                "MessageSid": message["sid"],
                "SmsSid": message["sid"],
                "AccountSid": message["account_sid"],
                "To": to,
                "From": message["from"] or "",
                "MessageStatus": name,
                "SmsStatus": name,
                "ApiVersion": "2010-04-01",
                **({"ErrorCode": code} if code and name == "undelivered" else {}),
            }
            for name in names
        ]

    # List

    async def listed(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return _error(401, 20003)
        size = int(request.query.get("PageSize", "50"))
        latest = datetime.now(UTC) - timedelta(seconds=self.listing_delay)
        found = [
            message
            for at, message in reversed(self.messages)
            if at <= latest and request.query.get("To") in (None, message["to"])
        ]
        # Twilio gives paths here, though its schema asks for whole addresses; nobody follows them.
        uri = f"https://api.twilio.com{request.path}"
        page = {"page": 0, "page_size": size, "start": 0, "end": max(len(found[:size]) - 1, 0)}
        links = {"uri": uri, "first_page_uri": uri, "next_page_uri": None}
        return web.json_response(
            {**page, **links, "previous_page_uri": None, "messages": found[:size]}
        )

    # Replies

    async def reply(self, sender: str, body: str) -> Answer:
        """Text ``body`` from the phone ``sender`` to whoever texted it last."""
        number, service = self._last_sender.get(sender, ("", ""))
        handled = self._carrier_acts(sender, body) if service else ""
        sid = f"SM{self.courier.rng.getrandbits(128):032x}"
        params = {
            **dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), sid),
            "AccountSid": "AC" + "0" * 32,
            "From": sender,
            "To": number or "+15005550006",
            "Body": body,
            "SmsStatus": "received",
            "NumMedia": "0",
            "NumSegments": "1",
            "FromZip": "",
            "ApiVersion": "2010-04-01",
            **({"MessagingServiceSid": service} if service else {}),
            **({"OptOutType": handled} if handled else {}),
        }
        url = f"{self.courier.public_url}/webhooks/twilio/inbound"
        self.journal.append("reply", provider="twilio", to=sender, body_hash=body_hash(body))
        answer = await self.courier.post_twilio(url, params)
        self.journal.append("reply_heard", provider="twilio", to=sender, status=answer.status)
        return answer

    def _carrier_acts(self, sender: str, body: str) -> str:
        word = body.strip().upper()
        if word in STOP_WORDS:
            self.stopped.add(sender)
            return "STOP"
        if word in START_WORDS:
            self.stopped.discard(sender)
            return "START"
        return "HELP" if word in HELP_WORDS else ""


def _marks(form: Mapping[str, str]) -> dict[str, int | None]:
    """Which delivery and attempt a message is, from its callback's address."""
    query = parse_qs(urlsplit(form.get("StatusCallback", "")).query)
    delivery, attempt = (int(query[name][0]) if name in query else None for name in ("d", "a"))
    return {"delivery_id": delivery, "attempt": attempt}


def _resource(account: str, sid: str, form: Mapping[str, str]) -> dict[str, Any]:
    now = format_datetime(datetime.now(UTC))
    service = form.get("MessagingServiceSid")
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return {
        "sid": sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": form["Body"],
        "to": form["To"],
        "from": form.get("From"),
        "messaging_service_sid": service,
        "status": "accepted" if service else "queued",
        "direction": "outbound-api",
        "num_segments": "0" if service else "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "date_created": now,
        "date_updated": now,
        "date_sent": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def _error(status: int, code: int, *, retry_after: float = 1) -> web.Response:
    headers = {"Retry-After": f"{retry_after:g}"} if status == 429 else {}
    return web.json_response(
        {
            "code": code,
            "message": "The request was refused.",
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        },
        status=status,
        headers=headers,
    )
