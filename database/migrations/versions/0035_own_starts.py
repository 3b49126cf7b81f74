"""A network keeps texts of its own to begin alerts with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLE = "own_starts"


def upgrade() -> None:
    """Nobody kept any before."""
    op.create_table(
        TABLE,
        sa.Column("id", ID, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("whom", sa.String(16), nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("kept_by", sa.String(80), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sqlite_autoincrement=True,
    )
