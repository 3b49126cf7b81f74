"""Many machines: indexes for the fair choice of work, a pace that slows by itself, storage settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Rewritten every few milliseconds: room for the new version on the same page, and cleaned early.
TINY = "fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 200"
DELIVERIES = (
    "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1,"
    " autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1"
)


def upgrade() -> None:
    op.add_column(
        "paces", sa.Column("slowed", sa.Double(), nullable=False, server_default=sa.text("1"))
    )
    op.add_column("paces", sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sender_runs", sa.Column("died_at", sa.DateTime(timezone=True), nullable=True))
    _indexes()
    if op.get_bind().dialect.name == "postgresql":
        for table in ("batches", "message_counts", "paces", "sender_runs"):
            op.execute(f"ALTER TABLE {table} SET ({TINY})")
        op.execute(f"ALTER TABLE deliveries SET ({DELIVERIES})")


def _indexes() -> None:
    op.drop_index("ix_batches_due", table_name="batches")
    op.create_index(
        "ix_batches_due",
        "batches",
        ["message_id", "channel", "next_at", "id"],
        unique=False,
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_batches_owned",
        "batches",
        ["id"],
        unique=False,
        sqlite_where=sa.text("owner IS NOT NULL"),
        postgresql_where=sa.text("owner IS NOT NULL"),
    )
