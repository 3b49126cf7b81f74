"""Whether people have changed, or copies moved, is noted: so what was counted may be kept for as long as neither has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOTED = (
    "projects",
    "contacts",
    "addresses",
    "memberships",
    "tags",
    "contact_tags",
    "preferences",
    "address_standings",
)
WORDS = ("INSERT", "UPDATE", "DELETE")


def upgrade() -> None:
    """Begin with a first note: what was counted before is not known."""
    stamp = sa.Column("stamp", ID, server_default=sa.text("0"), nullable=False)
    op.add_column("message_counts", stamp)
    op.create_table(
        "people_changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("stamp", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_changes")),
    )
    statements = _on_sqlite() if op.get_bind().dialect.name == "sqlite" else _on_postgres()
    for statement in statements:
        op.execute(statement)


def _on_sqlite() -> list[str]:
    """One row for whoever writes, for only one writes at a time.

    It is updated, never inserted: a trigger's INSERT goes by the OR IGNORE of the statement that fired it.
    """
    noted = "UPDATE people_changes SET stamp = random()"
    return [
        "INSERT INTO people_changes (stamp) VALUES (random())",
        *(
            f"CREATE TRIGGER {table}_{word.lower()}_noted AFTER {word} ON {table} BEGIN {noted}; END"
            for table in NOTED
            for word in WORDS
        ),
    ]


def _on_postgres() -> list[str]:
    """A row for each statement: one that all updated would make them wait for each other."""
    # 52 bits, as many as random() has. Where numbers come anew, as after a table was copied, a note changes one
    # that is there: that tells a change as well, and nobody's write fails for it.
    note = (
        "INSERT INTO people_changes (stamp) VALUES (floor(random() * 4503599627370496)::bigint)"
        " ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp"
    )
    return [
        note,
        (
            "CREATE FUNCTION note_people_change() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {note}; RETURN NULL; END $$"
        ),
        *(
            f"CREATE TRIGGER {table}_noted AFTER {' OR '.join(WORDS)} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION note_people_change()"
            for table in NOTED
        ),
    ]
