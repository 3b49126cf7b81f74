"""SendGrid: emails out, many to a request, and its events in.

One request carries up to a thousand people: the words once, with a tag per merge field, and each person's
values beside their address. The official package opens a connection per request and reverses the
order of recipients, so requests are built here.
API: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from http import HTTPStatus

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from yarl import URL

from messages.providers import wire
from messages.providers.headers import one_line
from messages.providers.lanes import Lanes
from messages.providers.provider import (
    SLOW_DOWN,
    Accepted,
    Harm,
    Misconfigured,
    NotSent,
    Outcome,
    Outgoing,
    Rejected,
    Unknown,
)
from messages.providers.sendgrid_requests import MOST_PEOPLE, Batch, batches, request_body

NAME = "sendgrid"
API_BASE = "https://api.sendgrid.com"

_ACCOUNT = "SendGrid refused our account (HTTP {status}): check the API key, its permission to send mail, and that from_email is a verified sender."
_STRANGER = "SendGrid cannot be used as set up (HTTP {status}): check api_base in the settings, and any proxy in between."
_MAIL = "SendGrid refuses this email as a whole (it names {field}): check the sender, the subject and the text, then resume."

_BLAMED = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_MOST_BYTES = 30 * 1024**2
_RECIPIENT_FIELD = re.compile(r"personalizations[.\[](\d+)\]?\.(\w+)")
# SendGrid repeats what was not answered well for 24 hours, and does not say whether it signs each
# repetition anew. A shorter limit would lose the receipts of an outage; a replay does no harm, for
# every event is kept once.
_MAX_AGE = timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class SendGridAccount:
    """Whose account we send with."""

    api_key: str = field(repr=False)
    api_base: str = API_BASE
    concurrency: int = 4  # requests under way at once
    together: int = 500  # people a request, up to MOST_PEOPLE
    timeout: float = wire.TOTAL_SECONDS  # after which an answer counts as lost

    @property
    def send_url(self) -> URL:
        return URL(f"{self.api_base}/v3/mail/send")


class SendGrid:
    """Emails out. To be built inside a running event loop, and closed."""

    name = NAME
    bulk = True

    def __init__(self, account: SendGridAccount) -> None:
        self.window = min(account.together, MOST_PEOPLE)
        self._session = wire.open_session(connections=account.concurrency)
        self._lanes = Lanes(account.concurrency)
        self._url = account.send_url
        self._timeout = account.timeout
        self._headers = {
            "Authorization": f"Bearer {account.api_key}",
            "Content-Type": "application/json",
        }

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        send = partial(self._send_batch, outcomes=outcomes, deadline=deadline)
        await self._lanes.run(batches(items, outcomes, together=self.window), send)
        return [outcomes[index] for index in range(len(items))]

    async def _send_batch(
        self, batch: Batch, *, outcomes: dict[int, Outcome], deadline: float
    ) -> None:
        """Send a batch; refused as a whole, it goes out again without whoever is to blame."""
        body = request_body([email for _, email in batch])
        if len(body) > _MOST_BYTES and len(batch) > 1:
            parts: list[Batch] = _halves(batch)
        else:
            answer = await self._post(body, deadline)
            parts = _settle(batch, answer, outcomes)
        for part in parts:
            await self._send_batch(part, outcomes=outcomes, deadline=deadline)

    async def _post(self, body: bytes, deadline: float) -> wire.Answer | NotSent | Unknown:
        turn = self._lanes.turn
        answer = await wire.post(
            self._session,
            self._url,
            body=body,
            headers=self._headers,
            deadline=deadline,
            patience=self._timeout,
        )
        if isinstance(answer, wire.Answer):
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                self._lanes.too_many(turn)
            else:
                self._lanes.went_well()
        return answer

    async def close(self) -> None:
        await self._lanes.close()
        await self._session.close()


# Out: what came of it


def _settle(
    batch: Batch, answer: wire.Answer | NotSent | Unknown, outcomes: dict[int, Outcome]
) -> list[Batch]:
    """Note the outcomes an answer decides, and return what is to be sent again without them."""
    if isinstance(answer, wire.Answer) and answer.status in _BLAMED:
        return _blame(batch, answer, outcomes)
    outcome = read_answer(answer) if isinstance(answer, wire.Answer) else answer
    outcomes.update((index, outcome) for index, _ in batch)
    return []


def _blame(batch: Batch, answer: wire.Answer, outcomes: dict[int, Outcome]) -> list[Batch]:
    """One bad address, or too many bytes, refuse the whole request: nothing of it was sent."""
    named = _error_fields(answer.body)
    bad = {
        int(match[1]): Rejected("400", Harm.BOUNCED if match[2] == "to" else None)
        for one in named
        if (match := _RECIPIENT_FIELD.match(one)) and int(match[1]) < len(batch)
    }
    if bad:
        outcomes.update((batch[place][0], refused) for place, refused in bad.items())
        rest = [one for place, one in enumerate(batch) if place not in bad]
        return [rest] if rest else []
    if others := [one for one in named if not one.startswith("personalizations")]:
        whole = Misconfigured("400", _MAIL.format(field=one_line(others[0])[:60]))
        outcomes.update((index, whole) for index, _ in batch)
        return []
    if len(batch) > 1:
        return _halves(batch)
    outcomes[batch[0][0]] = Rejected(str(answer.status))
    return []


def _error_fields(body: bytes) -> list[str]:
    """The request's fields that SendGrid names; the string "null" names none."""
    try:
        errors = orjson.loads(body)["errors"]
        named = [one.get("field") for one in errors]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return [one for one in named if isinstance(one, str) and one not in ("", "null")]


def _halves(batch: Batch) -> list[Batch]:
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def read_answer(answer: wire.Answer) -> Outcome:
    """Tell what an answer means for everybody in the request."""
    status = answer.status
    if status in (HTTPStatus.ACCEPTED, HTTPStatus.OK):  # the latter is the sandbox's
        return Accepted(answer.headers.get("X-Message-Id", ""))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return NotSent(SLOW_DOWN, reset_seconds(answer.headers))
    if status in wire.FORBIDDEN:
        return Misconfigured(f"http_{status}", _ACCOUNT.format(status=status))
    if wire.proves_nothing(status):
        return Unknown(f"HTTP {status}")
    return Misconfigured(f"http_{status}", _STRANGER.format(status=status))


def reset_seconds(headers: Mapping[str, str]) -> float:
    """For how long it asks us to wait. X-RateLimit-Reset is a Unix time, and so told apart from the answer's own Date."""
    try:
        reset = float(headers["X-RateLimit-Reset"])
        asked = str(reset - parsedate_to_datetime(headers["Date"]).timestamp())
    except (KeyError, ValueError):
        asked = headers.get("Retry-After", "")
    return wire.wait_seconds(asked, otherwise=5)


# In


def verify(
    public_keys: Iterable[str],
    timestamp: str,
    body: bytes,
    signature: str,
    *,
    now: datetime,
    max_age: timedelta = _MAX_AGE,
) -> bool:
    """Whether SendGrid signed these raw bytes, lately, with one of our webhooks' keys.

    Never raises.
    """
    try:
        age = now - datetime.fromtimestamp(int(timestamp), UTC)
        decoded = base64.b64decode(signature, validate=True)
    except (ValueError, TypeError, OverflowError, OSError):
        return False
    if abs(age) > max_age:
        return False
    return any(_signed(key, decoded, timestamp.encode() + body) for key in public_keys)


def _signed(public_key: str, signature: bytes, signed: bytes) -> bool:
    try:
        _public_key(public_key).verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


@lru_cache(maxsize=16)
def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    key = load_der_public_key(base64.b64decode(text))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("SendGrid's verification keys are elliptic curve keys.")
    return key
