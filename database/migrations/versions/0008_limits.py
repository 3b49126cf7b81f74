"""What a message may cost and which countries it may text, what was spent, and who answers too often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TINY = "fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 200"
AT_HOME = "'US CA PR VI GU AS MP'"


def upgrade() -> None:
    """Messages of before may text what a network allows that has chosen nothing."""
    op.add_column(
        "messages",
        sa.Column("countries", sa.Text(), nullable=False, server_default=sa.text(AT_HOME)),
    )
    op.add_column(
        "messages", sa.Column("budget_cents", ID, nullable=False, server_default=sa.text("0"))
    )
    op.create_table(
        "spendings",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("segments", ID, nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_spendings")),
    )
    op.create_table(
        "answer_counts",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", ID, nullable=False),
        sa.PrimaryKeyConstraint("source", "since", name=op.f("pk_answer_counts")),
    )
    op.create_index("ix_answer_counts_since", "answer_counts", ["since"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE spendings SET ({TINY})")
