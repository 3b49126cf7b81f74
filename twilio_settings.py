"""How texts leave by Twilio, and how it puts calls through: a part of ``settings.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from overrides import between, secret

NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}")


@dataclass(frozen=True, kw_only=True)
class Twilio:
    """How texts leave."""

    account_sid: str
    auth_token: str = secret()
    api_key_sid: str
    api_key_secret: str = secret()
    messaging_service_sid: str
    from_number: str
    api_base: str

    @property
    def sender(self) -> str:
        """The messaging service, or the number, that texts come from."""
        return self.messaging_service_sid or self.from_number

    @property
    def ready(self) -> bool:
        """Whether enough is set to send."""
        signs = self.auth_token or (self.api_key_sid and self.api_key_secret)
        return bool(self.account_sid and signs and self.sender)


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Whether and how supporters are connected with offices."""

    number: str
    from_number: str
    ring_seconds: int = between(5, 60)
    seconds_per_office: int = between(60, 3600)
    offices_per_call: int = between(1, 12)
    cents_per_minute: float = between(0, 100)
    daily_budget_cents: int = between(0, 100_000_000)
    calls_per_person: int = between(1, 100)
    calls_per_number: int = between(1, 1_000)
    calls_per_prefix: int = between(1, 100_000)
    calls_per_address: int = between(1, 100_000)

    @property
    def price_per_minute(self) -> Decimal:
        """The price in cents, to reckon with."""
        return Decimal(str(self.cents_per_minute))


def sms_concerns(twilio: Twilio) -> Iterator[str]:
    """What keeps texts from leaving, or their receipts from being believed."""
    if (twilio.account_sid or twilio.auth_token) and not twilio.ready:
        yield (
            "twilio is half set up, so texts stay in the outbox: it needs account_sid, auth_token"
            " (or api_key_sid and api_key_secret), and messaging_service_sid or from_number"
        )
    if twilio.ready and not twilio.auth_token:
        yield (
            "twilio.auth_token is not set: an API key can send, but without the token no receipt,"
            " reply or opt-out from Twilio can be believed"
        )


def voice_problems(number: str, from_number: str) -> Iterator[str]:
    """What is wrong with the numbers."""
    for name, value in (("number", number), ("from_number", from_number)):
        if value and not NORTH_AMERICAN.fullmatch(value):
            yield f"voice.{name} {value!r} is not a number such as +16085550100"
    if from_number and not number:
        yield "voice.from_number is set, but no voice.number: set the number that supporters dial, too"


def voice_concerns(voice: Voice, *, can_ring: bool, public_url: str) -> Iterator[str]:
    """What keeps calls from being put through though a number is set."""
    if not voice.number:
        return
    if not can_ring:
        yield (
            "voice.number is set, but calls are put through only with twilio.account_sid and"
            " twilio.auth_token: the token proves that a request about a call is Twilio's"
        )
    if not public_url.startswith("https://"):
        yield (
            "voice.number is set, but Twilio asks at network.public_url what a caller hears: set the"
            " https address of this service"
        )
    if not voice.daily_budget_cents:
        yield "voice.daily_budget_cents is 0: nothing limits what the calls of a day may cost"
