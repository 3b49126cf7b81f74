"""Tables of what alerts cite: the words as written, the version each place tells, and what corrects it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base


class Written(Base):
    """A piece of an alert as its author wrote it, where that cites facts.

    The message, the page and the scripts hold the same piece with the facts' words in it.
    """

    __tablename__ = "alert_written"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[str] = mapped_column(String(40), primary_key=True)  # sms, title, script.ask …
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    words: Mapped[str]


class Citation(Base):
    """Which version of a fact a place of an alert tells."""

    __tablename__ = "citations"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    version_id: Mapped[int] = mapped_column(
        ForeignKey("fact_versions.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)

    __table_args__ = (Index("ix_citations_version_id", "version_id"),)


class FactCorrection(Base):
    """An alert that tells whoever got an older version of a fact what is known now."""

    __tablename__ = "fact_corrections"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    version_id: Mapped[int] = mapped_column(
        ForeignKey("fact_versions.id", ondelete="CASCADE"), index=True
    )  # what it tells: whoever gets it has had this version
    of_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), index=True
    )  # to whose page it leads
