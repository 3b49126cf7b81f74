"""How a case ended, and an index of the refusals in the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSALS = "standing IN ('opted_out', 'complained')"


def upgrade() -> None:
    """The end of a case with its words; and who left us lately, among very many consents."""
    op.create_table(
        "case_closings",
        sa.Column(
            "case_id",
            ID,
            sa.ForeignKey("cases.id", ondelete="CASCADE", name="fk_case_closings_case_id"),
            nullable=False,
        ),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_closings"),
    )
    op.create_table(
        "case_closing_texts",
        sa.Column(
            "case_id",
            ID,
            sa.ForeignKey(
                "case_closings.case_id",
                ondelete="CASCADE",
                name="fk_case_closing_texts_case_id",
            ),
            nullable=False,
        ),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "language", name="pk_case_closing_texts"),
    )
    op.create_index(
        "ix_consents_refusals",
        "consents",
        ["at"],
        sqlite_where=sa.text(REFUSALS),
        postgresql_where=sa.text(REFUSALS),
    )
