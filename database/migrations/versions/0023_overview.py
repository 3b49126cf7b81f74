"""Who left us lately: an index of the refusals in the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0019"
branch_labels = None
depends_on = None

REFUSALS = "standing IN ('opted_out', 'complained')"


def upgrade() -> None:
    """Index the few refusals among very many consents by their time."""
    op.create_index(
        "ix_consents_refusals",
        "consents",
        ["at"],
        sqlite_where=sa.text(REFUSALS),
        postgresql_where=sa.text(REFUSALS),
    )
