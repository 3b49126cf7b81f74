"""The outbox: keeps every message as its person would see it, instead of sending it.

It is what the product does without an account, on both channels.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from messages.providers.headers import one_line, unsubscribe_headers
from messages.providers.provider import (
    Accepted,
    Email,
    Outcome,
    Outgoing,
    Text,
    Ticket,
    Unknown,
    fill,
)

NAME = "outbox"


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as it would have arrived."""

    ticket: Ticket
    channel: str
    sender: str
    address: str
    text: str
    subject: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Keep = Callable[[Sequence[Kept]], Awaitable[None]]
"""Stores messages for good before it returns; the outbox says Accepted after that."""


class Outbox:
    """A provider that everything reaches and nothing leaves."""

    name = NAME
    window = 500
    bulk = False

    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        try:
            await self._keep([rendered(item) for item in items])
        except Exception as exc:  # noqa: BLE001 - a provider never raises; whatever storage does is its own affair
            # The commit may have happened before the failure.
            return [Unknown(f"the outbox could not be written ({type(exc).__name__})")] * len(items)
        return [Accepted(kept_id(item.ticket)) for item in items]

    async def close(self) -> None:
        """Nothing is open."""


def kept_id(ticket: Ticket) -> str:
    """The provider's id of a kept message, which the simulator's events carry too."""
    return f"OB{ticket.delivery_id}.{ticket.attempt}"


def rendered(item: Outgoing) -> Kept:
    """What its person would see."""
    return _text(item) if isinstance(item, Text) else _email(item)


def _text(item: Text) -> Kept:
    return Kept(
        ticket=item.ticket,
        channel="sms",
        sender=item.sender,
        address=item.address,
        text=item.body,
    )


def _email(item: Email) -> Kept:
    headers = unsubscribe_headers(item.unsubscribe_url) if item.unsubscribe_url else {}
    return Kept(
        ticket=item.ticket,
        channel="email",
        sender=one_line(item.sender),
        address=item.address,
        text=fill(item.words.text, item.values),
        subject=one_line(fill(item.words.subject, item.values)),
        html=fill(item.words.html, item.values, escape=True),
        headers={"Content-Language": item.language, **headers},
    )
