"""A message may begin at a chosen hour: nothing of it leaves earlier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was written before begins as soon as it cannot be undone any more."""
    op.add_column("messages", sa.Column("begins_at", sa.DateTime(timezone=True), nullable=True))
