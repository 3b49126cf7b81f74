"""A planned email keeps why its words may name somebody who is at risk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Nobody has said so of those that are there."""
    none = sa.text("'[]'")
    op.add_column(
        "campaign_emails", sa.Column("let_stand", JSON, nullable=False, server_default=none)
    )
