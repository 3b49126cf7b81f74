"""What we ask of a provider, and the few things that can come of a request.

The distinction that the sending promise rests on is between *provably not sent* (``NotSent``: it is
safe to try again) and *we do not know* (``Unknown``: it is never tried again by itself).
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol

Pieces = tuple[str, ...]
"""A text cut at its merge fields: literal, field, literal, field, …, literal (odd length)."""


def fill(pieces: Pieces, values: Mapping[str, str], *, escape: bool = False) -> str:
    """Put one person's values into a text; ``escape`` makes them safe inside HTML."""
    filled = list(pieces)
    own = [values[name] for name in pieces[1::2]]
    filled[1::2] = map(html.escape, own) if escape else own
    return "".join(filled)


class Ticket(NamedTuple):
    """What rides with a copy so that any later callback finds its row."""

    delivery_id: int
    attempt: int
    token: str  # proves that we issued this pair of numbers


class Text(NamedTuple):
    """An SMS for one person, ready to leave."""

    ticket: Ticket
    sender: str  # messaging service SID, or E.164 number
    address: str  # E.164
    body: str
    valid_seconds: int | None = None  # after that it is worth nothing and must not arrive


@dataclass(frozen=True, slots=True)
class EmailWords:
    """What all recipients of one language share; values are filled in per person."""

    subject: Pieces
    text: Pieces
    html: Pieces  # an HTML fragment's values are escaped when filled


class Route(NamedTuple):
    """Where mail about one copy goes, and what it answers; "" where nothing is said of it."""

    message_id: str = ""  # what stands before the @ of its Message-ID
    return_path: str = ""  # where mail servers report to; "" = the sender
    reply_to: str = ""
    leave: str = ""  # a mailto: address; an email to it unsubscribes
    in_reply_to: str = ""  # the Message-ID of what it answers
    references: str = ""
    automatic: bool = False  # nobody wrote it: an answer by ourselves (RFC 3834)


class Email(NamedTuple):
    """An email for one person, ready to leave."""

    ticket: Ticket
    sender: str  # "Name <address>" or address
    address: str
    words: EmailWords  # the same object for everybody who shares it
    values: Mapping[str, str] = MappingProxyType({})
    unsubscribe_url: str = ""  # one-click address of this person, RFC 8058
    language: str = "en"
    route: Route = Route()


Outgoing = Text | Email


class Harm(StrEnum):
    """What a provider's answer says about an address; the names are those of contacts' standings."""

    OPTED_OUT = "opted_out"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    NOT_TEXTABLE = "not_textable"
    BLOCKED = "blocked"


class Trouble(StrEnum):
    """What became of an email that counts against its sender, or its address."""

    HARD = "hard"  # the mailbox is gone
    SOFT = "soft"  # it came back, and the next one may arrive
    COMPLAINT = "complaint"  # its person marked it as spam
    HEARSAY = "hearsay"  # so says a report that whoever was passed it on can have written


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for this recipient or this text; it was not sent and will not be tried again."""

    code: str
    harm: Harm | None = None


SLOW_DOWN = "the provider asked us to slow down"


@dataclass(frozen=True, slots=True)
class NotSent:
    """Provably not processed (429, no connection, our own check); may be tried again."""

    reason: str
    retry_seconds: float
    deferral: str = ""  # the receiving server's code for "later", where it spoke of this one copy

    @property
    def slow_down(self) -> bool:
        """Whether it was refused for coming too fast: then the sender's pace is lowered."""
        return self.reason == SLOW_DOWN


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """Refused because of the account or the sender, not the recipient; it was not sent.

    ``sentence`` tells an organizer what is wrong and what to do; the message is paused with it.
    """

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer was lost: it may or may not have been sent."""

    reason: str


Outcome = Accepted | Rejected | NotSent | Misconfigured | Unknown


class Provider(Protocol):
    """A way out for one channel, or, for the outbox, for both."""

    @property
    def name(self) -> str:
        """Its name in our records: twilio, sendgrid, smtp, outbox."""

    @property
    def window(self) -> int:
        """The most items one ``send`` takes."""

    @property
    def bulk(self) -> bool:
        """Whether the items of one ``send`` share a request, so that a full window is the cheapest."""

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        """Send each item once and tell what came of it, in the items' order.

        ``deadline`` is a ``time.monotonic()`` instant: a request that could not be written before
        it is not written at all, and its items come back as NotSent. Never raises, but for
        cancellation.
        """

    async def close(self) -> None:
        """Let go of connections."""


class Verdict(StrEnum):
    """What a receipt says about a delivery; our statuses have the same names."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    NOTHING = "nothing"  # a side fact only, e.g. a report about our account


@dataclass(frozen=True, slots=True)
class Receipt:
    """One provider event about one delivery, normalised."""

    delivery_id: int | None  # None when the event carries none of our marks
    attempt: int | None
    token: str
    verdict: Verdict
    code: str = ""
    harm: Harm | None = None
    provider_id: str = ""
    address: str = ""  # known for email events; lets a complaint count without our marks
    at: datetime | None = None
    trouble: Trouble | None = None  # what it counts as, of emails
    deferral: str = ""  # the receiving server's code for "later": "421 4.7.28"


@dataclass(frozen=True, slots=True)
class Letter:
    """What an email that somebody sent us says besides its words."""

    message_id: str = ""  # with its angle brackets; "" where it has none
    thread: Sequence[str] = ()  # the Message-IDs it answers, the oldest first
    subject: str = ""
    attachments: Sequence[str] = ()  # names and sizes
    about: int | None = None  # the delivery it answers, by a token of ours
    passed_on: bool = False  # that token was a Message-ID's, which stands in all that is passed on
    leaves: bool = False  # it went to the address that unsubscribes
    vouched: bool = False  # a server that we believe says that it is from whom it names
    origin: str = ""  # the network address it came from, where that is known


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text or an email somebody sent us."""

    channel: str
    address: str  # whose it is, normalised (E.164, or lower-case email)
    body: str
    key: str  # the provider's id of it
    # "STOP", "START" or "HELP" when the carrier or provider already acted on it and answered.
    handled: str = ""
    recipient: str = ""  # the number or address of ours it was sent to
    letter: Letter | None = None  # of an email
