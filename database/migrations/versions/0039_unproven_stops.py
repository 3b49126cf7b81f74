"""Opt-outs by emails that nobody vouches for are noted, so that their owners can undo them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Those of before stay as they are."""
    op.create_table(
        "unproven_stops",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "consent_id",
            ID,
            sa.ForeignKey("consents.id", ondelete="CASCADE", name="fk_unproven_stops_consent_id"),
            nullable=False,
        ),
        sa.Column("origin", sa.String(45), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("settled_at", TIME),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unproven_stops"),
    )
    op.create_index("ix_unproven_stops_consent_id", "unproven_stops", ["consent_id"])
    op.create_index("ix_unproven_stops_at", "unproven_stops", ["at"])
