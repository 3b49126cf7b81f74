"""Table of what keeps planned mail back for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Postponement(Base):
    """An urgent alert's message, and until when planned mail to the same people waits for it."""

    __tablename__ = "postponements"

    id: Mapped[id_key]
    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), unique=True
    )
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )  # whose people get it; NULL = the network's own
    until: Mapped[datetime]
