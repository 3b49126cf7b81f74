"""Tables of messages and deliveries: the ledger that the sending promise rests on.

The truth is in ``deliveries``, one row per (message, channel, address). A batch only names a range
of delivery ids for one sender at a time; it may be lost or run twice and nobody is texted twice.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Status(IntEnum):
    """Where one delivery stands. The number is a rank: what a provider reports only moves up."""

    PENDING = 0  # waiting: for its window, its pace, its person's daytime, or a retry
    SENDING = 10  # claimed; the request may be on the wire
    UNKNOWN = 15  # the answer was lost: it may or may not have gone out
    ACCEPTED = 20  # the provider took it
    QUEUED = 21  # the provider has it in its queue
    SENT = 30  # handed to the carrier or the receiving server
    DELIVERED = 40  # confirmed by the carrier or the receiving server
    UNDELIVERED = 42  # the carrier or the receiving server could not deliver it
    FAILED = 43  # refused; it was not sent
    SKIPPED = 50  # not sent on purpose, see reason
    STOPPED = 51  # an organizer undid or stopped the message before this one left
    EXPIRED = 52  # its time ran out before it could leave


def _partial(condition: str) -> dict[str, Any]:
    """An index of the rows that fulfil a condition, as each database spells it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


REWRITTEN_OFTEN = {  # by every window: room for new versions on the same page, cleaned early
    "fillfactor": 50,
    "autovacuum_vacuum_scale_factor": 0.0,
    "autovacuum_vacuum_threshold": 200,
}


class MessageStatus(StrEnum):
    """Where a whole message stands."""

    DRAFT = "draft"
    SENDING = "sending"  # launched; nothing leaves before starts_at
    PAUSED = "paused"
    STOPPED = "stopped"  # by a person; what had left has left
    EXPIRED = "expired"
    FINISHED = "finished"  # every delivery is terminal or with the provider


class MessageKind(StrEnum):
    """Why a message exists; decides priority and which rules apply."""

    REPLY = "reply"  # what we answer by ourselves to what they just sent; first in every queue
    ANSWER = "answer"  # what an organizer answers: as early, but to nobody who refuses
    TRIAL = (
        "trial"  # an alert's words, to an organizer who asked for them; see ``alerts/trials.py``
    )
    CONFIRMATION = "confirmation"  # the one confirmation of an opt-out; the law allows it
    ALERT = "alert"
    CAMPAIGN = "campaign"


class Reach(StrEnum):
    """Which channels a message uses for a person who has both."""

    BOTH = "both"  # a text and an email
    TEXT_FIRST = "text_first"  # email only to those who cannot be texted
    SMS = "sms"
    EMAIL = "email"
    PAGE = "page"  # nobody is written to: it only opens its page, for links elsewhere


class Message(Base):
    """A text in several languages, to an audience."""

    __tablename__ = "messages"

    id: Mapped[id_key]
    key: Mapped[str | None] = mapped_column(String(80), unique=True)  # as "answer:help:2026-11-23"
    kind: Mapped[str] = mapped_column(String(16))  # a MessageKind
    status: Mapped[str] = mapped_column(String(16), index=True)  # a MessageStatus
    priority: Mapped[int] = mapped_column(SmallInteger)  # lower leaves first
    reach: Mapped[str] = mapped_column(String(16))  # a Reach
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="RESTRICT"), index=True
    )  # whose message it is; NULL = the network's
    action_id: Mapped[int | None] = mapped_column(ForeignKey("actions.id", ondelete="RESTRICT"))
    audience: Mapped[dict[str, Any]]  # see messages/audience.py
    scopes: Mapped[list[Any]]  # consent scopes that cover it: "network", "project:3"
    default_language: Mapped[str] = mapped_column(String(8))  # for people whose own is missing
    # Quiet hours for texts, {} = none: {"opens": "10:00", "closes": "20:00", "sunday_opens": "12:00"}
    hours: Mapped[dict[str, Any]]
    sms_sender: Mapped[str]  # pace is kept per sender
    email_sender: Mapped[str]
    merge_defaults: Mapped[dict[str, Any]]  # language -> field -> text for people without one
    segments: Mapped[int]  # most segments any language's text takes, for pacing before rendering
    weekly_cap: Mapped[int | None]  # skip whoever had this many messages in seven days
    confirmed: Mapped[int]  # people counted when it was confirmed
    expected: Mapped[int]  # deliveries there must be: people in the audience, per channel
    expanded_to: Mapped[int]  # contact id up to which deliveries were written
    expanded_at: Mapped[datetime | None]  # all deliveries written
    starts_at: Mapped[datetime | None]  # launch + undo window
    expires_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    paused_because: Mapped[str]  # a sentence for the screen; "" when a person paused it
    created_by: Mapped[str]
    launched_by: Mapped[str]
    launched_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    part_of: Mapped[int | None] = mapped_column(index=True)  # a committee's part of that message
    countries: Mapped[str] = mapped_column(server_default=text("'US CA PR VI GU AS MP'"))  # texted
    budget_cents: Mapped[int] = mapped_column(server_default=text("0"))  # of its texts; 0 = none
    begins_at: Mapped[datetime | None]  # nothing leaves earlier; NULL = as soon as undo is over
    own_hour: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # own_hour.py
    urgent: Mapped[bool] = mapped_column(server_default=text("false"))  # no warm-up holds it

    __table_args__ = (
        # Which email led to a page last, and what somebody got since.
        Index(None, "action_id", "launched_at", "id"),
        Index(None, "launched_at"),
    )


class MessageText(Base):
    """A message's words in one language, with merge fields."""

    __tablename__ = "message_texts"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    sms: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]  # Markdown


class Delivery(Base):
    """One copy to one address, or why somebody has none; ``address`` is NULL without one of their own here."""

    __tablename__ = "deliveries"

    id: Mapped[id_key]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str | None]
    # Frozen from the contact; not indexed: zone sets are never deleted.
    zone_set_id: Mapped[int | None] = mapped_column(ForeignKey("zone_sets.id", ondelete="RESTRICT"))
    status: Mapped[int] = mapped_column(SmallInteger)  # a Status; deliberately not indexed
    reason: Mapped[str] = mapped_column(String(64))  # why skipped, failed or unknown
    attempt: Mapped[int] = mapped_column(SmallInteger)
    approved_sends: Mapped[int] = mapped_column(SmallInteger)
    owner: Mapped[str | None] = mapped_column(String(40))  # the sender that claimed it
    lease_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]  # back-off
    provider_id: Mapped[str | None] = mapped_column(String(80))  # not indexed: ours comes back
    language: Mapped[str] = mapped_column(String(8))  # it was rendered in; "" before
    segments: Mapped[int] = mapped_column(SmallInteger)  # of the rendered text
    changed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("message_id", "channel", "address"),
        UniqueConstraint("contact_id", "message_id", "channel"),
        Index("ix_deliveries_elsewhere", "message_id", **_partial("reason = 'another_project'")),
        # An id is never given twice: a late callback must not find somebody else's row.
        {
            "postgresql_with": {
                "fillfactor": 50,
                "autovacuum_vacuum_scale_factor": 0.02,
                "autovacuum_vacuum_insert_scale_factor": 0.1,
                "autovacuum_analyze_scale_factor": 0.02,
                "autovacuum_vacuum_cost_delay": 1,
            },
            "sqlite_autoincrement": True,
        },
    )


class Batch(Base):
    """Delivery ids ``lo_id <= id < hi_id`` of one message and channel: a sender's unit of work."""

    __tablename__ = "batches"

    id: Mapped[id_key]
    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(String(8))
    lo_id: Mapped[int]
    hi_id: Mapped[int]
    priority: Mapped[int] = mapped_column(SmallInteger)
    open: Mapped[bool]  # False: nothing in it is pending or sending
    next_at: Mapped[datetime]  # when there is something to do
    owner: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]

    __table_args__ = (
        # Which messages have work, and which batch of each comes next (``messages/finding.py``).
        Index("ix_batches_due", "message_id", "channel", "next_at", "id", **_partial("open")),
        # The few that somebody works on. Extending a lease touches no index.
        Index("ix_batches_owned", "id", **_partial("owner IS NOT NULL")),
        {"postgresql_with": REWRITTEN_OFTEN},
    )


class MessageCount(Base):
    """How many deliveries of a message are where: kept by deltas in the same transaction."""

    __tablename__ = "message_counts"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    status: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    reason: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Of pending rows only (else 0): tells who waits for which zones' morning.
    zone_set_id: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]
    # Random, and another with each change: see ``counts.stamp_of``.
    stamp: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = ({"postgresql_with": REWRITTEN_OFTEN},)


class Link(Base):
    """A web address in a message's text, replaced per person by a short one of our own."""

    __tablename__ = "links"

    id: Mapped[id_key]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    url: Mapped[str]

    __table_args__ = (UniqueConstraint("message_id", "url"),)


class Click(Base):
    """Somebody followed a short link or opened their action page; scanners do so too."""

    __tablename__ = "clicks"

    id: Mapped[id_key]
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), index=True
    )
    link_id: Mapped[int | None] = mapped_column(
        ForeignKey("links.id", ondelete="CASCADE"), index=True
    )  # NULL = the action page
    at: Mapped[datetime]
    # What tells that a machine made it (``messages/scanners.py``); "" = nothing does.
    sign: Mapped[str] = mapped_column(String(8), server_default=text("''"))


class FollowedCopy(Base):
    """A copy of which a link was followed, as its clicks and its delivery tell (``messages/followed.py``)."""

    __tablename__ = "followed_copies"

    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    message_id: Mapped[int]  # these three are its delivery's
    contact_id: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime | None]  # first by a person; NULL = by machines only
    unsettled: Mapped[bool]  # whose it is, or whether it left, is asked of its delivery

    __table_args__ = (
        # A report reads all that were followed of a message, and of each nothing but this.
        Index(None, "message_id", "language", "contact_id", "at", "unsettled"),
        Index(
            "ix_followed_copies_unsettled", "message_id", "unsettled", "at", **_partial("unsettled")
        ),
    )


class Event(Base):
    """A provider's webhook event, kept raw and once; applied afterwards, in batches."""

    __tablename__ = "events"

    id: Mapped[id_key]
    provider: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(160))  # what makes a copy of it recognisable
    kind: Mapped[str] = mapped_column(String(16))  # receipt | inbound
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("provider", "key"),
        Index("ix_events_waiting", "id", **_partial("applied_at IS NULL")),
    )


class ReplyVerdict(StrEnum):
    """What we understood an incoming message to be."""

    OPT_OUT = "opt_out"  # the whole message is a stop word
    MAYBE_OPT_OUT = "maybe_opt_out"  # a sentence that may mean stop: a person decides
    OPT_IN = "opt_in"
    HELP = "help"
    OUTCOME = "outcome"  # 1 to 4: what came of a call
    OTHER = "other"


class Reply(Base):
    """An incoming text or email: the inbox."""

    __tablename__ = "replies"

    id: Mapped[id_key]
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contacts.id", ondelete="SET NULL"), index=True
    )
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL"), index=True
    )  # the message it most likely answers
    body: Mapped[str]
    verdict: Mapped[str] = mapped_column(String(16))  # a ReplyVerdict
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]  # NULL = waits for a person
    handled_by: Mapped[str]

    __table_args__ = (
        Index(None, "channel", "address"),
        Index("ix_replies_waiting", "received_at", **_partial("handled_at IS NULL")),
    )


class OutboxMessage(Base):
    """A message the outbox provider kept, as its person would see it, instead of sending it."""

    __tablename__ = "outbox"

    id: Mapped[id_key]
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(String(8))
    sender: Mapped[str]
    address: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    headers: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Doubt(Base):
    """A try whose answer was lost, and what was learned of it since: one row per (delivery, attempt).

    Written as the copy becomes unknown, so that nobody has to search for it; its own status says if it is.
    """

    __tablename__ = "doubts"

    id: Mapped[id_key]
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    attempt: Mapped[int] = mapped_column(SmallInteger)
    claimed_at: Mapped[datetime]  # the request was not written before that
    noted_at: Mapped[datetime]  # since when the answer counts as lost
    looks: Mapped[int] = mapped_column(SmallInteger)  # how often the provider answered us about it
    looked_at: Mapped[datetime | None]  # when we last tried to ask
    next_look_at: Mapped[datetime | None]  # NULL = nothing more is asked; a person decides
    held_until: Mapped[datetime | None]  # somebody is asking at this moment
    asked: Mapped[str] = mapped_column(String(16))  # the provider that was asked last
    found: Mapped[str] = mapped_column(String(16))  # a messages.lookups.Found; "" before the first
    candidates: Mapped[int] = mapped_column(SmallInteger)  # messages there that it may be
    provider_status: Mapped[str] = mapped_column(String(16))  # the found one's, a Verdict
    closed_at: Mapped[datetime | None]
    closed_how: Mapped[str] = mapped_column(String(16))  # a messages.doubts.Closed
    closed_by: Mapped[str]  # who, when it was a person or a policy

    __table_args__ = (
        UniqueConstraint("delivery_id", "attempt"),
        Index("ix_doubts_open", "next_look_at", **_partial("closed_at IS NULL")),
    )
