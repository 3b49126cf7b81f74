"""A contact's district carries the Congress whose lines it follows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Every district known so far lies on the lines of the 119th Congress."""
    op.add_column(
        "contacts",
        sa.Column("district_congress", ID, nullable=False, server_default=sa.text("119")),
    )
