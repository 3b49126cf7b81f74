"""Tables that senders keep of themselves: their pace, what a budget has spent, and whether they live."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base
from messages.models import REWRITTEN_OFTEN


class Pace(Base):
    """A token bucket per sender identity, shared by all processes, in segments (emails: copies)."""

    __tablename__ = "paces"

    sender: Mapped[str] = mapped_column(String(80), primary_key=True)
    tokens: Mapped[float]
    filled_at: Mapped[datetime]
    # After a 429: the share of the rate that was left at ``slowed_at``; it grows back by itself.
    slowed: Mapped[float] = mapped_column(server_default=text("1"))
    slowed_at: Mapped[datetime | None]

    __table_args__ = ({"postgresql_with": REWRITTEN_OFTEN},)


class Spending(Base):
    """How many segments were sent from a budget's account: "message:5" or "day:2026-11-25"."""

    __tablename__ = "spendings"

    account: Mapped[str] = mapped_column(String(40), primary_key=True)
    segments: Mapped[int]

    __table_args__ = ({"postgresql_with": REWRITTEN_OFTEN},)


class SenderRun(Base):
    """A sender's life: a start without a stop is a crash, and three in ten minutes pause sending."""

    __tablename__ = "sender_runs"

    owner: Mapped[str] = mapped_column(String(40), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    died_at: Mapped[datetime | None]  # proven dead by a later start on its machine

    __table_args__ = ({"postgresql_with": REWRITTEN_OFTEN},)
