"""An email may be tried in several ways of writing; clicks tell what a machine made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Clicks of before count as people's, as they did."""
    sign = sa.Column("sign", sa.String(8), nullable=False, server_default=sa.text("''"))
    op.add_column("clicks", sign)
    plan = sa.Column("experiment", JSON, nullable=False, server_default=sa.text("'{}'"))
    op.add_column("campaign_emails", plan)
    _experiments()
    op.create_table(
        "experiment_variants",
        _to("experiment_variants", "experiment_id", "experiments"),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        _to("experiment_variants", "message_id", "messages"),
        sa.PrimaryKeyConstraint("experiment_id", "place", name="pk_experiment_variants"),
    )
    op.create_index("ix_experiment_variants_message_id", "experiment_variants", ["message_id"])


def _experiments() -> None:
    none = sa.text("'[]'")
    nothing = sa.text("''")
    op.create_table(
        "experiments",
        sa.Column("id", ID, nullable=False),
        _to("experiments", "run_id", "campaign_runs"),
        sa.Column("salt", sa.BigInteger(), nullable=False),
        sa.Column("plan", JSON, nullable=False),
        sa.Column("audience", JSON, nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.String(16), nullable=False, server_default=nothing),
        sa.Column("details", JSON, nullable=False, server_default=none),
        sa.Column("figures", JSON, nullable=False, server_default=none),
        sa.Column("chosen", sa.SmallInteger()),
        sa.Column(
            "message_id",
            ID,
            sa.ForeignKey("messages.id", ondelete="SET NULL", name="fk_experiments_message_id"),
        ),
        sa.Column("decided_at", TIME),
        sa.Column("decided_by", sa.Text(), nullable=False, server_default=nothing),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        sa.UniqueConstraint("run_id", name="uq_experiments_run_id"),
    )
    op.create_index("ix_experiments_message_id", "experiments", ["message_id"])
    op.create_index(
        "ix_experiments_due",
        "experiments",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _to(table: str, name: str, other: str) -> sa.Column[int]:
    """A column that refers to another table, whose rows take ours along."""
    refers = sa.ForeignKey(f"{other}.id", ondelete="CASCADE", name=f"fk_{table}_{name}")
    return sa.Column(name, ID, refers, nullable=False)
