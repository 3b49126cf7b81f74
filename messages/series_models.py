"""Tables of series of emails: what they begin with, their steps, who is in them, and what each got."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key

FIRED = "fired"  # the status of a StepCopy whose copy left: a campaigns.models.RunStatus


class Trigger(StrEnum):
    """What puts somebody into a series."""

    JOINED = "joined"  # they came onto the project's list, however
    SIGNED_UP = "signed_up"  # by themselves: its form, its keyword
    ACTED = "acted"  # they told that they had answered one of its alerts


class SeriesStatus(StrEnum):
    """Where a series stands."""

    DRAFT = "draft"  # nobody is in it yet
    RUNNING = "running"
    PAUSED = "paused"  # who comes is noted, nothing leaves
    STOPPED = "stopped"  # everybody has left it


class Left(StrEnum):
    """Why somebody is not in a series any more, before its last step."""

    OPTED_OUT = "opted_out"  # they said stop
    COMPLAINED = "complained"  # they marked our mail as spam
    LEFT_PROJECT = "left_project"  # they are not on its list any more
    UNITED = "united"  # they are in it as another contact, who is the same person
    ERASED = "erased"  # they asked to be forgotten
    STOPPED = "stopped"  # the series was


class Series(Base):
    """Emails that each person gets at their own distance from something that happened."""

    __tablename__ = "series"

    id: Mapped[id_key]
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="RESTRICT"), index=True
    )  # NULL = the network's
    name: Mapped[str]
    trigger: Mapped[str] = mapped_column(String(16))  # a Trigger
    imports: Mapped[bool] = mapped_column(server_default=false())  # also whom an import brings
    zone: Mapped[str] = mapped_column(String(64))  # of people whose own nobody knows
    late_minutes: Mapped[int]  # a step later than this is held and asked about
    wait_hours: Mapped[int]  # alerts postpone a step no longer
    status: Mapped[str] = mapped_column(String(16))  # a SeriesStatus
    since: Mapped[datetime | None]  # what happened before counts not; NULL = not started
    looked_at: Mapped[datetime | None]  # everything that had happened by then was looked at
    stopped_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    stopped_from: Mapped[str] = mapped_column(
        String(16), server_default=text("''")
    )  # the SeriesStatus it had; "" = not stopped, or of old
    # When its last stop was undone, or mail of it called off; NULL again once no sender has any of what that called off.
    taken_up_at: Mapped[datetime | None]
    imports_from: Mapped[datetime | None]  # whom imports brought before count not; NULL = since
    asks: Mapped[int] = mapped_column(server_default=text("0"))  # the last StepCopy.asked
    # Of who acts only who answers the alert with this page; NULL = any alert.
    only_action_id: Mapped[int | None]


class SeriesStep(Base):
    """An email of a series: so many days after, at an hour where the person lives."""

    __tablename__ = "series_steps"

    id: Mapped[id_key]
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), index=True)
    days: Mapped[int]  # after; 0 = at once
    hour: Mapped[str] = mapped_column(String(5))  # "09:00"
    texts: Mapped[dict[str, Any]]  # language -> {"subject": …, "body": …}
    writers: Mapped[list[Any]]  # as records name them
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]  # taken out of the series
    action_id: Mapped[int | None]  # the page its link leads to; NULL = it has none


class StepMail(Base):
    """A message of a step: for those to whom its hour comes on one day."""

    __tablename__ = "series_mails"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    step_id: Mapped[int] = mapped_column(
        ForeignKey("series_steps.id", ondelete="CASCADE"), index=True
    )


class Enrolment(Base):
    """A person is in a series, once for good; without ``contact_id`` they only count."""

    __tablename__ = "series_enrolments"

    id: Mapped[id_key]
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contacts.id", ondelete="SET NULL"), index=True
    )
    happened_at: Mapped[datetime]  # what put them in
    begins_at: Mapped[datetime]  # days count from then: the same, or when the series began
    begins_on: Mapped[str] = mapped_column(String(10))  # that day where they live, "2026-11-29"
    left_at: Mapped[datetime | None]
    left_because: Mapped[str] = mapped_column(String(16), server_default=text("''"))  # a Left
    through_at: Mapped[datetime | None]  # every step is settled

    __table_args__ = (
        UniqueConstraint("series_id", "contact_id"),
        Index(
            "ix_series_enrolments_under_way",
            "series_id",
            "begins_on",
            sqlite_where=text("left_at IS NULL AND through_at IS NULL"),
            postgresql_where=text("left_at IS NULL AND through_at IS NULL"),
        ),
    )


class StepCopy(Base):
    """What became of one step for one person: written when it is due, and once."""

    __tablename__ = "series_copies"

    id: Mapped[id_key]
    step_id: Mapped[int] = mapped_column(ForeignKey("series_steps.id", ondelete="CASCADE"))
    enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("series_enrolments.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(String(16))  # a campaigns.models.RunStatus
    reason: Mapped[str] = mapped_column(String(32))  # a Reason, or why there is no copy
    # As occurrences'; of one that was set aside: the reason for which it was held.
    details: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    planned_at: Mapped[datetime]  # its hour where they live
    due_at: Mapped[datetime | None]  # when it is decided; NULL = it is, or a person is asked
    settled_at: Mapped[datetime | None]
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="SET NULL"), index=True
    )
    answered_by: Mapped[str] = mapped_column(server_default=text("''"))
    answered_at: Mapped[datetime | None]
    # With which question it was held; they rise, so whoever saw one knows none of those after it.
    asked: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (
        UniqueConstraint("step_id", "enrolment_id"),
        Index(
            "ix_series_copies_held",
            "step_id",
            "reason",
            sqlite_where=text("status = 'held'"),
            postgresql_where=text("status = 'held'"),
        ),
    )
