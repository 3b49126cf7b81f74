"""Table of the secret addresses at which organizers subscribe to their calendar."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class CalendarFeed(Base):
    """An organizer's feed; of its address only the SHA-256 of the secret part is kept."""

    __tablename__ = "calendar_feeds"

    id: Mapped[id_key]
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), unique=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
