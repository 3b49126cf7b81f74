"""Twilio: texts out, status callbacks and replies in.

Requests are written by hand on one shared aiohttp session: the SDK's async client ignores its
timeout and, asked to retry, repeats a POST after any 5xx, which is a second text
(https://github.com/twilio/twilio-python/issues/925). The SDK checks the signatures.
Codes: https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from twilio.request_validator import RequestValidator
from yarl import URL

from messages.providers import wire
from messages.providers.lanes import Lanes
from messages.providers.provider import (
    SLOW_DOWN,
    Accepted,
    Harm,
    Inbound,
    Misconfigured,
    NotSent,
    Outcome,
    Outgoing,
    Receipt,
    Rejected,
    Text,
    Unknown,
    Verdict,
)

NAME = "twilio"
API_BASE = "https://api.twilio.com"

# What a code says about the number, be it in the answer to our request or in a callback.
HARMS: Mapping[int, Harm] = {
    21211: Harm.BOUNCED,  # not a phone number
    21201: Harm.BOUNCED,
    21604: Harm.BOUNCED,
    30005: Harm.BOUNCED,  # unknown handset
    21610: Harm.OPTED_OUT,
    30004: Harm.BLOCKED,
    63014: Harm.BLOCKED,
    21265: Harm.NOT_TEXTABLE,  # a short code; this and the next may well be called
    21266: Harm.NOT_TEXTABLE,  # the number we send from
    21268: Harm.NOT_TEXTABLE,  # a premium number
    21612: Harm.NOT_TEXTABLE,  # no route from our sender
    21614: Harm.NOT_TEXTABLE,  # not a mobile phone
    21635: Harm.NOT_TEXTABLE,  # a landline
    30006: Harm.NOT_TEXTABLE,  # a landline, or a carrier that cannot be reached
    63003: Harm.NOT_TEXTABLE,
    63024: Harm.NOT_TEXTABLE,
    63033: Harm.NOT_TEXTABLE,
}

# Codes of an answer that are about the account, the sender or the wording, with what to do.
# Any other code of a 4xx answer is about this one recipient.
_SENDER = "Twilio does not let this account send from the sender in the settings (code {code}): check the messaging service or phone number."
_WORDS = "Twilio refuses the text itself (code {code}): change its wording, then resume."
_ACCOUNT = "Twilio refused our account (code {code}): check the account SID and key in the settings, and that the account is active and paid."
_STRANGER = "Something that does not speak like Twilio answered at its address (code {code}): check api_base in the settings, and any proxy in between."
MISCONFIGURED: Mapping[int, str] = {
    20003: _ACCOUNT,
    20404: "Twilio does not know this account (code {code}): check the account SID and api_base in the settings.",
    21608: "This is a Twilio trial account, which texts only numbers verified with Twilio (code {code}): upgrade it.",
    21609: "Twilio refuses our callback address (code {code}): public_url in the settings must be a public https address without underscores.",
    30002: _ACCOUNT,
    **dict.fromkeys((21212, 21603, 21606, 21659, 21660, 21661, 21703, 21704, 21705), _SENDER),
    **dict.fromkeys((21602, 21619, 21620, 21623, 21654, 21656), _WORDS),
}
# Refusals that pass by themselves, with the seconds to wait.
PASSING: Mapping[int, float] = {20429: 2.0, 21611: 60.0}  # too many requests; the sender's queue

# A status that is not here, such as one Twilio will invent, says nothing.
STATUSES: Mapping[str, Verdict] = {
    "accepted": Verdict.ACCEPTED,
    "scheduled": Verdict.ACCEPTED,
    "queued": Verdict.QUEUED,
    "sending": Verdict.QUEUED,
    "sent": Verdict.SENT,
    "delivered": Verdict.DELIVERED,
    "partially_delivered": Verdict.DELIVERED,
    "read": Verdict.DELIVERED,
    "undelivered": Verdict.UNDELIVERED,
    "failed": Verdict.FAILED,
    "canceled": Verdict.FAILED,
}

# Twilio answers these by itself on any number but a short code; "YES" opts in too, but is also
# what people answer to a question, so it only counts when Twilio says so (OptOutType).
HANDLED: Mapping[str, str] = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), "STOP"
    ),
    **dict.fromkeys(("START", "UNSTOP"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}

_PLAIN_URL = re.compile(
    r"(https?)://([a-z0-9.-]+)(:[1-9][0-9]{0,3})?(/[!\"$-:<->@-~]*(?:\?[!\"$-~]+)?)"
)
_PORTS: Mapping[str, str] = {"https": ":443", "http": ":80"}
_DIGITS = re.compile(r"[0-9]{1,18}")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_LONGEST_VALIDITY = 36000
_EMPTY = URL()
# Twilio tries a callback again only when asked to, in a fragment that it neither sends nor signs:
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRY_CALLBACKS = "#rc=5&rp=all&ct=3000&rt=5000"


class UnreadableText(ValueError):
    """An incoming text that does not come from a phone number."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose account we send with, and where its callbacks are to go."""

    account_sid: str
    username: str  # the account SID, or an API key's SID
    password: str = field(repr=False)  # the auth token, or the API key's secret
    public_url: str  # where Twilio reaches us: https, no slash at the end
    api_base: str = API_BASE
    concurrency: int = 20  # requests under way at once
    timeout: float = wire.TOTAL_SECONDS  # after which an answer counts as lost

    @property
    def messages_url(self) -> URL:
        return URL(f"{self.api_base}/2010-04-01/Accounts/{self.account_sid}/Messages.json")

    @property
    def authorization(self) -> str:
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


class Twilio:
    """Texts out. To be built inside a running event loop, and closed."""

    name = NAME
    window = 500
    bulk = False

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._session = wire.open_session(connections=account.concurrency)
        self._lanes = Lanes(account.concurrency)
        self._url = account.messages_url
        self._headers = {
            "Authorization": account.authorization,
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        return await self._lanes.run(items, partial(self._send_one, deadline=deadline))

    async def _send_one(self, item: Outgoing, *, deadline: float) -> Outcome:
        if not isinstance(item, Text):
            return Misconfigured("channel", "Twilio sends texts only: give emails a provider.")
        turn = self._lanes.turn
        answer = await wire.post(
            self._session,
            self._url,
            body=form(self._account, item),
            headers=self._headers,
            deadline=deadline,
            patience=self._account.timeout,
        )
        if not isinstance(answer, wire.Answer):
            return answer
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._lanes.too_many(turn)
        else:
            self._lanes.went_well()
        return read_answer(answer)

    async def close(self) -> None:
        await self._lanes.close()
        await self._session.close()


# Out


def request_fields(account: TwilioAccount, item: Text) -> dict[str, str]:
    """The form of one message; the ticket rides in the callback's address."""
    ticket = item.ticket
    mark = f"d={ticket.delivery_id}&a={ticket.attempt}&k={ticket.token}"
    fields = {
        "To": item.address,
        "MessagingServiceSid" if item.sender.startswith("MG") else "From": item.sender,
        "Body": _whole_characters(item.body),
        "StatusCallback": f"{account.public_url}/webhooks/twilio/status?{mark}{RETRY_CALLBACKS}",
    }
    if item.valid_seconds is not None:
        # Else a text delayed by a carrier may arrive in the night, ten hours late.
        fields["ValidityPeriod"] = str(min(max(item.valid_seconds, 1), _LONGEST_VALIDITY))
    return fields


def _whole_characters(text: str) -> str:
    """The same without halves of characters, which no encoding takes."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def form(account: TwilioAccount, item: Text) -> bytes:
    """The same as it is posted, form-encoded: by yarl, which does it in C and so four times as fast."""
    return _EMPTY.with_query(request_fields(account, item)).raw_query_string.encode()


def read_answer(answer: wire.Answer) -> Outcome:
    """Tell what an answer to a message means; only 429 promises that nothing was done."""
    said = _json(answer.body)
    if answer.status in (HTTPStatus.OK, HTTPStatus.CREATED):
        sid = said.get("sid")
        return Accepted(sid) if isinstance(sid, str) and sid else Unknown("unreadable answer")
    if wire.proves_nothing(answer.status):
        return Unknown(f"HTTP {answer.status}")
    code = said.get("code") if isinstance(said.get("code"), int) else None
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or code in PASSING:
        otherwise = PASSING.get(code or 0, PASSING[20429])
        seconds = wire.wait_seconds(answer.headers.get("Retry-After"), otherwise=otherwise)
        return NotSent(SLOW_DOWN, seconds)
    return _refusal(answer.status, code)


def _refusal(status: int, code: int | None) -> Outcome:
    shown = str(code or f"http_{status}")
    otherwise = _ACCOUNT if status in wire.FORBIDDEN else _STRANGER if code is None else None
    if sentence := MISCONFIGURED.get(code or 0, otherwise):
        return Misconfigured(shown, sentence.format(code=shown))
    return Rejected(shown, HARMS.get(code or 0))


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


# In


def verify(url: str, params: Mapping[str, Any], signature: str, tokens: Sequence[str]) -> bool:
    """Whether Twilio signed this form for this very public URL with one of our tokens.

    Two tokens are in use while one is being replaced. Never raises.
    """
    try:
        # Every token is tried, so that timing tells nothing of the first.
        checks = [_signed(url, params, signature, one) for one in tokens if one]
    except (TypeError, ValueError, AttributeError):
        return False
    return any(checks)


def _signed(url: str, params: Mapping[str, Any], signature: str, token: str) -> bool:
    """Do what the SDK does, in a third of its time, for addresses as we give them to Twilio.

    It takes them apart and together again, where there are more curious cases than ours.
    """
    plain = _PLAIN_URL.fullmatch(url)
    if plain is None:
        return bool(RequestValidator(token).validate(url, params, signature))
    scheme, host, port, rest = plain.groups()
    form = "".join(name + value for name, value in sorted(set(params.items())))
    given, key = signature.encode(errors="surrogatepass"), token.encode()
    # Twilio sometimes signs with the port and sometimes without.
    spelled = (f"{scheme}://{host}{rest}", f"{scheme}://{host}{port or _PORTS[scheme]}{rest}")
    macs = [hmac.digest(key, (one + form).encode(), "sha1") for one in spelled]
    return any(hmac.compare_digest(base64.b64encode(mac), given) for mac in macs)


def event_key(payload: Mapping[str, str]) -> str:
    """The same for every copy of one status callback, retried or doubled.

    Retries also share an ``I-Twilio-Idempotency-Token``, but what makes two callbacks the same fact
    is their content.
    """
    of = payload.get("MessageSid") or f"{payload.get('d', '')}.{payload.get('a', '')}"
    return f"{of}:{payload.get('MessageStatus', '')}:{payload.get('ErrorCode', '')}"[:160]


def read_status(payload: Mapping[str, str]) -> Receipt:
    """A status callback: its form's fields and, beside them, the d, a and k of its address."""
    code = payload.get("ErrorCode", "")
    return Receipt(
        delivery_id=_number(payload.get("d")),
        attempt=_number(payload.get("a")),
        token=payload.get("k", ""),
        verdict=STATUSES.get(payload.get("MessageStatus", ""), Verdict.NOTHING),
        code=code if code != "0" else "",
        harm=HARMS.get(_number(code) or 0),
        provider_id=payload.get("MessageSid", "")[:80],
        # Not the number: with our marks it is not needed, without them it must not count.
    )


def read_inbound(payload: Mapping[str, str]) -> Inbound:
    """A text somebody sent us; a picture without words has an empty body."""
    # "whatsapp:+1608…" and "rcs:+1608…" name a channel before the number.
    sender = payload.get("From", "").rpartition(":")[2]
    if not _E164.fullmatch(sender):
        raise UnreadableText(
            "This text did not come from a phone number, so nobody can be found for it."
        )
    body = payload.get("Body", "")
    recipient = payload.get("To", "")
    return Inbound(
        channel="sms",
        address=sender,
        body=body,
        key=payload.get("MessageSid", ""),
        handled=payload.get("OptOutType", "").upper() or _handled_by_default(body, recipient),
        recipient=recipient,
    )


def _handled_by_default(body: str, recipient: str) -> str:
    # Short codes have no plus sign: there the words are ours to handle.
    return HANDLED.get(body.strip().upper(), "") if recipient.startswith("+") else ""


def _number(text: str | None) -> int | None:
    return int(text) if text and _DIGITS.fullmatch(text) else None
