"""What SendGrid's events say: about a copy, about its address, and whether we are too fast.

Events: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from messages.providers import mail_codes
from messages.providers.provider import Harm, Receipt, Trouble, Verdict
from messages.providers.replied_mail import digest

BLOCKED = (
    "blocked"  # a bounce of this type is about one email; its address stays in use at SendGrid
)
_DIGITS = re.compile(r"[0-9]{1,18}")

# What an event says about the delivery. What happens to an email later, be it a deferral or a click,
# at least proves that it was taken: the event that says so itself may have been lost.
VERDICTS: Mapping[str, Verdict] = {
    "processed": Verdict.ACCEPTED,
    "deferred": Verdict.ACCEPTED,
    "open": Verdict.ACCEPTED,
    "click": Verdict.ACCEPTED,
    "spamreport": Verdict.ACCEPTED,
    "unsubscribe": Verdict.ACCEPTED,
    "group_unsubscribe": Verdict.ACCEPTED,
    "delivered": Verdict.DELIVERED,
    "bounce": Verdict.UNDELIVERED,
    "dropped": Verdict.FAILED,
}
# What it says about the address, a bounce only where the mailbox is gone (``mail_codes``).
HARMS: Mapping[str, Harm] = {
    "bounce": Harm.BOUNCED,
    "spamreport": Harm.COMPLAINED,
    "unsubscribe": Harm.OPTED_OUT,
    "group_unsubscribe": Harm.OPTED_OUT,
}
# SendGrid drops what is on its own lists, which then belongs on ours; and for reasons of ours.
DROPPED: Mapping[str, tuple[str, Harm | None]] = {
    "unsubscribed address": ("dropped_unsubscribed", Harm.OPTED_OUT),
    "bounced address": ("dropped_bounced", Harm.BOUNCED),
    "spam reporting address": ("dropped_complained", Harm.COMPLAINED),
    "invalid": ("dropped_invalid", Harm.BOUNCED),
    "invalid smtpapi header": ("dropped_header", None),
    "spam content": ("dropped_spam_content", None),
    "spam content (if spam checker app enabled)": ("dropped_spam_content", None),
    "recipient list over package quota": ("dropped_quota", None),
}


def event_key(payload: Mapping[str, Any]) -> str:
    """The same for every copy of one event.

    SendGrid's own id is missing on some events and was seen to change between retries
    (https://github.com/sendgrid/sendgrid-nodejs/issues/1435), so what happened is the key.
    """
    names = ("email", "event", "timestamp", "type", "url", "attempt", "d", "a")
    facts = [str(payload.get(name, "")) for name in names]
    if not payload.get("d"):
        facts.append(str(payload.get("sg_event_id", "")))
    return digest(*facts)


def read_event(payload: Mapping[str, Any]) -> Receipt:
    """One event of an array; the address is only used where our marks are missing."""
    event = str(payload.get("event", ""))
    trouble = _trouble(event, payload)
    code, harm = _code_and_harm(event, payload, trouble)
    deferred = event == "deferred"
    return Receipt(
        delivery_id=_number(payload.get("d")),
        attempt=_number(payload.get("a")),
        token=str(payload.get("k", "")),
        verdict=VERDICTS.get(event, Verdict.NOTHING),
        code=code,
        harm=harm,
        provider_id=str(payload.get("sg_message_id", ""))[:80],
        address=str(payload.get("email", "")).strip().lower(),
        at=_time(payload.get("timestamp")),
        trouble=trouble,
        deferral=mail_codes.code_of(str(payload.get("response", ""))) if deferred else "",
    )


def _trouble(event: str, payload: Mapping[str, Any]) -> Trouble | None:
    """What an event counts as. What SendGrid drops never left, and so is no trouble of this email's."""
    if event == "spamreport":
        return Trouble.COMPLAINT
    if event != "bounce":
        return None
    status, kind = _told(payload)
    lasting = payload.get("type") != BLOCKED and mail_codes.is_lasting(status, kind)
    return Trouble.HARD if lasting else Trouble.SOFT


def _told(payload: Mapping[str, Any]) -> tuple[str, str]:
    """A bounce's status and class; where neither says more than "failed", what the words beside them do."""
    status, kind = str(payload.get("status", "")), str(payload.get("bounce_classification", ""))
    if not kind and mail_codes.is_vague(status):
        kind = mail_codes.NOBODY if mail_codes.names_nobody(str(payload.get("reason", ""))) else ""
    return status, kind


def _code_and_harm(
    event: str, payload: Mapping[str, Any], trouble: Trouble | None
) -> tuple[str, Harm | None]:
    if event == "dropped":
        reason = str(payload.get("reason", "")).strip().lower()
        return DROPPED.get(reason, ("dropped", None))
    harm = None if trouble is Trouble.SOFT else HARMS.get(event)
    return _code(payload) if event == "bounce" else event, harm


def _code(payload: Mapping[str, Any]) -> str:
    """What is kept of a bounce. Reasons quote the receiving server, addresses and all: only its status number is.

    A status of the mailbox stands only where the bounce is about it (``messages/troubles.py`` counts those).
    """
    status, kind = _told(payload)
    if mail_codes.is_of_mailbox(status, kind):
        return status
    if payload.get("type") == BLOCKED or mail_codes.is_of_mailbox(status):
        return BLOCKED
    return status if mail_codes.is_enhanced(status) else "bounce"


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if _DIGITS.fullmatch(text) else None


def _time(value: object) -> datetime | None:
    seconds = _number(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
