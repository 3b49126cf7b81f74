"""Tables of what was tried with an occurrence of an email, and of what was decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class State(StrEnum):
    """Where an experiment stands."""

    WAITING = "waiting"  # the decision comes at ``due_at``
    HELD = "held"  # a person is asked
    DECIDED = "decided"
    ENDED = "ended"  # the others get nothing


class Why(StrEnum):
    """Why it was decided so, or why a person is asked, or the others get nothing."""

    NONE = ""
    # Decided:
    CLEAR = "clear"  # one is better, by more than chance explains
    LEADING = "leading"  # none is clearly better; the one ahead, as was chosen beforehand
    FIRST = "first"  # none is clearly better; the first, as was chosen beforehand
    PERSON = "person"
    # Held:
    ASK = "ask"  # none is clearly better, and a person is to choose then
    LATE = "late"  # the service was down at the hour of the decision
    LOCKED = "locked"
    RESTORED = "restored"  # the database is an older copy: nobody knows whether the others got it
    BLOCKED = "blocked"  # something about the rest cannot be sent as it is
    NAMED = "named"  # the rest would name somebody who must not be named, by now
    STOPPED = "stopped"  # one way of writing was stopped, so nothing can be compared
    UNFINISHED = "unfinished"  # copies have been on their way for too long
    ALERT = "alert"  # an urgent alert goes first; WAITING with it: postponed
    # Ended:
    LEFT_OUT = "left_out"  # an organizer said so
    CALLED_OFF = "called_off"  # the whole email was


class Experiment(Base):
    """What was tried with an occurrence; the one row of an occurrence makes its decision fall once."""

    __tablename__ = "experiments"

    id: Mapped[id_key]
    run_id: Mapped[int] = mapped_column(
        ForeignKey("campaign_runs.id", ondelete="CASCADE"), unique=True
    )
    salt: Mapped[int] = mapped_column(BigInteger)  # draws the lots: see messages/parts.py
    plan: Mapped[dict[str, Any]]  # a campaigns.variants.Plan, as it began
    audience: Mapped[dict[str, Any]]  # all of it, as it began
    texts: Mapped[list[Any]]  # of each way of writing, by language
    begun_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # when it is decided; NULL = nothing to do
    state: Mapped[str] = mapped_column(String(16))  # a State
    why: Mapped[str] = mapped_column(String(16), server_default=text("''"))  # a Why
    details: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # codes and values
    figures: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # as it was decided
    chosen: Mapped[int | None] = mapped_column(SmallInteger)  # the place of a way of writing
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL"), index=True
    )  # to the others; NULL = none went
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(server_default=text("''"))  # "" = the rule

    __table_args__ = (
        Index(
            "ix_experiments_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )


class ExperimentVariant(Base):
    """The message of each way of writing."""

    __tablename__ = "experiment_variants"

    experiment_id: Mapped[int] = mapped_column(
        ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True)  # 0 = the email's own words
    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
