"""A series may take in only who answers one alert, and its emails may lead to the page of one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What there is takes in whoever answers any alert, and leads nowhere."""
    op.add_column("series", sa.Column("only_action_id", ID))
    op.add_column("series_steps", sa.Column("action_id", ID))
