"""Scripts say what to do when the person in charge is away, and have a letter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PARTS = ("if_away", "letter_subject", "letter")


def upgrade() -> None:
    """Scripts that are there say nothing of it."""
    for part in PARTS:
        op.add_column(
            "scripts", sa.Column(part, sa.Text(), nullable=False, server_default=sa.text("''"))
        )
