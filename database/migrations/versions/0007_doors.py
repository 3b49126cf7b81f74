"""Roles by project, second factors, single-use links, and alerts that several projects join.

Everybody signs in anew. Who served a project keeps every power over it except to export; projects that
were there before go on sharing their lists with the network, which saw them so far.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Roles first: sessions and links hang on them."""
    _organizers()
    _sessions()
    _proofs()
    _links()
    _projects()
    _proposals()


def _new(table: str, name: str, kind: sa.types.TypeEngine[Any], default: str) -> None:
    """Add a column that every row has; the default is for the rows there are."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=sa.text(default)))


def _organizers() -> None:
    _new("organizers", "exports", sa.Boolean(), "false")
    _new("organizers", "totp_secret", sa.String(length=64), "''")
    _new("organizers", "totp_step", ID, "0")
    op.add_column("organizers", sa.Column("disabled_at", TIME, nullable=True))
    _new("organizer_projects", "role", sa.String(length=16), "'admin'")
    _new("organizer_projects", "exports", sa.Boolean(), "false")


def _sessions() -> None:
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("organizer_id", ID, nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("proof", sa.String(length=16), nullable=False),
        sa.Column("browser", sa.String(length=80), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("sure_until", TIME, nullable=False),
        _of_organizer("sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_organizer_id"), "sessions", ["organizer_id"])


def _of_organizer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organizer_id"],
        ["organizers.id"],
        name=op.f(f"fk_{table}_organizer_id"),
        ondelete="CASCADE",
    )


def _proofs() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", ID, nullable=False),
        sa.Column("organizer_id", ID, nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        _of_organizer("passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("organizer_id", ID, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        _of_organizer("recovery_codes"),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "challenges",
        sa.Column("challenge_hash", sa.String(length=64), nullable=False),
        sa.Column("organizer_id", ID, nullable=True),
        sa.Column("expires_at", TIME, nullable=False),
        _of_organizer("challenges"),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_challenges")),
    )
    for table in ("passkeys", "recovery_codes", "challenges"):
        op.create_index(op.f(f"ix_{table}_organizer_id"), table, ["organizer_id"])


def _links() -> None:
    op.create_table(
        "door_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("organizer_id", ID, nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("exports", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        _of_organizer("door_links"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_door_links_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_door_links_token_hash")),
    )
    for column in ("organizer_id", "project_id"):
        op.create_index(op.f(f"ix_door_links_{column}"), "door_links", [column])


def _projects() -> None:
    _new("projects", "shares_list", sa.Boolean(), "true")
    _new("projects", "joins_red", sa.Boolean(), "false")


def _proposals() -> None:
    op.add_column("messages", sa.Column("part_of", ID, nullable=True))
    op.create_index(op.f("ix_messages_part_of"), "messages", ["part_of"])
    op.create_table(
        "alert_proposals",
        sa.Column("id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("message_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["alerts.id"],
            name=op.f("fk_alert_proposals_alert_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_alert_proposals_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_alert_proposals_message_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_proposals")),
        sa.UniqueConstraint(
            "alert_id", "project_id", name=op.f("uq_alert_proposals_alert_id_project_id")
        ),
        sa.UniqueConstraint("message_id", name=op.f("uq_alert_proposals_message_id")),
    )
    op.create_index(op.f("ix_alert_proposals_project_id"), "alert_proposals", ["project_id"])
