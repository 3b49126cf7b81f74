"""Who looks after a reply, what was answered by hand, and answers kept ready."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def _reference(table: str, name: str, to: str, ondelete: str) -> Any:
    return sa.ForeignKey(f"{to}.id", ondelete=ondelete, name=f"fk_{table}_{name}")


def _partial(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """The three tables, and how the inbox finds what is first in it."""
    _cares()
    _answers()
    op.create_table(
        "canned_replies",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "project_id",
            ID,
            _reference("canned_replies", "project_id", "projects", "CASCADE"),
            nullable=True,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_canned_replies"),
    )
    op.create_index("ix_canned_replies_project_id", "canned_replies", ["project_id"])
    done = _partial("handled_at IS NOT NULL AND handled_by <> 'automatic'")
    op.create_index("ix_replies_done", "replies", ["handled_at"], **done)
    understood = _partial("handled_by = 'automatic'")
    op.create_index("ix_replies_understood", "replies", ["received_at"], **understood)
    review = _partial("standing = 'review'")
    op.create_index(
        "ix_address_standings_review", "address_standings", ["channel", "address"], **review
    )


def _cares() -> None:
    op.create_table(
        "reply_cares",
        sa.Column(
            "reply_id",
            ID,
            _reference("reply_cares", "reply_id", "replies", "CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "assigned_to",
            ID,
            _reference("reply_cares", "assigned_to", "organizers", "SET NULL"),
            nullable=True,
        ),
        sa.Column("snoozed_until", TIME, nullable=True),
        sa.Column(
            "answering_by",
            ID,
            _reference("reply_cares", "answering_by", "organizers", "SET NULL"),
            nullable=True,
        ),
        sa.Column("answering_since", TIME, nullable=True),
        sa.Column("answering_seen_at", TIME, nullable=True),
        sa.Column("acted", sa.String(16), nullable=False),
        sa.Column("acted_by", sa.Text(), nullable=False),
        sa.Column("acted_at", TIME, nullable=True),
        sa.Column("before", JSON, nullable=False),
        sa.PrimaryKeyConstraint("reply_id", name="pk_reply_cares"),
    )
    op.create_index("ix_reply_cares_assigned_to", "reply_cares", ["assigned_to"])
    op.create_index("ix_reply_cares_answering_by", "reply_cares", ["answering_by"])
    snoozed = _partial("snoozed_until IS NOT NULL")
    op.create_index("ix_reply_cares_snoozed", "reply_cares", ["snoozed_until"], **snoozed)


def _answers() -> None:
    op.create_table(
        "written_answers",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column(
            "reply_id",
            ID,
            _reference("written_answers", "reply_id", "replies", "CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "message_id",
            ID,
            _reference("written_answers", "message_id", "messages", "CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "written_by",
            ID,
            _reference("written_answers", "written_by", "organizers", "SET NULL"),
            nullable=True,
        ),
        sa.Column("written_at", TIME, nullable=False),
        sa.Column("taken_back_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_written_answers"),
        sa.UniqueConstraint("key", name="uq_written_answers_key"),
        sa.UniqueConstraint("message_id", name="uq_written_answers_message_id"),
    )
    op.create_index("ix_written_answers_reply_id", "written_answers", ["reply_id"])
    op.create_index("ix_written_answers_written_by", "written_answers", ["written_by"])
