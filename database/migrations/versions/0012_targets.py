"""Offices outside Congress are kept whole, and an action asks for several things in order."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WELL_WRITTEN = re.compile(r"[a-z]{3}(-[a-z]{3})? [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}")
VALID = timedelta(days=180)


def upgrade() -> None:
    """What was named on actions becomes their asks; what was verified is trusted for half a year.

    The table is made anew, for SQLite cannot add a foreign key to one that is there.
    """
    conn = op.get_bind()
    # SQLite hands dates out as text, so that they are read by their type.
    old = sa.table(
        "custom_targets",
        *(sa.column(name) for name in ("id", "key", "name", "title", "institution", "phone")),
        *(sa.column(name) for name in ("hours", "time_zone", "source", "verified_by")),
        sa.column("verified_on", sa.Date()),
    )
    offices = [dict(row) for row in conn.execute(sa.select(old)).mappings()]
    named = conn.execute(
        sa.text("SELECT action_id, target_id FROM action_targets ORDER BY action_id, rank")
    ).all()
    rules = conn.execute(sa.text("SELECT id, target_rule FROM actions ORDER BY id")).all()
    op.drop_table("action_targets")
    op.drop_table("custom_targets")
    _fill(_custom_targets(), [_office(each) for each in offices])
    _fill(_action_asks(), _asks(rules, named))
    op.drop_column("actions", "target_rule")
    if offices and conn.dialect.name == "postgresql":
        sequence = "pg_get_serial_sequence('custom_targets', 'id')"
        conn.execute(sa.text(f"SELECT setval({sequence}, (SELECT max(id) FROM custom_targets))"))  # noqa: S608 - no value from outside


def _fill(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.bulk_insert(table, rows)


def _office(row: dict[str, Any]) -> dict[str, Any]:
    """An office as it is kept now; hours that a machine cannot read become its note."""
    readable = WELL_WRITTEN.fullmatch(row["hours"]) is not None
    kept = {name: value for name, value in row.items() if name not in ("phone", "hours")}
    verified_on = row["verified_on"]
    empty = dict.fromkeys(("salutation", "email", "fax", "address", "languages", "closed_on"), "")
    return {
        **kept,
        **empty,
        "kind": "other",
        "phones": [{"number": row["phone"], "label": ""}] if row["phone"] else [],
        "hours": row["hours"] if readable else "",
        "note": "" if readable else row["hours"],
        "expires_on": verified_on + VALID if verified_on else None,
        "project_id": None,
    }


def _asks(rules: Any, named: Any) -> list[dict[str, Any]]:
    """What each action asks: its rule first, then the offices named on it."""
    asked: dict[int, list[tuple[str, int | None]]] = {
        action_id: [] if rule == "custom" else [(rule, None)] for action_id, rule in rules
    }
    for action_id, target_id in named:
        asked[action_id].append(("custom", target_id))
    return [
        {
            "action_id": action_id,
            "rank": rank,
            "rule": rule,
            "target_id": target_id,
            "committees": "",
            "mode": "always",
            "expires_at": None,
            "scripts": {},
        }
        for action_id, asks in asked.items()
        for rank, (rule, target_id) in enumerate(asks)
    ]


def _custom_targets() -> sa.Table:
    table = op.create_table(
        "custom_targets",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("salutation", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("phones", JSON, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("fax", sa.String(length=16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("closed_on", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("project_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_custom_targets_project_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_targets")),
        sa.UniqueConstraint("key", name=op.f("uq_custom_targets_key")),
    )
    op.create_index(op.f("ix_custom_targets_project_id"), "custom_targets", ["project_id"])
    return table


def _action_asks() -> sa.Table:
    table = op.create_table(
        "action_asks",
        sa.Column("action_id", ID, nullable=False),
        sa.Column("rank", ID, nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("target_id", ID, nullable=True),
        sa.Column("committees", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scripts", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["actions.id"],
            name=op.f("fk_action_asks_action_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["custom_targets.id"],
            name=op.f("fk_action_asks_target_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("action_id", "rank", name=op.f("pk_action_asks")),
    )
    op.create_index(op.f("ix_action_asks_target_id"), "action_asks", ["target_id"])
    return table
