"""Pictures for emails, how each project's emails look, and which of them anybody may read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "pictures",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "project_id",
            ID,
            sa.ForeignKey("projects.id", ondelete="RESTRICT", name="fk_pictures_project_id"),
        ),
        sa.Column("address", sa.String(48), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(16), nullable=False),
        sa.Column("width", ID, nullable=False),
        sa.Column("height", ID, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pictures"),
        sa.UniqueConstraint("address", name="uq_pictures_address"),
    )
    op.create_index("ix_pictures_project_id", "pictures", ["project_id"])
    op.create_table(
        "email_looks",
        sa.Column("owner", ID, nullable=False, autoincrement=False),
        sa.Column("accent", sa.String(7), nullable=False),
        sa.Column("logo", sa.String(48), nullable=False),
        sa.Column("archive", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_email_looks"),
    )
    op.create_table(
        "archived_emails",
        sa.Column(
            "message_id",
            ID,
            sa.ForeignKey("messages.id", ondelete="CASCADE", name="fk_archived_emails_message_id"),
            nullable=False,
        ),
        sa.Column("shown_by", sa.Text(), nullable=False),
        sa.Column("shown_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_archived_emails"),
    )
