"""Tables of who wrote an alert, who approved it, who was asked to, and what left without a second person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class AlertWriter(Base):
    """Somebody who wrote or changed a draft: who did never approves it."""

    __tablename__ = "alert_writers"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    writer: Mapped[str] = mapped_column(String(80), primary_key=True)  # organizer:3, command line


class ApprovalAsk(Base):
    """An organizer was asked to approve an alert as it was then; asked anew, the row says the latest.

    Of the link in their letter only the SHA-256 is kept, NULL while the letter is not written.
    """

    __tablename__ = "approval_asks"

    id: Mapped[id_key]
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(String(64))  # see alerts/fingerprint.py
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # of link and code; the console still takes an approval
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    code: Mapped[str] = mapped_column(String(8))  # good from the organizer's own phone alone
    letter_due: Mapped[bool]
    answered_at: Mapped[datetime | None]  # approved or sent back: link and code are spent

    __table_args__ = (UniqueConstraint("alert_id", "organizer_id"),)


class Approval(Base):
    """Somebody read one language of an alert, exactly as the digest stands for it, and said yes."""

    __tablename__ = "approvals"

    id: Mapped[id_key]
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    how: Mapped[str] = mapped_column(String(8))  # an organizers.approvers.How
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("alert_id", "digest", "language", "organizer_id"),)


class SentBack(Base):
    """Somebody read an alert and sent it back, with what should be different."""

    __tablename__ = "alerts_sent_back"

    id: Mapped[id_key]
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    note: Mapped[str]
    at: Mapped[datetime]


class AloneLaunch(Base):
    """An alert that one person launched without the approval it needed, and who looked at that since."""

    __tablename__ = "alone_launches"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    launched_by: Mapped[str] = mapped_column(String(80))
    why: Mapped[str]
    launched_at: Mapped[datetime]
    letter_due: Mapped[bool]
    reviewed_by: Mapped[str] = mapped_column(String(80), server_default=text("''"))
    reviewed_at: Mapped[datetime | None]
    view: Mapped[str] = mapped_column(server_default=text("''"))
