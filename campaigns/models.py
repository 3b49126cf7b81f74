"""Tables of campaigns, their scheduled emails, and the ledger of each email's occurrences."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class ScheduleStatus(StrEnum):
    """Where a scheduled email stands; how each of its occurrences fared stands in the ledger."""

    DRAFT = "draft"  # written down, nothing of it leaves
    SCHEDULED = "scheduled"  # occurrences are to come
    OVER = "over"  # all of them stand in the ledger
    CANCELLED = "cancelled"


class RunStatus(StrEnum):
    """Where an occurrence stands."""

    PLANNED = "planned"  # to be decided at ``due_at``
    POSTPONED = "postponed"  # was due, and waits until ``due_at``
    FIRED = "fired"  # its message was queued
    HELD = "held"  # a person is asked
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why an occurrence was held, skipped or postponed."""

    NONE = ""
    LATE = "late"  # the service was down at its hour, for longer than its committee allows
    LOCKED = "locked"  # everything was locked at its hour
    RESTORED = "restored"  # the database is an older copy: nobody knows whether it went
    BLOCKED = "blocked"  # something about it cannot be sent as it is
    NAMED = "named"  # its words name somebody who must not be named, by now
    NOT_APPROVED = "not_approved"  # too few people stand behind its words
    ALERT = "alert"  # an urgent alert went to the same people
    WAITED = "waited"  # alerts have postponed it for longer than its committee allows
    OVERTAKEN = "overtaken"  # a newer one of the same email is there
    LEFT_OUT = "left_out"  # an organizer said so
    CALLED_OFF = "called_off"  # the whole email was
    CHANGED = "changed"  # the plan was changed, and has no such date any more
    PAUSED = "paused"  # a series' mail of the day was
    TOO_FEW = "too_few"  # people for trying several ways of writing: all got the first


class Missed(StrEnum):
    """What becomes of several occurrences that were missed."""

    NEWEST = "newest"  # the older ones are overtaken
    EACH = "each"  # each is asked about


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
    begun_on: Mapped[date | None] = mapped_column(Date)
    closed_at: Mapped[datetime | None]
    closing: Mapped[str] = mapped_column(server_default=text("''"))  # what came of it
    slug: Mapped[str | None] = mapped_column(
        String(64), unique=True, index=True
    )  # of its public page
    is_public: Mapped[bool] = mapped_column(server_default=false())


class CampaignEmail(Base):
    """An email a committee has scheduled, once or by a rule, for a wall-clock time in a zone."""

    __tablename__ = "campaign_emails"

    id: Mapped[id_key]
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(String(16))  # a ScheduleStatus
    local_time: Mapped[str] = mapped_column(String(16))  # "2026-12-01T09:00", where the rule begins
    zone: Mapped[str] = mapped_column(String(64))
    next_run_at: Mapped[datetime | None]  # the instant of ``next_local``; NULL = nothing to do
    late_minutes: Mapped[int]  # later than this it is held and asked about, not sent
    audience: Mapped[dict[str, Any]]
    texts: Mapped[dict[str, Any]]  # language -> {"subject": …, "body": …}
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    rule: Mapped[str] = mapped_column(server_default=text("''"))  # an RRULE; "" = once
    next_local: Mapped[str | None] = mapped_column(String(16))  # the next one not in the ledger
    # In each recipient's own zone; ``zone`` is then that of people whose own nobody knows.
    own_zone: Mapped[bool] = mapped_column(server_default=text("false"))
    missed: Mapped[str] = mapped_column(String(8), server_default=text("'newest'"))  # a Missed
    wait_hours: Mapped[int] = mapped_column(server_default=text("72"))  # alerts postpone no longer
    writers: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # as records name them
    action_id: Mapped[int | None]  # the page its link leads to; NULL = it has none
    # A campaigns.variants.Plan; {} = all get the same.
    experiment: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    # Each a messages.discretion.LetStand: why its words may name somebody at risk.
    let_stand: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    __table_args__ = (
        Index(
            "ix_campaign_emails_due",
            "next_run_at",
            sqlite_where=text("next_run_at IS NOT NULL"),
            postgresql_where=text("next_run_at IS NOT NULL"),
        ),
    )


class CampaignRun(Base):
    """An occurrence: written down when it is due, or earlier when somebody changed it.

    The unique local time makes it happen once, however many clocks tick.
    """

    __tablename__ = "campaign_runs"

    id: Mapped[id_key]
    email_id: Mapped[int] = mapped_column(ForeignKey("campaign_emails.id", ondelete="CASCADE"))
    local_time: Mapped[str] = mapped_column(String(16))  # by the rule, also when it was moved
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL"), index=True
    )
    fired_at: Mapped[datetime | None]
    late_seconds: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(16), server_default=text("'fired'"))  # a RunStatus
    reason: Mapped[str] = mapped_column(String(16), server_default=text("''"))  # a Reason
    details: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # codes and values
    planned_at: Mapped[datetime | None]  # its instant, after it was moved; NULL: of old
    due_at: Mapped[datetime | None]  # when it is decided; NULL = nothing to do
    moved_to: Mapped[str | None] = mapped_column(String(16))  # on the wall
    texts: Mapped[dict[str, Any] | None]  # words of its own
    writers: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # of these
    answered_by: Mapped[str] = mapped_column(server_default=text("''"))
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("email_id", "local_time"),
        Index(
            "ix_campaign_runs_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )
