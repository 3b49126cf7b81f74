"""A phone that approves by text is confirmed by a code first; those noted before are not yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nobody has proved whose the phones are that accounts name."""
    op.add_column(
        "organizers",
        sa.Column("phone_confirmed", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.create_table(
        "phone_codes",
        sa.Column(
            "organizer_id",
            ID,
            sa.ForeignKey("organizers.id", ondelete="CASCADE", name="fk_phone_codes_organizer_id"),
            nullable=False,
        ),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", ID, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", name="pk_phone_codes"),
    )
