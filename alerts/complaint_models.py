"""The table of which red alerts' complaints organizers have been told of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base


class ComplaintsTold(Base):
    """Too many marked a red alert as spam, and somebody was written to: the network, or a project, once for each alert."""

    __tablename__ = "complaints_told"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    # NETWORKS: the network's office, which is no row of ``projects``.
    project_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
