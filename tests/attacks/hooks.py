"""Attacks through providers' webhooks (40 to 43)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from tests.attacks.cases import attack
from tests.attacks.stage import INBOUND_SECRET, SENDGRID_SEED, TWILIO_TOKEN, Stage
from tests.attacks.visitors import Answer, Visitor, require
from tests.fakes.courier import sign_events

STATUS, INBOUND, EVENTS = (
    "/webhooks/twilio/status",
    "/webhooks/twilio/inbound",
    "/webhooks/sendgrid/events",
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def twilio(
    stage: Stage,
    path: str,
    form: Mapping[str, str],
    *,
    token: str = TWILIO_TOKEN,
    signed_for: str = "",
) -> Answer:
    url = signed_for or stage.facts.public_url + path
    signature = RequestValidator(token).compute_signature(url, dict(form))
    headers = {**FORM, "X-Twilio-Signature": signature}
    return Visitor(stage.facts.url).ask("POST", path, urlencode(form).encode(), headers=headers)


def sendgrid(
    stage: Stage, body: bytes, *, seed: str = SENDGRID_SEED, at: int = 0, sent: bytes = b""
) -> Answer:
    stamp = str(at or int(time.time()))
    headers = {
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        "X-Twilio-Email-Event-Webhook-Signature": sign_events(seed, stamp, body),
        "Content-Type": "application/json",
    }
    return Visitor(stage.facts.url).ask("POST", EVENTS, sent or body, headers=headers)


def _events(stage: Stage) -> int:
    return int(stage.scalar("SELECT count(*) FROM events"))


def _status(stage: Stage) -> int:
    return int(
        stage.scalar(
            "SELECT status FROM deliveries WHERE id = :id", id=stage.facts.ours["sent_copy_id"]
        )
    )


@attack(40)
def twilios_webhook(stage: Stage) -> str:
    form, sent = (
        {"MessageSid": "SMx", "MessageStatus": "undelivered", "To": stage.facts.phone},
        stage.facts.ours["sent_copy_id"],
    )
    before, state = _events(stage), _status(stage)
    forged = [
        Visitor(stage.facts.url).ask("POST", STATUS, urlencode(form).encode(), headers=FORM),
        twilio(stage, STATUS, form, token="w" * 32),
        twilio(stage, STATUS, form, signed_for=f"{stage.facts.public_url}/webhooks/twilio/inbound"),
        twilio(stage, STATUS, form, signed_for=f"http://llamado.example.org{STATUS}"),
        twilio(stage, STATUS, form, signed_for=f"{stage.facts.url}{STATUS}"),
    ]
    require({each.status for each in forged} == {403}, f"{[each.status for each in forged]}")
    require(_events(stage) == before, "a forged event was stored")
    path = f"{STATUS}?d={sent}&a=1&k=forged"
    signed = [twilio(stage, path, form).status for _ in range(46)]
    stored = _events(stage) - before
    time.sleep(1.5)
    require(stored == 1, f"46 copies were stored {stored} times")
    require(_status(stage) == state, "a signed event without our own mark moved somebody's copy")
    return f"5 forgeries refused, 46 copies stored once ({signed[0]}), a foreign mark moves nothing"


@attack(42)
def sendgrids_webhook(stage: Stage) -> str:
    body = json.dumps(
        [
            {
                "email": "a@example.org",
                "event": "delivered",
                "timestamp": 1,
                "sg_event_id": "evil1",
                "delivery": stage.facts.ours["sent_copy_id"],
            }
        ]
    ).encode()
    before, state = _events(stage), _status(stage)
    forged = [
        sendgrid(stage, body, seed="aa" * 32),
        sendgrid(stage, body, sent=body.replace(b"delivered", b"bounce   ")),
        sendgrid(stage, body, at=int(time.time()) - 26 * 3600),
        sendgrid(stage, body, at=int(time.time()) + 26 * 3600),
        Visitor(stage.facts.url).ask(
            "POST", EVENTS, body, headers={"Content-Type": "application/json"}
        ),
    ]
    require({each.status for each in forged} == {403}, f"{[each.status for each in forged]}")
    require(_events(stage) == before, "a forged event was stored")
    huge = json.dumps(
        [{"event": "open", "sg_event_id": f"h{n}", "email": "x"} for n in range(40_000)]
    ).encode()
    large = sendgrid(stage, huge).status
    own = sendgrid(stage, body).status
    time.sleep(1.5)
    require(_status(stage) == state, "a signed event of a foreign message moved somebody's copy")
    require(large < 500, f"a huge batch was answered {large}")
    return f"5 forgeries refused (stale and future ones too); {len(huge) // 1024} kB answered {large}, a foreign id {own}"


@attack(43)
def forged_stop(stage: Stage) -> str:
    def stops() -> int:
        return int(stage.scalar("SELECT count(*) FROM consents"))

    before = stops()
    form = {"MessageSid": "SMz", "From": "+16085559999", "To": "+16085550100", "Body": "STOP"}
    said = [
        Visitor(stage.facts.url)
        .ask("POST", INBOUND, urlencode(form).encode(), headers=FORM)
        .status,
        twilio(stage, INBOUND, form, token="x" * 32).status,
        twilio(stage, INBOUND, {**form, "Body": "START"}, token="").status,
        Visitor(stage.facts.url)
        .ask("POST", "/webhooks/sendgrid/inbound/guess", b"from=a&text=stop", headers=FORM)
        .status,
    ]
    require(stops() == before, f"a forged word was believed: {said}")
    require(set(said) <= {403, 404}, f"{said}")
    good = twilio(stage, INBOUND, form).status
    require(good == 200 and stops() > before, f"a real STOP is not heard: {good}")
    return f"4 forgeries refused, the signed one heard ({INBOUND_SECRET[:1]}… is the mail's own secret)"
