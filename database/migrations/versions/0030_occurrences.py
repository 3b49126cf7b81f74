"""Emails come again by a rule; each of their occurrences stands in a ledger of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """A held email is from now on one whose occurrence is held."""
    _emails()
    _runs()
    _carry_over()
    _others()


def _emails() -> None:
    for column in (
        sa.Column("rule", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("next_local", sa.String(16)),
        sa.Column("own_zone", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("missed", sa.String(8), nullable=False, server_default=sa.text("'newest'")),
        sa.Column("wait_hours", ID, nullable=False, server_default=sa.text("72")),
        sa.Column("writers", JSON, nullable=False, server_default=sa.text("'[]'")),
    ):
        op.add_column("campaign_emails", column)


def _runs() -> None:
    with op.batch_alter_table("campaign_runs") as table:
        table.alter_column("fired_at", existing_type=TIME, nullable=True)
        table.alter_column("late_seconds", existing_type=ID, nullable=True)
    for column in (
        sa.Column("status", sa.String(16), nullable=False, server_default=sa.text("'fired'")),
        sa.Column("reason", sa.String(16), nullable=False, server_default=sa.text("''")),
        sa.Column("details", JSON, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("planned_at", TIME),
        sa.Column("due_at", TIME),
        sa.Column("moved_to", sa.String(16)),
        sa.Column("texts", JSON),
        sa.Column("writers", JSON, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("answered_by", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("answered_at", TIME),
    ):
        op.add_column("campaign_runs", column)
    op.create_index(
        "ix_campaign_runs_due",
        "campaign_runs",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _carry_over() -> None:
    held = (
        "INSERT INTO campaign_runs (email_id, local_time, status, reason) SELECT id, local_time,"
        " 'held', 'late' FROM campaign_emails WHERE status = 'held'"
    )
    for statement in (
        held,
        "UPDATE campaign_emails SET status = 'over' WHERE status IN ('held', 'fired')",
        "UPDATE campaign_emails SET next_local = local_time WHERE next_run_at IS NOT NULL",
    ):
        op.execute(statement)


def _others() -> None:
    own_hour = sa.Column("own_hour", JSON, nullable=False, server_default=sa.text("'{}'"))
    op.add_column("messages", own_hour)
    op.create_table(
        "email_approvals",
        sa.Column("id", ID, nullable=False),
        _to("email_approvals", "email_id", "campaign_emails"),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        _to("email_approvals", "organizer_id", "organizers"),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_email_approvals"),
        sa.UniqueConstraint(
            "email_id",
            "digest",
            "language",
            "organizer_id",
            name="uq_email_approvals_email_id_digest_language_organizer_id",
        ),
    )
    op.create_index("ix_email_approvals_organizer_id", "email_approvals", ["organizer_id"])
    op.create_table(
        "postponements",
        sa.Column("id", ID, nullable=False),
        _to("postponements", "message_id", "messages"),
        _to("postponements", "project_id", "projects", nullable=True),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_postponements"),
        sa.UniqueConstraint("message_id", name="uq_postponements_message_id"),
    )
    op.create_index("ix_postponements_project_id", "postponements", ["project_id"])
    op.create_table(
        "calendar_feeds",
        sa.Column("id", ID, nullable=False),
        _to("calendar_feeds", "organizer_id", "organizers"),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feeds"),
        sa.UniqueConstraint("organizer_id", name="uq_calendar_feeds_organizer_id"),
        sa.UniqueConstraint("token_hash", name="uq_calendar_feeds_token_hash"),
    )


def _to(table: str, name: str, other: str, *, nullable: bool = False) -> sa.Column[int]:
    """A column that refers to another table, whose rows take ours along."""
    refers = sa.ForeignKey(f"{other}.id", ondelete="CASCADE", name=f"fk_{table}_{name}")
    return sa.Column(name, ID, refers, nullable=nullable)
