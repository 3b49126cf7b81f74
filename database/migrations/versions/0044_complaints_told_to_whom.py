"""Each committee is told of the complaints about its own part of a red alert, and the network of the whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Of what was told before, the network and every committee concerned count as told: it is old by now."""
    op.execute("CREATE TABLE complaints_told_of AS SELECT alert_id, at FROM complaints_told")
    op.drop_table("complaints_told")
    alert = sa.ForeignKey("alerts.id", ondelete="CASCADE", name="fk_complaints_told_alert_id")
    op.create_table(
        "complaints_told",
        sa.Column("alert_id", ID, alert, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "project_id", name="pk_complaints_told"),
    )
    op.execute(
        "INSERT INTO complaints_told (alert_id, project_id, at)"
        " SELECT alert_id, 0, at FROM complaints_told_of"
        " UNION SELECT old.alert_id, messages.project_id, old.at FROM complaints_told_of AS old"
        " JOIN alerts ON alerts.id = old.alert_id"
        " JOIN messages ON coalesce(messages.part_of, messages.id) = alerts.message_id"
        " JOIN sender_holds ON sender_holds.message_id = messages.id"
        " WHERE messages.project_id IS NOT NULL"
    )
    op.drop_table("complaints_told_of")
