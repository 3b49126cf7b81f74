"""What a provider's answer, or a later receipt, makes of a delivery. Pure: values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from messages.calling_off import leftover
from messages.doubts import NOT_SENT_AGAIN
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
CAME_TO_NOTHING = (Status.FAILED, Status.STOPPED, Status.EXPIRED)
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
    current: Status,
    outcome: Outcome,
    *,
    message_status: str,
    retry: str,
    tried_before: bool,
    now: datetime,
) -> Next:
    """Where the provider's answer takes a delivery of ours that is sending, or was given up on.

    A receipt may have overtaken the answer: then only the provider's id is news. ``retry`` is the
    reason a copy that came back unsent carries when it cannot wait: "" while it may. What was
    ``tried_before``, nobody knows with what result, is unknown again if this try came to nothing.
    """
    to = _answered(current, outcome, message_status=message_status, retry=retry, now=now)
    if tried_before and current in OPEN and to.status in CAME_TO_NOTHING:
        return Next(Status.UNKNOWN, NOT_SENT_AGAIN)
    return to


def _answered(
    current: Status, outcome: Outcome, *, message_status: str, retry: str, now: datetime
) -> Next:
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

    Status only moves up, whatever the order of arrival, and one terminal state never replaces
    another. A receipt of an earlier attempt says nothing about the present one, unless that is
    unknown: then it proves that the person was written to.
    """
    target = RANK.get(receipt.verdict)
    if target is None or target <= current or current >= Status.DELIVERED:
        return None
    if receipt.attempt != attempt and not _proves_an_earlier(current, target, receipt, attempt):
        return None
    code = receipt.code if target >= Status.UNDELIVERED else ""
    return Next(target, code[:WIDEST_REASON], provider_id=receipt.provider_id or None)


def _proves_an_earlier(current: Status, target: Status, receipt: Receipt, attempt: int) -> bool:
    earlier = receipt.attempt is not None and receipt.attempt < attempt
    return earlier and current == Status.UNKNOWN and target <= Status.DELIVERED
