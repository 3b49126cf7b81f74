"""Tables of what a campaign tells of itself: its public words, what happened, and what it measures."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class CampaignText(Base):
    """What a campaign's public page says, in one language."""

    __tablename__ = "campaign_texts"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    title: Mapped[str]
    summary: Mapped[str]


class CampaignMoment(Base):
    """Something that happened in it, on a day: a law passed, a march, a letter answered."""

    __tablename__ = "campaign_moments"

    id: Mapped[id_key]
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), index=True
    )
    happened_on: Mapped[date] = mapped_column(Date)
    words: Mapped[dict[str, Any]]  # by language
    source: Mapped[str]  # an address, or who says so; "" = one's own
    is_public: Mapped[bool] = mapped_column(server_default=false())
    noted_by: Mapped[str]
    noted_at: Mapped[datetime]
    struck_at: Mapped[datetime | None]  # taken off; it may be put back


class CampaignMeasure(Base):
    """Something that is counted over years, such as municipalities free of mining."""

    __tablename__ = "campaign_measures"

    id: Mapped[id_key]
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), index=True
    )
    words: Mapped[dict[str, Any]]  # its name by language
    target: Mapped[int | None]  # how many are hoped for
    is_public: Mapped[bool] = mapped_column(server_default=false())
    struck_at: Mapped[datetime | None]


class CampaignReading(Base):
    """How many there were on a day; a second word on the day corrects the first."""

    __tablename__ = "campaign_readings"

    measure_id: Mapped[int] = mapped_column(
        ForeignKey("campaign_measures.id", ondelete="CASCADE"), primary_key=True
    )
    read_on: Mapped[date] = mapped_column(Date, primary_key=True)
    value: Mapped[int]
    noted_by: Mapped[str]
    noted_at: Mapped[datetime]
