"""Cases keep the people who may be endangered when they are named, and what may be said of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nobody is on a list yet."""
    op.create_table(
        "people_at_risk",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "case_id",
            ID,
            sa.ForeignKey("cases.id", ondelete="CASCADE", name="fk_people_at_risk_case_id"),
            nullable=False,
        ),
        sa.Column("given_names", sa.Text(), nullable=False),
        sa.Column("family_names", sa.Text(), nullable=False),
        sa.Column("also_called", sa.Text(), nullable=False),
        sa.Column("may_say", sa.String(8), nullable=False),
        sa.Column("cleared_by", sa.String(16), nullable=False),
        sa.Column("cleared_at", TIME),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people_at_risk"),
    )
    op.create_index("ix_people_at_risk_case_id", "people_at_risk", ["case_id"])
    op.create_table(
        "naming_reasons",
        sa.Column(
            "alert_id",
            ID,
            sa.ForeignKey("alerts.id", ondelete="CASCADE", name="fk_naming_reasons_alert_id"),
            nullable=False,
        ),
        sa.Column(
            "person_id",
            ID,
            sa.ForeignKey(
                "people_at_risk.id", ondelete="CASCADE", name="fk_naming_reasons_person_id"
            ),
            nullable=False,
        ),
        sa.Column("said", JSON, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "person_id", name="pk_naming_reasons"),
    )
    op.create_index("ix_naming_reasons_person_id", "naming_reasons", ["person_id"])
