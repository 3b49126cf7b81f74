"""Somebody is asked to approve a planned email, and may send it back with a note."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """What was approved before was approved in the console."""
    console = sa.text("'console'")
    how = sa.Column("how", sa.String(8), nullable=False, server_default=console)
    op.add_column("email_approvals", how)
    _asks("email_approval_asks")
    _sent_back("emails_sent_back")


def _asks(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        _to(table, "email_id", "campaign_emails"),
        sa.Column("local_time", sa.String(16), nullable=False),
        _to(table, "organizer_id", "organizers"),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("asked_by", sa.String(80), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("token_hash", sa.String(64)),
        sa.Column("letter_due", sa.Boolean(), nullable=False),
        sa.Column("remind_at", TIME),
        sa.Column("answered_at", TIME),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(
            "email_id",
            "local_time",
            "organizer_id",
            name=f"uq_{table}_email_id_local_time_organizer_id",
        ),
        sa.UniqueConstraint("token_hash", name=f"uq_{table}_token_hash"),
    )
    op.create_index(f"ix_{table}_organizer_id", table, ["organizer_id"])


def _sent_back(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        _to(table, "email_id", "campaign_emails"),
        sa.Column("local_time", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        _to(table, "organizer_id", "organizers"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("letter_due", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    for name in ("email_id", "organizer_id"):
        op.create_index(f"ix_{table}_{name}", table, [name])


def _to(table: str, name: str, other: str) -> sa.Column[int]:
    """A column that refers to another table, whose rows take ours along."""
    refers = sa.ForeignKey(f"{other}.id", ondelete="CASCADE", name=f"fk_{table}_{name}")
    return sa.Column(name, ID, refers, nullable=False)
