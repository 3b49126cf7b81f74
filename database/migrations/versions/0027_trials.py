"""Whoever writes an alert sends its words to themselves first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "alert_trials"


def upgrade() -> None:
    """Nothing was tested before."""
    op.create_table(
        TABLE,
        sa.Column("id", ID, nullable=False),
        _of("alert_id", "alerts.id"),
        _of("organizer_id", "organizers.id"),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("words", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("key", name=f"uq_{TABLE}_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{TABLE}_alert_id", TABLE, ["alert_id"])
    op.create_index(f"ix_{TABLE}_organizer_id", TABLE, ["organizer_id"])


def _of(column: str, owner: str) -> sa.Column[int]:
    key = sa.ForeignKey(owner, ondelete="CASCADE", name=f"fk_{TABLE}_{column}")
    return sa.Column(column, ID, key, nullable=False)
