"""The email and the phone of one form may turn out to be one person's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of forms that are there nobody asks."""
    op.add_column("sign_ups", sa.Column("pair", sa.String(length=32)))
    op.add_column(
        "sign_ups", sa.Column("beside", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    op.add_column(
        "sign_ups",
        sa.Column("one_person", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.create_index("ix_sign_ups_pair", "sign_ups", ["pair"])
