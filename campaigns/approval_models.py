"""Table of who approved a scheduled email."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class EmailApproval(Base):
    """Somebody read one language of an email, or of one occurrence of it, and said yes."""

    __tablename__ = "email_approvals"

    id: Mapped[id_key]
    email_id: Mapped[int] = mapped_column(ForeignKey("campaign_emails.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))  # see campaigns/approving.py
    language: Mapped[str] = mapped_column(String(8))
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("email_id", "digest", "language", "organizer_id"),)
