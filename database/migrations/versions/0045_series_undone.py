"""A stop of a series is undone whole, an answer is for what was seen, and imports count from when they were chosen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
ZERO, NOTHING = sa.text("0"), sa.text("''")


def upgrade() -> None:
    """A series that stands stopped goes on running when it is taken up; what is held now was seen by whoever looks."""
    op.add_column(
        "series", sa.Column("stopped_from", sa.String(16), nullable=False, server_default=NOTHING)
    )
    op.add_column("series", sa.Column("taken_up_at", TIME))
    op.add_column("series", sa.Column("imports_from", TIME))
    op.add_column("series", sa.Column("asks", ID, nullable=False, server_default=ZERO))
    op.add_column("series_copies", sa.Column("asked", ID, nullable=False, server_default=ZERO))
