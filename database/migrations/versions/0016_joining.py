"""People join and choose by themselves: forms, words agreed to, sign-ups that wait, preferences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Nobody has a form, a preference or words on file yet."""
    op.add_column(
        "consents",
        sa.Column("wording", sa.String(length=64), nullable=False, server_default=sa.text("''")),
    )
    op.create_table(
        "consent_wordings",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("version", sa.String(length=24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_consent_wordings")),
    )
    op.create_table(
        "sign_up_forms",
        sa.Column("project_id", ID, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("keyword", sa.String(length=20), nullable=True),
        sa.Column("sites", sa.Text(), nullable=False),
        sa.Column("welcome", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_sign_up_forms_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_sign_up_forms")),
        sa.UniqueConstraint("slug", name=op.f("uq_sign_up_forms_slug")),
        sa.UniqueConstraint("keyword", name=op.f("uq_sign_up_forms_keyword")),
    )
    _sign_ups()
    op.create_table(
        "preferences",
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("urgent_only", sa.Boolean(), nullable=False),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_preferences_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_preferences")),
    )


def _sign_ups() -> None:
    op.create_table(
        "sign_ups",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("contact_id", ID, nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("zip", sa.String(length=5), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("wording", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_sign_ups_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_sign_ups_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ups")),
        sa.UniqueConstraint(
            "channel", "address", "project_id", name=op.f("uq_sign_ups_channel_address_project_id")
        ),
    )
    op.create_index(op.f("ix_sign_ups_project_id"), "sign_ups", ["project_id"])
    op.create_index(op.f("ix_sign_ups_contact_id"), "sign_ups", ["contact_id"])
    op.create_index(op.f("ix_sign_ups_created_at"), "sign_ups", ["created_at"])
