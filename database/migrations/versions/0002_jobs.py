"""Procrastinate's own tables, on PostgreSQL only; their version is pinned with the library's."""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    # Straight to psycopg, without parameters: only then may one string hold many statements.
    cursor = bind.connection.cursor()
    cursor.execute(SchemaManager.get_schema())
    cursor.close()
