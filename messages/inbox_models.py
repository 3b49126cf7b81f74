"""Tables of the inbox: who looks after a reply, what was answered by hand, and answers kept ready."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key
from messages.models import Reply


class Care(Base):
    """Who looks after a reply, until when it waits, and what was last done with it, so that it can be undone."""

    __tablename__ = "reply_cares"

    reply_id: Mapped[int] = mapped_column(
        ForeignKey("replies.id", ondelete="CASCADE"), primary_key=True
    )
    assigned_to: Mapped[int | None] = mapped_column(
        ForeignKey("organizers.id", ondelete="SET NULL"), index=True
    )
    snoozed_until: Mapped[datetime | None]
    # Who is writing an answer at this moment, and when their browser last said so.
    answering_by: Mapped[int | None] = mapped_column(
        ForeignKey("organizers.id", ondelete="SET NULL"), index=True
    )
    answering_since: Mapped[datetime | None]
    answering_seen_at: Mapped[datetime | None]
    acted: Mapped[str] = mapped_column(String(16))  # a messages.caring.Act; "" = nothing to undo
    acted_by: Mapped[str]
    acted_at: Mapped[datetime | None]
    before: Mapped[dict[str, Any]]  # what it was like before that act

    __table_args__ = (
        Index(
            "ix_reply_cares_snoozed",
            "snoozed_until",
            sqlite_where=text("snoozed_until IS NOT NULL"),
            postgresql_where=text("snoozed_until IS NOT NULL"),
        ),
    )


class WrittenAnswer(Base):
    """An answer an organizer wrote: one copy of a message of its own, whose words stand there."""

    __tablename__ = "written_answers"

    id: Mapped[id_key]
    key: Mapped[str] = mapped_column(
        String(64), unique=True
    )  # of its form: a second press is known
    reply_id: Mapped[int] = mapped_column(ForeignKey("replies.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), unique=True
    )
    written_by: Mapped[int | None] = mapped_column(
        ForeignKey("organizers.id", ondelete="SET NULL"), index=True
    )
    written_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]


class CannedReply(Base):
    """An answer a project keeps ready, in each language; ``{{ first_name }}`` is the person's."""

    __tablename__ = "canned_replies"

    id: Mapped[id_key]
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )  # NULL = the network's
    title: Mapped[str]
    words: Mapped[dict[str, Any]]  # by language
    changed_at: Mapped[datetime]


# What somebody dealt with, and what was understood without anybody: the latest first.
Index(
    "ix_replies_done",
    Reply.handled_at,
    sqlite_where=text("handled_at IS NOT NULL AND handled_by <> 'automatic'"),
    postgresql_where=text("handled_at IS NOT NULL AND handled_by <> 'automatic'"),
)
Index(
    "ix_replies_understood",
    Reply.received_at,
    sqlite_where=text("handled_by = 'automatic'"),
    postgresql_where=text("handled_by = 'automatic'"),
)
