"""One index answers whatever an audience asks of a contact itself."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """It begins with the columns of the index whose place it takes."""
    columns = ["state", "district", "language", "joined_on", "id"]
    op.create_index("ix_contacts_audience", "contacts", columns)
    op.drop_index("ix_contacts_state_district", table_name="contacts")
