"""Who was left to another committee is found at once; who was asked to join gets a letter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those left to others are few, and so the index is small. Who was asked before has had a letter."""
    left = sa.text("reason = 'another_project'")
    op.create_index(
        "ix_deliveries_elsewhere",
        "deliveries",
        ["message_id"],
        sqlite_where=left,
        postgresql_where=left,
    )
    op.add_column(
        "alert_proposals",
        sa.Column("letter_due", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
