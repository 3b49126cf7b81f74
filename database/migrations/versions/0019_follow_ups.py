"""One reminder and one thank-you for an alert, each an alert of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Which alert another one follows, and as what."""
    op.create_table(
        "follow_ups",
        sa.Column(
            "alert_id",
            ID,
            sa.ForeignKey("alerts.id", ondelete="CASCADE", name="fk_follow_ups_alert_id"),
            nullable=False,
        ),
        sa.Column(
            "of_id",
            ID,
            sa.ForeignKey("alerts.id", ondelete="CASCADE", name="fk_follow_ups_of_id"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_follow_ups"),
        sa.UniqueConstraint("of_id", "kind", name="uq_follow_ups_of_id_kind"),
    )
