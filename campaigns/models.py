"""Tables of campaigns, their scheduled emails and each email's firing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class ScheduleStatus(StrEnum):
    """Where a scheduled email stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    FIRED = "fired"  # its message was queued
    HELD = "held"  # its hour passed while the service was down: a person is asked
    CANCELLED = "cancelled"


class Campaign(Base):
    """Work over months or years, e.g. against metal mining."""

    __tablename__ = "campaigns"

    id: Mapped[id_key]
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="RESTRICT"), index=True
    )  # NULL = the network's
    name: Mapped[str]
    goal: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class CampaignEmail(Base):
    """An email a committee has scheduled for a wall-clock time in a zone."""

    __tablename__ = "campaign_emails"

    id: Mapped[id_key]
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(String(16))  # a ScheduleStatus
    local_time: Mapped[str] = mapped_column(String(16))  # "2026-12-01T09:00", wall clock
    zone: Mapped[str] = mapped_column(String(64))
    next_run_at: Mapped[datetime | None]  # the same instant in UTC; NULL = nothing to do
    late_minutes: Mapped[int]  # later than this it is held and asked about, not sent
    audience: Mapped[dict[str, Any]]
    texts: Mapped[dict[str, Any]]  # language -> {"subject": …, "body": …}
    created_by: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_campaign_emails_due",
            "next_run_at",
            sqlite_where=text("next_run_at IS NOT NULL"),
            postgresql_where=text("next_run_at IS NOT NULL"),
        ),
    )


class CampaignRun(Base):
    """One firing. The unique local time makes it happen once, however many clocks tick."""

    __tablename__ = "campaign_runs"

    id: Mapped[id_key]
    email_id: Mapped[int] = mapped_column(ForeignKey("campaign_emails.id", ondelete="CASCADE"))
    local_time: Mapped[str] = mapped_column(String(16))
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL"), index=True
    )
    fired_at: Mapped[datetime]
    late_seconds: Mapped[int]

    __table_args__ = (UniqueConstraint("email_id", "local_time"),)
