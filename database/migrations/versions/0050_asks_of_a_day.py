"""How often somebody is asked to approve is counted from a moment on, and anew after a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

TABLE = "email_approval_asks"
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """What was asked before counts once, from when it was asked last: since when it was counted nobody knows."""
    op.add_column(TABLE, sa.Column("counted_from", AT))
    op.execute("UPDATE email_approval_asks SET times = 1, counted_from = asked_at")
    with op.batch_alter_table(TABLE) as table:
        table.alter_column("counted_from", existing_type=AT, nullable=False)
