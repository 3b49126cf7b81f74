"""A planned email leads to the page of an alert."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Those that are there lead nowhere."""
    op.add_column("campaign_emails", sa.Column("action_id", ID))
    of = sa.ForeignKey("actions.id", ondelete="CASCADE", name="fk_campaign_closed_pages_action_id")
    op.create_table(
        "campaign_closed_pages",
        sa.Column("action_id", ID, of, nullable=False),
        sa.Column("closed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("action_id", name="pk_campaign_closed_pages"),
    )
    op.execute(
        "INSERT INTO campaign_closed_pages (action_id, closed_at)"
        " SELECT alerts.action_id, cases.closed_at FROM alerts"
        " JOIN cases ON cases.id = alerts.case_id WHERE cases.closed_at IS NOT NULL"
    )
