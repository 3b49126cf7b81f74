"""Organizers are told once of each red alert that too many mark as spam."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Where somebody has looked already and let planned mail go on, nobody is written to any more."""
    alert = sa.ForeignKey("alerts.id", ondelete="CASCADE", name="fk_complaints_told_alert_id")
    op.create_table(
        "complaints_told",
        sa.Column("alert_id", ID, alert, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_complaints_told"),
    )
    op.execute(
        "INSERT INTO complaints_told (alert_id, at)"
        " SELECT alerts.id, max(sender_holds.ended_at) FROM sender_holds"
        " JOIN messages ON messages.id = sender_holds.message_id"
        " JOIN alerts ON alerts.message_id = coalesce(messages.part_of, messages.id)"
        " WHERE messages.urgent AND sender_holds.ended_at IS NOT NULL GROUP BY alerts.id"
    )
