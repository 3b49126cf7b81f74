"""What a provider's answer, or a later receipt, makes of a delivery. Pure: values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from messages.control import leftover
from messages.models import Status
from messages.providers.provider import (
    Accepted,
    Misconfigured,
    NotSent,
    Outcome,
    Receipt,
    Rejected,
    Unknown,
    Verdict,
)

OPEN = (Status.SENDING, Status.UNKNOWN)
WIDEST_REASON = 64

RANK = {
    Verdict.ACCEPTED: Status.ACCEPTED,
    Verdict.QUEUED: Status.QUEUED,
    Verdict.SENT: Status.SENT,
    Verdict.DELIVERED: Status.DELIVERED,
    Verdict.UNDELIVERED: Status.UNDELIVERED,
    Verdict.FAILED: Status.FAILED,
}


@dataclass(frozen=True, slots=True)
class Next:
    """Where a delivery goes."""

    status: Status
    reason: str = ""
    provider_id: str | None = None
    not_before: datetime | None = None


def settled(
    current: Status, outcome: Outcome, *, message_status: str, retry: str, now: datetime
) -> Next:
    """Where the provider's answer takes a delivery of ours that is sending, or was given up on.

    A receipt may have overtaken the answer: then only the provider's id is news. ``retry`` is the
    reason a copy that came back unsent carries when it cannot wait: "" while it may.
    """
    provider_id = outcome.provider_id if isinstance(outcome, Accepted) else None
    if current not in OPEN:
        return Next(current, provider_id=provider_id)
    match outcome:
        case Accepted():
            return Next(Status.ACCEPTED, provider_id=provider_id)
        case Rejected(code=code):
            return Next(Status.FAILED, code[:WIDEST_REASON])
        case Unknown(reason=reason):
            return Next(Status.UNKNOWN, reason[:WIDEST_REASON])
        case NotSent(retry_seconds=seconds):
            return _unsent(message_status, retry, now + timedelta(seconds=seconds))
        case Misconfigured():
            return _unsent(message_status, retry, None)


def _unsent(message_status: str, retry: str, not_before: datetime | None) -> Next:
    ended = leftover(message_status)
    if ended is not None:
        return Next(*ended)
    if retry:
        return Next(Status.FAILED, retry)
    return Next(Status.PENDING, not_before=not_before)


def advanced(current: Status, *, attempt: int, receipt: Receipt) -> Next | None:
    """Where a receipt takes a delivery; None when it is no news.

    Status only moves up, whatever the order of arrival, and a receipt of an earlier attempt says
    nothing about the present one. One terminal state never replaces another.
    """
    target = RANK.get(receipt.verdict)
    if target is None or receipt.attempt != attempt or current >= Status.DELIVERED:
        return None
    if target <= current:
        return None
    code = receipt.code if target >= Status.UNDELIVERED else ""
    return Next(target, code[:WIDEST_REASON], provider_id=receipt.provider_id or None)
