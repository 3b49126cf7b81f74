"""Which copies were followed is kept in a row each; a page's emails stand in one order to the last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

TABLE = "followed_copies"
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What was followed before is told by clicks and deliveries, which name the message from now on."""
    op.create_table(
        TABLE,
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("contact_id", ID),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_followed_copies"),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name="fk_followed_copies_delivery_id",
            ondelete="CASCADE",
        ),
    )
    op.execute(
        "INSERT INTO followed_copies (delivery_id, message_id, contact_id, language, at, unsettled)"
        " SELECT deliveries.id, deliveries.message_id, contact_id, language,"
        # 20, 21, 30, 40: accepted, queued, sent, delivered
        " min(CASE WHEN sign = '' THEN at END), status NOT IN (20, 21, 30, 40)"
        " FROM clicks JOIN deliveries ON deliveries.id = clicks.delivery_id GROUP BY deliveries.id"
    )
    columns = ["message_id", "language", "contact_id", "at", "unsettled"]
    op.create_index(f"ix_{TABLE}_{'_'.join(columns)}", TABLE, columns)
    op.create_index(
        f"ix_{TABLE}_unsettled",
        TABLE,
        ["message_id", "unsettled", "at"],
        sqlite_where=sa.text("unsettled"),
        postgresql_where=sa.text("unsettled"),
    )
    op.drop_index("ix_clicks_message_id_delivery_id_sign_at", "clicks")
    with op.batch_alter_table("clicks") as table:
        table.drop_column("message_id")
    op.create_index(
        "ix_messages_action_id_launched_at_id", "messages", ["action_id", "launched_at", "id"]
    )
    op.drop_index("ix_messages_action_id_launched_at", "messages")
