"""Tables of the texts that follow an alert: reminders, the question how a call went, and what it suggests."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class PromptKind(StrEnum):
    """Why one person is written to about one office."""

    REMIND = "remind"  # they asked for it on the page
    ASK = "ask"  # how their call went


class Prompt(Base):
    """One copy that is to go to one person about one office, once, between two instants."""

    __tablename__ = "prompts"

    id: Mapped[id_key]
    kind: Mapped[str] = mapped_column(String(8))  # a PromptKind
    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), index=True
    )
    source_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )  # the message whose copy led to it
    channel: Mapped[str] = mapped_column(String(8))
    target: Mapped[str] = mapped_column(String(80))  # as in responses; "" = no office is named
    named: Mapped[dict[str, Any]]  # the office's name, by language
    due_at: Mapped[datetime]
    until: Mapped[datetime]  # after that it comes too late
    settled_at: Mapped[datetime | None]  # written as a delivery, or dropped
    dropped: Mapped[str] = mapped_column(String(32))  # why there is no delivery; "" = there is
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="SET NULL"), index=True
    )
    thanked_at: Mapped[datetime | None]  # for the answer to it

    __table_args__ = (
        UniqueConstraint("action_id", "contact_id", "kind", "target"),
        # How a call went is asked once, whatever office comes first by then.
        Index(
            "uq_prompts_asked",
            "action_id",
            "contact_id",
            unique=True,
            sqlite_where=text("kind = 'ask'"),
            postgresql_where=text("kind = 'ask'"),
        ),
        Index(
            "ix_prompts_waiting",
            "due_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )


class Suggestion(Base):
    """What a reply that waits in the inbox seems to tell of a call."""

    __tablename__ = "suggestions"

    reply_id: Mapped[int] = mapped_column(
        ForeignKey("replies.id", ondelete="CASCADE"), primary_key=True
    )
    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id", ondelete="CASCADE"), index=True)
    target: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(16))  # an Outcome
