"""Tables of mail that comes in: what an email's headers said of a reply, who collects it, and how much there was."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base


class ReplyMail(Base):
    """What the headers of a reply by email said: an answer to it goes under the same thread."""

    __tablename__ = "reply_mails"

    reply_id: Mapped[int] = mapped_column(
        ForeignKey("replies.id", ondelete="CASCADE"), primary_key=True
    )
    message_id: Mapped[str]  # its Message-ID; "" where it had none
    thread: Mapped[str]  # the Message-IDs it answers, the oldest first
    subject: Mapped[str]
    attachments: Mapped[list[Any]]  # their names and sizes; we keep none of them


class MailSource(Base):
    """Where mail is collected from, how far, and what stood in the way last."""

    __tablename__ = "mail_sources"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)  # maildir | imap | sendgrid
    owner: Mapped[str | None] = mapped_column(String(40))  # the process that collects
    lease_until: Mapped[datetime | None]
    validity: Mapped[int]  # IMAP's UIDVALIDITY: what was counted so far counts only in it
    read_to: Mapped[int]  # the highest IMAP UID that was taken in
    looked_at: Mapped[datetime | None]
    trouble: Mapped[str]  # a sentence for the operator; "" = all is well
    set_aside: Mapped[int]  # mails that nobody could read, and that wait there for a person
    set_aside_because: Mapped[str]  # of the last one


class MailTally(Base):
    """How many mails of a kind came on a day (UTC)."""

    __tablename__ = "mail_tallies"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)  # a messages.mailroom.Kind
    count: Mapped[int]
