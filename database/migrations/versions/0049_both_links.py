"""The link of a first letter stays good beside the reminder's, and it is counted how often somebody is asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "email_approval_asks"


def upgrade() -> None:
    """What was asked before was asked once."""
    with op.batch_alter_table(TABLE) as table:
        table.add_column(sa.Column("earlier_hash", sa.String(64)))
        table.add_column(sa.Column("times", ID, nullable=False, server_default=sa.text("1")))
        table.create_unique_constraint(f"uq_{TABLE}_earlier_hash", ["earlier_hash"])
