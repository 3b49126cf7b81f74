"""An email of a series is approved, asked about and sent back as planned emails are, in their tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNIQUE = {
    "email_approvals": ("step_id", "digest", "language", "organizer_id"),
    "email_approval_asks": ("step_id", "local_time", "organizer_id"),
    "emails_sent_back": (),
}


def upgrade() -> None:
    """Keep what was approved of series, all of it through the console; of what covers more now, the hash is another."""
    for table, columns in UNIQUE.items():
        _of_steps_too(table, columns)
    op.create_index("ix_emails_sent_back_step_id", "emails_sent_back", ["step_id"])
    op.execute(
        "INSERT INTO email_approvals (step_id, digest, language, organizer_id, at, how)"
        " SELECT step_id, digest, language, organizer_id, at, 'console' FROM series_approvals"
    )
    op.drop_table("series_approvals")


def _of_steps_too(table: str, unique: tuple[str, ...]) -> None:
    step = sa.ForeignKey("series_steps.id", ondelete="CASCADE", name=f"fk_{table}_step_id")
    with op.batch_alter_table(table) as change:
        change.alter_column("email_id", existing_type=ID, nullable=True)
        change.add_column(sa.Column("step_id", ID, step))
        if unique:
            change.create_unique_constraint(f"uq_{table}_{'_'.join(unique)}", list(unique))
        change.create_check_constraint(f"ck_{table}_one", "(email_id IS NULL) <> (step_id IS NULL)")
