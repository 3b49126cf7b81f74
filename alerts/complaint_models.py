"""The table of which red alerts' complaints organizers have been told of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base


class ComplaintsTold(Base):
    """Too many marked a red alert as spam, and its organizers were written to: once for each alert."""

    __tablename__ = "complaints_told"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime]
