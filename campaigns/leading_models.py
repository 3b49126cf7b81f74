"""The pages to which no planned email leads any more, because their case is closed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base


class ClosedPage(Base):
    """A page that tells an end."""

    __tablename__ = "campaign_closed_pages"

    action_id: Mapped[int] = mapped_column(
        ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True
    )
    closed_at: Mapped[datetime]
