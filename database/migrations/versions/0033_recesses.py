"""When the House and the Senate do not sit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "recesses"


def upgrade() -> None:
    """Nobody noted any before."""
    op.create_table(
        TABLE,
        sa.Column("id", ID, nullable=False),
        sa.Column("chamber", sa.String(8), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(80), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("chamber", "first_on", name=f"uq_{TABLE}_chamber_first_on"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{TABLE}_last_on", TABLE, ["last_on"])
