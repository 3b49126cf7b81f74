"""Can a provider tell whether it has a message whose answer was lost? What we ask, and what it says.

A look-up changes nothing at the provider. It never proves that something was *not* sent: lists lag,
and none of the providers promises how far.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from messages.providers import outbox
from messages.providers.provider import Harm, Ticket, Verdict

# SendGrid repeats an event that nobody took for 24 hours, then drops it:
# https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook
SENDGRID_EVENTS_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Sought:
    """A try whose answer was lost, as its provider would know it."""

    delivery_id: int
    attempt: int
    address: str
    sender: str
    body: str  # as it left; "" when it cannot be composed any more
    mark: str  # stands in this copy's own links and in nobody else's
    since: datetime  # it cannot have been created before


class Likeness(StrEnum):
    """How much a message at the provider looks like the one that is sought."""

    OWN = "own"  # carries this copy's own link
    SAME = "same"  # the same text, from the same sender
    UNREADABLE = "unreadable"  # its text was redacted, so that it may be the one


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message at the provider that may be the one."""

    provider_id: str
    verdict: Verdict
    created_at: datetime
    likeness: Likeness
    code: str = ""  # why it failed
    harm: Harm | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """What the provider has that may be the one; nothing proves little."""

    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class CouldNotAsk:
    """No answer, or none that can be read; nothing follows from it."""

    retry_seconds: float | None = None  # how long the provider asked us to wait


@dataclass(frozen=True, slots=True)
class NothingToAsk:
    """This provider has no list that we may read; its events may still come for a while."""

    events_for: timedelta


Finding = Listed | CouldNotAsk | NothingToAsk


class Lookup(Protocol):
    """Somebody to ask about tries whose answer was lost."""

    @property
    def name(self) -> str:
        """The provider's name in our records."""

    async def look_up(self, items: Sequence[Sought]) -> list[Finding]:
        """Ask about each, and answer in their order. Never raises, but for cancellation."""

    async def close(self) -> None:
        """Let go of connections."""


class Unlisted:
    """A provider that cannot be asked: what it knows comes by itself, as an event, or never.

    SendGrid's Email Activity would tell, but it is a paid add-on of six requests a minute; its
    ``processed`` events carry our marks and come anyway. A mail relay has nothing but bounces.
    """

    def __init__(self, name: str, *, events_for: timedelta = timedelta(0)) -> None:
        self.name = name
        self._events_for = events_for

    async def look_up(self, items: Sequence[Sought]) -> list[Finding]:
        return [NothingToAsk(self._events_for) for _ in items]

    async def close(self) -> None:
        """Nothing is open."""


Recall = Callable[[Sequence[Sought]], Awaitable[Sequence[Sequence[datetime]]]]
"""For each try, when the outbox kept copies of its delivery."""


class OutboxLookup:
    """The outbox's own shelf: what it kept is what was accepted."""

    name = outbox.NAME

    def __init__(self, recall: Recall) -> None:
        self._recall = recall

    async def look_up(self, items: Sequence[Sought]) -> list[Finding]:
        try:
            kept = await self._recall(items)
        except Exception:  # noqa: BLE001 - whatever storage does, nothing follows from it
            return [CouldNotAsk() for _ in items]
        return [self._listed(item, times) for item, times in zip(items, kept, strict=True)]

    @staticmethod
    def _listed(item: Sought, times: Sequence[datetime]) -> Listed:
        provider_id = outbox.kept_id(Ticket(item.delivery_id, item.attempt, token=""))
        return Listed(
            tuple(
                Candidate(provider_id, Verdict.ACCEPTED, at, Likeness.OWN)
                for at in times
                if at >= item.since
            )
        )

    async def close(self) -> None:
        """Nothing is open."""


def likeness(item: Sought, body: str, sender: str) -> Likeness | None:
    """How much a text at the provider looks like the one that is sought; None: not at all."""
    if item.mark and item.mark in body:
        return Likeness.OWN
    if sender != item.sender:
        return None
    if not body:
        return Likeness.UNREADABLE
    # White space at the ends, which somebody on the way may drop, makes no other text of it.
    return Likeness.SAME if item.body and body.strip() == item.body.strip() else None
