"""How email fares: volumes by sender domain, troubles, gates, holds, and the provider's own lists."""

from __future__ import annotations

from email.utils import parseaddr

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
OFTEN = {
    "fillfactor": 50,
    "autovacuum_vacuum_scale_factor": 0.0,
    "autovacuum_vacuum_threshold": 200,
}


def upgrade() -> None:
    """Domains that have sent already are warm."""
    op.add_column(
        "messages",
        sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    _volumes()
    _troubles()
    _lists()
    _known_senders()


def _volumes() -> None:
    op.create_table(
        "mail_days",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("copies", ID, nullable=False),
        sa.Column("gmail", ID, nullable=False),
        sa.PrimaryKeyConstraint("domain", "day", name="pk_mail_days"),
        postgresql_with=OFTEN,
    )
    op.create_table(
        "sender_domains",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("warm", sa.Boolean(), nullable=False),
        sa.Column("checked_at", TIME),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("changed_at", TIME),
        sa.Column("change", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("domain", name="pk_sender_domains"),
    )
    op.create_table(
        "mailbox_gates",
        sa.Column("mailbox", sa.String(255), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("deferred_at", TIME, nullable=False),
        sa.Column("opens_at", TIME, nullable=False),
        sa.Column("left", ID, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name="pk_mailbox_gates"),
        postgresql_with=OFTEN,
    )


def _troubles() -> None:
    op.create_table(
        "mail_troubles",
        sa.Column("id", ID, nullable=False),
        _reference("mail_troubles", "delivery_id", "deliveries.id", "CASCADE", nullable=False),
        _reference("mail_troubles", "message_id", "messages.id", "CASCADE", nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mail_troubles"),
        sa.UniqueConstraint("delivery_id", "kind", name="uq_mail_troubles_delivery_id_kind"),
    )
    op.create_index("ix_mail_troubles_message_id", "mail_troubles", ["message_id"])
    op.create_index("ix_mail_troubles_channel_address", "mail_troubles", ["channel", "address"])
    op.create_index("ix_mail_troubles_at", "mail_troubles", ["at"])
    op.create_table(
        "sender_holds",
        sa.Column("id", ID, nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        _reference("sender_holds", "message_id", "messages.id", "SET NULL", nullable=True),
        sa.Column("complaints", ID, nullable=False),
        sa.Column("delivered", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sender_holds"),
    )
    op.create_index("ix_sender_holds_message_id", "sender_holds", ["message_id"])
    still = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_sender_holds_open",
        "sender_holds",
        ["domain"],
        sqlite_where=still,
        postgresql_where=still,
    )


def _lists() -> None:
    op.create_table(
        "list_pulls",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("tried_at", TIME, nullable=False),
        sa.Column("pulled_at", TIME),
        sa.Column("full_at", TIME),
        sa.Column("seen", ID, nullable=False),
        sa.Column("added", ID, nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_list_pulls"),
    )
    op.create_table(
        "list_differences",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("clearing_by", sa.Text(), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "channel", "address", name="pk_list_differences"),
    )


def _known_senders() -> None:
    """Mailbox providers have seen mail of whatever domain wrote an alert before today."""
    senders = op.get_bind().execute(
        sa.text(
            "SELECT DISTINCT email_sender FROM messages"
            " WHERE launched_at IS NOT NULL AND email_sender <> ''"
        )
    )
    domains = {parseaddr(sender)[1].rpartition("@")[2].lower() for (sender,) in senders}
    table = sa.table(
        "sender_domains",
        sa.column("domain"),
        sa.column("warm", sa.Boolean()),
        sa.column("findings", JSON),
        sa.column("change"),
    )
    rows = [
        {"domain": each, "warm": True, "findings": [], "change": ""}
        for each in sorted(domains - {""})
    ]
    if rows:
        op.bulk_insert(table, rows)


def _reference(
    table: str, name: str, target: str, ondelete: str, *, nullable: bool
) -> sa.Column[int]:
    key = sa.ForeignKey(target, ondelete=ondelete, name=f"fk_{table}_{name}")
    return sa.Column(name, ID, key, nullable=nullable)
