"""The table of hours that people have worked on alerts, beside what texts cost."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class StaffHours(Base):
    """Time that somebody spent on an alert. A line is never changed: another one takes its place."""

    __tablename__ = "staff_hours"

    id: Mapped[id_key]
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    worked_on: Mapped[date] = mapped_column(Date)
    who: Mapped[str] = mapped_column(String(80))
    minutes: Mapped[int]  # 0: what it replaces did not happen
    replaces_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff_hours.id", ondelete="CASCADE"), unique=True
    )
    noted_by: Mapped[str]
    noted_at: Mapped[datetime]
