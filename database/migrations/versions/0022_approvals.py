"""Two people before an alert leaves: who wrote, who approved, who was asked, who launched alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Approvals are of an alert as it stands, so nothing is approved yet; authors are known."""
    for column, size in (("reads", 80), ("phone", 20)):
        op.add_column(
            "organizers",
            sa.Column(column, sa.String(size), nullable=False, server_default=sa.text("''")),
        )
    op.create_table(
        "alert_writers",
        _alert("alert_writers"),
        sa.Column("writer", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "writer", name="pk_alert_writers"),
    )
    op.execute(
        "INSERT INTO alert_writers (alert_id, writer) SELECT alerts.id, messages.created_by"
        " FROM alerts JOIN messages ON messages.id = alerts.message_id"
        " WHERE messages.created_by <> ''"
    )
    _asks()
    _approvals()
    _sent_back()
    _alone()


def _alert(table: str) -> sa.Column[int]:
    owner = sa.ForeignKey("alerts.id", ondelete="CASCADE", name=f"fk_{table}_alert_id")
    return sa.Column("alert_id", ID, owner, nullable=False)


def _organizer(table: str) -> sa.Column[int]:
    owner = sa.ForeignKey("organizers.id", ondelete="CASCADE", name=f"fk_{table}_organizer_id")
    return sa.Column("organizer_id", ID, owner, nullable=False)


def _asks() -> None:
    table = "approval_asks"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        _alert(table),
        _organizer(table),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("asked_by", sa.String(80), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("token_hash", sa.String(64)),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("letter_due", sa.Boolean(), nullable=False),
        sa.Column("answered_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_approval_asks"),
        sa.UniqueConstraint(
            "alert_id", "organizer_id", name="uq_approval_asks_alert_id_organizer_id"
        ),
        sa.UniqueConstraint("token_hash", name="uq_approval_asks_token_hash"),
    )
    op.create_index("ix_approval_asks_organizer_id", table, ["organizer_id"])


def _approvals() -> None:
    table = "approvals"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        _alert(table),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        _organizer(table),
        sa.Column("how", sa.String(8), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sa.UniqueConstraint(
            "alert_id",
            "digest",
            "language",
            "organizer_id",
            name="uq_approvals_alert_id_digest_language_organizer_id",
        ),
    )
    op.create_index("ix_approvals_organizer_id", table, ["organizer_id"])


def _sent_back() -> None:
    table = "alerts_sent_back"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        _alert(table),
        sa.Column("digest", sa.String(64), nullable=False),
        _organizer(table),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_sent_back"),
    )
    op.create_index("ix_alerts_sent_back_alert_id", table, ["alert_id"])
    op.create_index("ix_alerts_sent_back_organizer_id", table, ["organizer_id"])


def _alone() -> None:
    op.create_table(
        "alone_launches",
        _alert("alone_launches"),
        sa.Column("launched_by", sa.String(80), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("launched_at", TIME, nullable=False),
        sa.Column("letter_due", sa.Boolean(), nullable=False),
        sa.Column("reviewed_by", sa.String(80), nullable=False, server_default=sa.text("''")),
        sa.Column("reviewed_at", TIME),
        sa.Column("view", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alone_launches"),
    )
