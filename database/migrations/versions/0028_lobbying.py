"""Each alert says what kind of work it is, and hours can be noted of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Of the alerts that are there nobody has said it yet."""
    work = sa.Column("work", sa.String(24), nullable=False, server_default=sa.text("''"))
    op.add_column("alerts", work)
    op.create_table(
        "staff_hours",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "alert_id",
            ID,
            sa.ForeignKey("alerts.id", ondelete="CASCADE", name="fk_staff_hours_alert_id"),
            nullable=False,
        ),
        sa.Column("worked_on", sa.Date(), nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("minutes", ID, nullable=False),
        sa.Column(
            "replaces_id",
            ID,
            sa.ForeignKey("staff_hours.id", ondelete="CASCADE", name="fk_staff_hours_replaces_id"),
        ),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_hours"),
        sa.UniqueConstraint("replaces_id", name="uq_staff_hours_replaces_id"),
    )
    op.create_index("ix_staff_hours_alert_id", "staff_hours", ["alert_id"])
