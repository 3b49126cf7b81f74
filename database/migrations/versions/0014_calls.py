"""Calls that are put through: the call, its offices, and what was answered at each step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nothing of before has been a call."""
    op.create_table(
        "calls",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("action_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=True),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("step", ID, nullable=False),
        sa.Column("tries", ID, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("zip", sa.String(length=5), nullable=False),
        sa.Column("picked", sa.String(length=8), nullable=False),
        sa.Column("call_sid", sa.String(length=40), nullable=True),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("placed_at", TIME, nullable=True),
        sa.Column("began_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("minutes", ID, nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["actions.id"], name=op.f("fk_calls_action_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_calls_contact_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("token", name=op.f("uq_calls_token")),
        sa.UniqueConstraint("call_sid", name=op.f("uq_calls_call_sid")),
    )
    op.create_index("ix_calls_action_id", "calls", ["action_id"])
    op.create_index("ix_calls_contact_id", "calls", ["contact_id"])
    op.create_index("ix_calls_status_asked_at", "calls", ["status", "asked_at"])
    op.create_table(
        "call_legs",
        sa.Column("call_id", ID, nullable=False),
        sa.Column("rank", ID, nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("dial_status", sa.String(length=16), nullable=False),
        sa.Column("seconds", ID, nullable=False),
        sa.Column("bridged", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_legs_call_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "rank", name=op.f("pk_call_legs")),
    )
    op.create_table(
        "call_steps",
        sa.Column("call_id", ID, nullable=False),
        sa.Column("step", ID, nullable=False),
        sa.Column("verbs", JSON, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_steps_call_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "step", name=op.f("pk_call_steps")),
    )
    op.create_index("ix_call_steps_at", "call_steps", ["at"])
