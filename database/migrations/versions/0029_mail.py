"""Mail that comes in: under which thread a reply stands, who collects it, how much there was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Replies that are there stay without a thread."""
    op.create_table(
        "reply_mails",
        sa.Column(
            "reply_id",
            ID,
            sa.ForeignKey("replies.id", ondelete="CASCADE", name="fk_reply_mails_reply_id"),
            nullable=False,
        ),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("attachments", JSON, nullable=False),
        sa.PrimaryKeyConstraint("reply_id", name="pk_reply_mails"),
    )
    op.create_table(
        "mail_sources",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(40)),
        sa.Column("lease_until", TIME),
        sa.Column("validity", ID, nullable=False),
        sa.Column("read_to", ID, nullable=False),
        sa.Column("looked_at", TIME),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("set_aside", ID, nullable=False),
        sa.Column("set_aside_because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mail_sources"),
    )
    op.create_table(
        "mail_tallies",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("count", ID, nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", name="pk_mail_tallies"),
    )
