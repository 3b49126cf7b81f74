"""A campaign has a beginning, an end, a public page, moments, measures, and alerts that belong to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """The campaigns that are there go on, and nobody but their organizers reads of them."""
    op.add_column("campaigns", sa.Column("begun_on", sa.Date()))
    op.add_column("campaigns", sa.Column("closed_at", TIME))
    closing = sa.Column("closing", sa.Text(), nullable=False, server_default=sa.text("''"))
    op.add_column("campaigns", closing)
    op.add_column("campaigns", sa.Column("slug", sa.String(64)))
    op.add_column("campaigns", _no("is_public"))
    op.create_index("ix_campaigns_slug", "campaigns", ["slug"], unique=True)
    _texts()
    _moments()
    _measures()
    op.create_table(
        "alert_campaigns",
        _of("alert_id", "alerts", "alert_campaigns"),
        _of("campaign_id", "campaigns", "alert_campaigns"),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alert_campaigns"),
    )
    op.create_index("ix_alert_campaigns_campaign_id", "alert_campaigns", ["campaign_id"])


def _texts() -> None:
    op.create_table(
        "campaign_texts",
        _of("campaign_id", "campaigns", "campaign_texts"),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "language", name="pk_campaign_texts"),
    )


def _moments() -> None:
    op.create_table(
        "campaign_moments",
        sa.Column("id", ID, nullable=False),
        _of("campaign_id", "campaigns", "campaign_moments"),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        _no("is_public"),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.Column("struck_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_moments"),
    )
    op.create_index("ix_campaign_moments_campaign_id", "campaign_moments", ["campaign_id"])


def _measures() -> None:
    op.create_table(
        "campaign_measures",
        sa.Column("id", ID, nullable=False),
        _of("campaign_id", "campaigns", "campaign_measures"),
        sa.Column("words", JSON, nullable=False),
        sa.Column("target", ID),
        _no("is_public"),
        sa.Column("struck_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_measures"),
    )
    op.create_index("ix_campaign_measures_campaign_id", "campaign_measures", ["campaign_id"])
    op.create_table(
        "campaign_readings",
        _of("measure_id", "campaign_measures", "campaign_readings"),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("value", ID, nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("measure_id", "read_on", name="pk_campaign_readings"),
    )


def _no(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _of(column: str, owner: str, table: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{owner}.id", ondelete="CASCADE", name=f"fk_{table}_{column}")
    return sa.Column(column, ID, key, nullable=False)
