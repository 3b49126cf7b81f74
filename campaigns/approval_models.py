"""Tables of who approved what leaves by itself, who was asked to, and who sent it back.

Each row is of a planned email or, instead, of an email of a series.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key

ONE = "(email_id IS NULL) <> (step_id IS NULL)"


class EmailApproval(Base):
    """Somebody read one language of an email, or of one occurrence of it, and said yes."""

    __tablename__ = "email_approvals"

    id: Mapped[id_key]
    email_id: Mapped[int | None] = mapped_column(
        ForeignKey("campaign_emails.id", ondelete="CASCADE")
    )
    digest: Mapped[str] = mapped_column(String(64))  # see campaigns/approving.py, step_approving.py
    language: Mapped[str] = mapped_column(String(8))
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    how: Mapped[str] = mapped_column(  # an organizers.approvers.How
        String(8), server_default=text("'console'")
    )
    step_id: Mapped[int | None] = mapped_column(ForeignKey("series_steps.id", ondelete="CASCADE"))

    __table_args__ = (
        UniqueConstraint("email_id", "digest", "language", "organizer_id"),
        UniqueConstraint("step_id", "digest", "language", "organizer_id"),
        CheckConstraint(ONE, name="one"),
    )


class EmailApprovalAsk(Base):
    """An organizer was asked to approve an email as it was then; asked anew, the row says the latest.

    Of the link in their letter only the SHA-256 is kept, NULL while the letter is not written.
    """

    __tablename__ = "email_approval_asks"

    id: Mapped[id_key]
    email_id: Mapped[int | None] = mapped_column(
        ForeignKey("campaign_emails.id", ondelete="CASCADE")
    )
    local_time: Mapped[str] = mapped_column(String(16))  # of words for one date; "" = the email's
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(String(64))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # of the link; the console still takes an approval
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    letter_due: Mapped[bool]
    remind_at: Mapped[datetime | None]  # NULL: no reminder, or it is written
    answered_at: Mapped[datetime | None]  # approved or sent back: the link is spent
    step_id: Mapped[int | None] = mapped_column(ForeignKey("series_steps.id", ondelete="CASCADE"))
    earlier_hash: Mapped[str | None] = mapped_column(  # of the letter before, about the very same
        String(64), unique=True
    )
    # How often it was asked within a day, and since when that is counted.
    times: Mapped[int] = mapped_column(server_default=text("1"))
    counted_from: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("email_id", "local_time", "organizer_id"),
        UniqueConstraint("step_id", "local_time", "organizer_id"),
        CheckConstraint(ONE, name="one"),
    )


class EmailSentBack(Base):
    """Somebody read an email and sent it back, with what should be different."""

    __tablename__ = "emails_sent_back"

    id: Mapped[id_key]
    email_id: Mapped[int | None] = mapped_column(
        ForeignKey("campaign_emails.id", ondelete="CASCADE"), index=True
    )
    local_time: Mapped[str] = mapped_column(String(16))  # as of an ask
    digest: Mapped[str] = mapped_column(String(64))
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    note: Mapped[str]
    at: Mapped[datetime]
    letter_due: Mapped[bool]  # to its authors
    step_id: Mapped[int | None] = mapped_column(
        ForeignKey("series_steps.id", ondelete="CASCADE"), index=True
    )

    __table_args__ = (CheckConstraint(ONE, name="one"),)
