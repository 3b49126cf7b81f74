"""Tables of how a case ended: what its pages say from then on."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base


class CaseClosing(Base):
    """That a case is over, and how it ended; ``cases.closed_at`` says since when its pages tell it."""

    __tablename__ = "case_closings"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True
    )
    outcome: Mapped[str] = mapped_column(String(16))  # an alerts.closing.CaseOutcome
    ended_on: Mapped[date] = mapped_column(Date)  # the day on which it ended, not that of the note
    closed_by: Mapped[str]
    closed_at: Mapped[datetime]


class CaseClosingText(Base):
    """How a case ended, in the words of one language; anybody may read them."""

    __tablename__ = "case_closing_texts"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("case_closings.case_id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    words: Mapped[str]
