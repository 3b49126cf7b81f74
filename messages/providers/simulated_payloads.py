"""The bodies of simulated webhooks, with the fields that Twilio and SendGrid give them."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

from messages.providers.outbox import Kept, kept_id
from messages.providers.simulated_lives import Step


def status_form(step: Step, kept: Kept) -> dict[str, str]:
    """Twilio's form about a text."""
    sid = kept_id(kept.ticket)
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": "AC" + "0" * 32,
        "To": kept.address,
        "From": kept.sender,
        "MessageStatus": step.word,
        "SmsStatus": step.word,
        "ApiVersion": "2010-04-01",
        **step.details,
    }


def reply_form(step: Step, kept: Kept) -> dict[str, str]:
    """Twilio's form of an incoming text."""
    sid = f"SM{sha256(f'{kept_id(kept.ticket)} {step.word}'.encode()).hexdigest()[:32]}"
    service = kept.sender if kept.sender.startswith("MG") else ""
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": "AC" + "0" * 32,
        **({"MessagingServiceSid": service} if service else {}),
        "From": kept.address,
        "To": kept.sender if kept.sender.startswith("+") else "+15005550006",
        "Body": step.word,
        "SmsStatus": "received",
        "NumMedia": "0",
        "NumSegments": "1",
        "FromZip": "",
        "ApiVersion": "2010-04-01",
    }


def event(step: Step, kept: Kept, *, at: int) -> dict[str, Any]:
    """SendGrid's event about an email; ``at`` is a Unix time, the same in every copy of it."""
    ticket = kept.ticket
    mark = f"{kept_id(ticket)} {step.word}".encode()
    return {
        "email": kept.address,
        "timestamp": at,
        "event": step.word,
        "sg_event_id": base64.urlsafe_b64encode(sha256(mark).digest()[:16]).decode().rstrip("="),
        "sg_message_id": f"{kept_id(ticket)}.recvd-0",
        "d": str(ticket.delivery_id),
        "a": str(ticket.attempt),
        "k": ticket.token,
        **step.details,
    }
