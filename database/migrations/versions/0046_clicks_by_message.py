"""Clicks name their message, and messages are found by when they left: for reports on emails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The message of a click is that of its copy."""
    op.add_column("clicks", sa.Column("message_id", ID))
    op.execute(
        "UPDATE clicks SET message_id ="
        " (SELECT message_id FROM deliveries WHERE deliveries.id = clicks.delivery_id)"
    )
    with op.batch_alter_table("clicks") as table:
        table.alter_column("message_id", existing_type=ID, nullable=False)
    columns = ["message_id", "delivery_id", "sign", "at"]
    op.create_index("ix_clicks_message_id_delivery_id_sign_at", "clicks", columns)
    op.create_index("ix_messages_action_id_launched_at", "messages", ["action_id", "launched_at"])
    op.create_index("ix_messages_launched_at", "messages", ["launched_at"])
    op.drop_index("ix_messages_action_id", "messages")
