"""What a test may tell the fake provider to do, and ask of it, over HTTP."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.fakes.courier import Answer, Courier, event_public_key
from tests.fakes.faults import Fault, FaultPlan
from tests.fakes.journal import Journal
from tests.fakes.sendgrid_server import SendGridServer
from tests.fakes.twilio_server import TwilioServer


class Control:
    """The endpoints under /control."""

    def __init__(
        self,
        *,
        twilio: TwilioServer,
        sendgrid: SendGridServer,
        faults: FaultPlan,
        courier: Courier,
        journal: Journal,
    ) -> None:
        self._twilio = twilio
        self._sendgrid = sendgrid
        self._faults = faults
        self._courier = courier
        self._journal = journal

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/control/journal", self.journal)
        app.router.add_get("/control/state", self.state)
        app.router.add_post("/control/drain", self.drain)
        app.router.add_post("/control/faults", self.faults)
        app.router.add_post("/control/callback-base", self.callback_base)
        app.router.add_post("/control/reply", self.reply)
        app.router.add_post("/control/email-event", self.email_event)
        app.router.add_post("/control/email-reply", self.email_reply)

    async def journal(self, request: web.Request) -> web.Response:
        return web.json_response({"entries": self._journal.entries})

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "accepted": len(self._journal.of("accepted")),
                "accepted_twilio": len(self._journal.of("accepted", "twilio")),
                "accepted_sendgrid": len(self._journal.of("accepted", "sendgrid")),
                "refused": len(self._journal.of("refused")),
                "callbacks_pending": self._courier.pending,
                "callbacks_delivered": self._courier.delivered,
                "callbacks_lost": self._courier.lost,
                "stopped": sorted(self._twilio.stopped),
                "sendgrid_public_key": event_public_key(self._courier.sendgrid_key),
            }
        )

    async def drain(self, request: web.Request) -> web.Response:
        asked = await _json(request)
        left = await self._courier.drain(float(asked.get("seconds", 30)))
        return web.json_response({"callbacks_pending": left})

    async def faults(self, request: web.Request) -> web.Response:
        asked = await _json(request)
        self._faults.rate = float(asked.get("rate", self._faults.rate))
        self._faults.script.extend(Fault(one) for one in asked.get("script", []))
        self._faults.by_address |= {
            address: Fault(one) for address, one in asked.get("by_address", {}).items()
        }
        return web.json_response({"rate": self._faults.rate})

    async def callback_base(self, request: web.Request) -> web.Response:
        self._courier.base = str((await _json(request))["url"])
        return web.json_response({})

    async def reply(self, request: web.Request) -> web.Response:
        asked = await _json(request)
        return _told(await self._twilio.reply(asked["from"], asked["body"]))

    async def email_event(self, request: web.Request) -> web.Response:
        asked = await _json(request)
        extra = {name: value for name, value in asked.items() if name not in ("email", "event")}
        return _told(await self._sendgrid.happen(asked["email"], asked["event"], **extra))

    async def email_reply(self, request: web.Request) -> web.Response:
        asked = await _json(request)
        return _told(
            await self._sendgrid.reply(asked["secret"], asked["from"], asked["to"], asked["body"])
        )


async def _json(request: web.Request) -> dict[str, Any]:
    body = await request.read()
    value: dict[str, Any] = json.loads(body) if body else {}
    return value


def _told(answer: Answer) -> web.Response:
    return web.json_response({"status": answer.status, "text": answer.text})
