"""What Twilio and SendGrid post about copies: signed requests, ready to be written to a socket."""

from __future__ import annotations

import random
import time
from urllib.parse import urlencode

import orjson
from twilio.request_validator import RequestValidator

from messages import links
from tests.fakes.courier import event_public_key, sign_events
from web.keys import Site

SECRET, TOKEN, SEED = "5e" * 32, "t" * 32, "5e" * 32
SITE = Site(
    public_url="https://call.example.org",
    network_name="Sister Cities",
    links_secret=SECRET,
    twilio_tokens=(TOKEN,),
    sendgrid_public_keys=(event_public_key(SEED),),
)
TOGETHER = 200  # events in one of SendGrid's posts
DOUBLED = 0.05  # share of Twilio's callbacks that come twice

Rows = list[tuple[int, str]]  # of deliveries: id and address


def twilio_posts(rows: Rows) -> list[bytes]:
    """Three callbacks for each text, a few of them doubled, as three hundred texts at once get them."""
    chance = random.Random(1)
    requests = []
    for start in range(0, len(rows), 300):
        some = rows[start : start + 300]
        for status in ("queued", "sent", "delivered"):
            for delivery_id, address in some:
                request = _callback(delivery_id, address, status)
                requests += [request] * (1 + (chance.random() < DOUBLED))
    return requests


def _callback(delivery_id: int, address: str, status: str) -> bytes:
    sid = f"SM{delivery_id:032x}"
    mark = {"d": delivery_id, "a": 1, "k": links.receipt_token(SECRET, delivery_id, 1)}
    path = f"/webhooks/twilio/status?{urlencode(mark)}"
    form = {
        "AccountSid": f"AC{7:032x}",
        "ApiVersion": "2010-04-01",
        "From": "+16085550100",
        "MessageSid": sid,
        "MessageStatus": status,
        "MessagingServiceSid": f"MG{7:032x}",
        "SmsSid": sid,
        "SmsStatus": status,
        "To": address,
    }
    signature = RequestValidator(TOKEN).compute_signature(SITE.public_url + path, form)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": f"{delivery_id:036}",
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": signature,
    }
    return _request(path, headers, urlencode(form).encode())


def sendgrid_posts(rows: Rows) -> list[bytes]:
    """Two events for each email, in posts of many, shuffled."""
    events = [_event(*row, name) for row in rows for name in ("processed", "delivered")]
    random.Random(1).shuffle(events)
    return [_events(events[at : at + TOGETHER]) for at in range(0, len(events), TOGETHER)]


def _event(delivery_id: int, address: str, name: str) -> dict[str, object]:
    return {
        "email": address,
        "timestamp": 1_795_000_000,
        "smtp-id": f"<{delivery_id}@call.example.org>",
        "event": name,
        "category": ["alerts"],
        "sg_event_id": f"{name}-{delivery_id:030}",
        "sg_message_id": f"{delivery_id:020}.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
        "response": "250 2.0.0 OK 1795000000 a1si1",
        "d": str(delivery_id),
        "a": "1",
        "k": links.receipt_token(SECRET, delivery_id, 1),
    }


def _events(events: list[dict[str, object]]) -> bytes:
    body, timestamp = orjson.dumps(events) + b"\r\n", str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "SendGrid Event API",
        "X-Twilio-Email-Event-Webhook-Signature": sign_events(SEED, timestamp, body),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }
    return _request("/webhooks/sendgrid/events", headers, body)


def _request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: call.example.org", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
