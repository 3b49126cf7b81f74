"""Series of emails: steps at a distance from something that happened, and when somebody joined a project."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)
NOTHING = sa.text("''")


def upgrade() -> None:
    """When those joined who are there already is not known, and asks nothing."""
    op.add_column("memberships", sa.Column("joined_at", TIME))
    op.create_index(
        "ix_memberships_project_id_joined_at", "memberships", ["project_id", "joined_at"]
    )
    op.create_index("ix_contacts_created_at", "contacts", ["created_at"])
    op.create_index("ix_responses_at", "responses", ["at"])
    _series()
    _steps()
    _people()


def _series() -> None:
    op.create_table(
        "series",
        sa.Column("id", ID, nullable=False),
        _to("series", "project_id", "projects", "RESTRICT", nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger", sa.String(16), nullable=False),
        sa.Column("imports", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("late_minutes", ID, nullable=False),
        sa.Column("wait_hours", ID, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("since", TIME),
        sa.Column("looked_at", TIME),
        sa.Column("stopped_at", TIME),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
    )
    op.create_index("ix_series_project_id", "series", ["project_id"])


def _steps() -> None:
    op.create_table(
        "series_steps",
        sa.Column("id", ID, nullable=False),
        _to("series_steps", "series_id", "series"),
        sa.Column("days", ID, nullable=False),
        sa.Column("hour", sa.String(5), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("writers", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("retired_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_series_steps"),
    )
    op.create_index("ix_series_steps_series_id", "series_steps", ["series_id"])
    op.create_table(
        "series_approvals",
        sa.Column("id", ID, nullable=False),
        _to("series_approvals", "step_id", "series_steps"),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        _to("series_approvals", "organizer_id", "organizers"),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series_approvals"),
        sa.UniqueConstraint(
            *("step_id", "digest", "language", "organizer_id"),
            name="uq_series_approvals_step_id_digest_language_organizer_id",
        ),
    )
    op.create_index("ix_series_approvals_organizer_id", "series_approvals", ["organizer_id"])
    op.create_table(
        "series_mails",
        _to("series_mails", "message_id", "messages"),
        _to("series_mails", "step_id", "series_steps"),
        sa.PrimaryKeyConstraint("message_id", name="pk_series_mails"),
    )
    op.create_index("ix_series_mails_step_id", "series_mails", ["step_id"])


def _people() -> None:
    op.create_table(
        "series_enrolments",
        sa.Column("id", ID, nullable=False),
        _to("series_enrolments", "series_id", "series"),
        _to("series_enrolments", "contact_id", "contacts", "SET NULL", nullable=True),
        sa.Column("happened_at", TIME, nullable=False),
        sa.Column("begins_at", TIME, nullable=False),
        sa.Column("begins_on", sa.String(10), nullable=False),
        sa.Column("left_at", TIME),
        sa.Column("left_because", sa.String(16), nullable=False, server_default=NOTHING),
        sa.Column("through_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_series_enrolments"),
        sa.UniqueConstraint(
            "series_id", "contact_id", name="uq_series_enrolments_series_id_contact_id"
        ),
    )
    op.create_index("ix_series_enrolments_contact_id", "series_enrolments", ["contact_id"])
    under_way = sa.text("left_at IS NULL AND through_at IS NULL")
    op.create_index(
        "ix_series_enrolments_under_way",
        "series_enrolments",
        ["series_id", "begins_on"],
        sqlite_where=under_way,
        postgresql_where=under_way,
    )
    _copies()


def _copies() -> None:
    op.create_table(
        "series_copies",
        sa.Column("id", ID, nullable=False),
        _to("series_copies", "step_id", "series_steps"),
        _to("series_copies", "enrolment_id", "series_enrolments"),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("details", JSON, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("planned_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("settled_at", TIME),
        _to("series_copies", "delivery_id", "deliveries", "SET NULL", nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=False, server_default=NOTHING),
        sa.Column("answered_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_series_copies"),
        sa.UniqueConstraint(
            "step_id", "enrolment_id", name="uq_series_copies_step_id_enrolment_id"
        ),
    )
    for name in ("enrolment_id", "delivery_id"):
        op.create_index(f"ix_series_copies_{name}", "series_copies", [name])
    held = sa.text("status = 'held'")
    op.create_index(
        "ix_series_copies_held",
        "series_copies",
        ["step_id", "reason"],
        sqlite_where=held,
        postgresql_where=held,
    )


def _to(
    table: str, name: str, other: str, ondelete: str = "CASCADE", *, nullable: bool = False
) -> sa.Column[int]:
    """A column that refers to another table."""
    refers = sa.ForeignKey(f"{other}.id", ondelete=ondelete, name=f"fk_{table}_{name}")
    return sa.Column(name, ID, refers, nullable=nullable)
