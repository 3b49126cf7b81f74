"""Tables of how our email fares with those who receive it: volumes, troubles, gates, holds, lists.

Reputation is kept by domain at the mailbox providers, so most rows here are by domain too. Only
``mail_troubles`` and ``list_differences`` hold people's addresses.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key
from messages.models import REWRITTEN_OFTEN


class MailDay(Base):
    """How many emails a sender domain handed over on a day (UTC), as their claims count them."""

    __tablename__ = "mail_days"

    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    copies: Mapped[int]  # taken by a provider, or may have been
    gmail: Mapped[int]  # of those, to gmail.com and googlemail.com

    __table_args__ = ({"postgresql_with": REWRITTEN_OFTEN},)


class SenderDomain(Base):
    """A domain our emails come from, and what its records said when we last looked."""

    __tablename__ = "sender_domains"

    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    warm: Mapped[bool]  # somebody says that mailbox providers know it: no warm-up pace
    checked_at: Mapped[datetime | None]
    findings: Mapped[list[Any]]  # as ``messages/sender_records.py`` writes them
    changed_at: Mapped[datetime | None]  # when a look last found something else than the one before
    change: Mapped[str] = mapped_column(String(16))  # better | worse | other; "" = none yet


class MailboxGate(Base):
    """A mailbox provider that asked us to slow down: no more than so many copies until then."""

    __tablename__ = "mailbox_gates"

    mailbox: Mapped[str] = mapped_column(String(255), primary_key=True)  # "gmail.com"
    level: Mapped[int] = mapped_column(SmallInteger)  # how slow, at ``deferred_at``
    deferred_at: Mapped[datetime]  # when it last asked
    opens_at: Mapped[datetime]  # nothing leaves for it before
    left: Mapped[int]  # copies that may leave then, before it closes again
    code: Mapped[str] = mapped_column(String(16))  # what it said: "421 4.7.28"

    __table_args__ = ({"postgresql_with": REWRITTEN_OFTEN},)


class MailTrouble(Base):
    """An email that bounced, or that somebody marked as spam: one row per copy and kind."""

    __tablename__ = "mail_troubles"

    id: Mapped[id_key]
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str]
    kind: Mapped[str] = mapped_column(String(16))  # a Trouble
    code: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        UniqueConstraint("delivery_id", "kind"),
        Index(None, "channel", "address"),
    )


class SenderHold(Base):
    """The planned mail of a sender domain waits until a person has looked at its complaints."""

    __tablename__ = "sender_holds"

    id: Mapped[id_key]
    domain: Mapped[str] = mapped_column(String(255))
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL"), index=True
    )  # whose complaints were too many
    complaints: Mapped[int]
    delivered: Mapped[int]
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]

    __table_args__ = (
        Index(
            "ix_sender_holds_open",
            "domain",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class ListPull(Base):
    """How far we have read one of the provider's own suppression lists, and how the last try went."""

    __tablename__ = "list_pulls"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)  # "bounces"
    tried_at: Mapped[datetime]
    pulled_at: Mapped[datetime | None]  # the last try that read it to its end
    full_at: Mapped[datetime | None]  # the last that read all of it, not only what is new
    seen: Mapped[int]  # entries in the last good try
    added: Mapped[int]  # of those, refused here only since
    failed: Mapped[str]  # why the last try came to nothing; "" = it did not


class ListDifference(Base):
    """Somebody who said yes to us again, whom the provider's own list still keeps our mail from."""

    __tablename__ = "list_differences"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)  # of the list
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    found_at: Mapped[datetime]
    clearing_by: Mapped[str]  # who asked that the provider forget it; "" = nobody yet
    failed: Mapped[str]  # why that came to nothing


class UnprovenStop(Base):
    """An opt-out by an email that nobody vouches for: it holds, and can be undone for a while."""

    __tablename__ = "unproven_stops"

    id: Mapped[id_key]
    consent_id: Mapped[int] = mapped_column(
        ForeignKey("consents.id", ondelete="CASCADE"), index=True
    )  # its line in the ledger
    origin: Mapped[str] = mapped_column(
        String(45)
    )  # the network address it came from; "" = unknown
    at: Mapped[datetime] = mapped_column(index=True)
    settled_at: Mapped[datetime | None]  # somebody said whether it was the owner's word
    settled_by: Mapped[str]
