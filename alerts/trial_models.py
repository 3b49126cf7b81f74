"""The table of tests: an alert's words, sent to the organizer who asked for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Trial(Base):
    """One press of "Send a test to me": a message in each language, named after this row."""

    __tablename__ = "alert_trials"

    id: Mapped[id_key]
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    key: Mapped[str] = mapped_column(String(64), unique=True)  # of the form: a second press is none
    words: Mapped[str] = mapped_column(String(64))  # a hash of what was sent, see trials.py
    at: Mapped[datetime]

    # Its number stands in the keys of its messages, which outlive it: it is never another's.
    __table_args__ = ({"sqlite_autoincrement": True},)
