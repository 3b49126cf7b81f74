"""The table of the texts that a network itself has kept to begin alerts with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class OwnStart(Base):
    """A starting text of the network's own, beside those that are shipped."""

    __tablename__ = "own_starts"

    id: Mapped[id_key]
    level: Mapped[str] = mapped_column(String(8))  # a models.Level
    whom: Mapped[str] = mapped_column(String(16))  # a TargetRule
    words: Mapped[dict[str, Any]]  # by language: name, about, and the parts of an alert
    kept_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]  # offered no more since

    # The record tells of its number, which is never another's.
    __table_args__ = ({"sqlite_autoincrement": True},)
