"""The texts that follow an alert: reminders, and the question how a call went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Whom an alert's texts are followed by, each person once."""
    op.add_column("alerts", sa.Column("ask_hours", ID, nullable=False, server_default=sa.text("0")))
    _prompts()
    op.create_table(
        "suggestions",
        sa.Column(
            "reply_id",
            ID,
            sa.ForeignKey("replies.id", ondelete="CASCADE", name="fk_suggestions_reply_id"),
            nullable=False,
        ),
        sa.Column(
            "action_id",
            ID,
            sa.ForeignKey("actions.id", ondelete="CASCADE", name="fk_suggestions_action_id"),
            nullable=False,
        ),
        sa.Column("target", sa.String(80), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("reply_id", name="pk_suggestions"),
    )
    op.create_index("ix_suggestions_action_id", "suggestions", ["action_id"])


def _prompts() -> None:
    op.create_table(
        "prompts",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column(
            "action_id",
            ID,
            sa.ForeignKey("actions.id", ondelete="CASCADE", name="fk_prompts_action_id"),
            nullable=False,
        ),
        sa.Column(
            "contact_id",
            ID,
            sa.ForeignKey("contacts.id", ondelete="CASCADE", name="fk_prompts_contact_id"),
            nullable=False,
        ),
        sa.Column(
            "source_id",
            ID,
            sa.ForeignKey("messages.id", ondelete="CASCADE", name="fk_prompts_source_id"),
            nullable=False,
        ),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("target", sa.String(80), nullable=False),
        sa.Column("named", JSON, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("settled_at", TIME),
        sa.Column("dropped", sa.String(32), nullable=False),
        sa.Column(
            "delivery_id",
            ID,
            sa.ForeignKey("deliveries.id", ondelete="SET NULL", name="fk_prompts_delivery_id"),
        ),
        sa.Column("thanked_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_prompts"),
        sa.UniqueConstraint(
            "action_id",
            "contact_id",
            "kind",
            "target",
            name="uq_prompts_action_id_contact_id_kind_target",
        ),
    )
    for column in ("contact_id", "source_id", "delivery_id"):
        op.create_index(f"ix_prompts_{column}", "prompts", [column])
    asked, waiting = sa.text("kind = 'ask'"), sa.text("settled_at IS NULL")
    op.create_index(
        "uq_prompts_asked",
        "prompts",
        ["action_id", "contact_id"],
        unique=True,
        sqlite_where=asked,
        postgresql_where=asked,
    )
    op.create_index(
        "ix_prompts_waiting",
        "prompts",
        ["due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
