"""What is known of a case has versions, each with its sources, and none is ever lost."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)
WORDS = 4  # of a fact, that make its key
LONGEST = 40
BEFORE = "It was public before two sources were asked for."


def upgrade() -> None:
    """What was known becomes the first version of each fact; what was public stays so."""
    conn = op.get_bind()
    old = sa.table(
        "facts",
        *(sa.column(name) for name in ("id", "case_id", "source", "release")),
        sa.column("happened_on", sa.Date()),
        sa.column("created_at", TIME),
    )
    facts = [dict(row) for row in conn.execute(sa.select(old).order_by(old.c.id)).mappings()]
    told = sa.text("SELECT fact_id, language, words FROM fact_texts ORDER BY fact_id, language")
    texts = [dict(row) for row in conn.execute(told).mappings()]
    op.drop_table("fact_texts")
    op.drop_table("facts")
    _fill(_facts(), _kept(facts, texts))
    _fill(_fact_versions(), [_version(each) for each in facts])
    # A fact's first version bears the fact's own number.
    _fill(_fact_texts(), [{"version_id": each.pop("fact_id"), **each} for each in texts])
    _alert_written()
    _citations()
    _fact_corrections()
    if facts and conn.dialect.name == "postgresql":
        for table in ("facts", "fact_versions"):
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            conn.execute(sa.text(f"SELECT setval({sequence}, (SELECT max(id) FROM {table}))"))  # noqa: S608 - no value from outside


def _fill(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.bulk_insert(table, rows)


def _kept(facts: list[dict[str, Any]], texts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Facts with a key each: of what is public, made of its English words, or of any."""
    words: dict[int, str] = {}
    for each in texts:
        if each["language"] == "en" or each["fact_id"] not in words:
            words[each["fact_id"]] = each["words"]
    taken: set[tuple[int, str]] = set()
    kept = []
    for fact in facts:
        plain = re.findall(r"[a-z0-9]+", words.get(fact["id"], "").lower())[:WORDS]
        first = "_".join(plain)[: LONGEST - 6].strip("_")
        base = first if first[:1].isalpha() else f"fact_{first}".strip("_")
        if fact["release"] != "public":  # a key stands where names must not
            base = "fact"
        key, number = base, 2
        while (fact["case_id"], key) in taken:
            key, number = f"{base}_{number}", number + 1
        taken.add((fact["case_id"], key))
        kept.append({name: fact[name] for name in ("id", "case_id", "created_at")} | {"key": key})
    return kept


def _version(fact: dict[str, Any]) -> dict[str, Any]:
    public = fact["release"] == "public"
    return {
        "id": fact["id"],
        "fact_id": fact["id"],
        "number": 1,
        "kind": "event",
        "happened_on": fact["happened_on"],
        "sources": [fact["source"]] if fact["source"] else [],
        "override_by": "migration" if public else "",
        "override_why": BEFORE if public else "",
        "release": fact["release"],
        "embargo_until": None,
        "cleared_by": "",
        "withdrawn": False,
        "note": "",
        "noted_by": "",
        "noted_at": fact["created_at"],
    }


def _facts() -> sa.Table:
    return op.create_table(
        "facts",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "case_id",
            ID,
            sa.ForeignKey("cases.id", ondelete="CASCADE", name="fk_facts_case_id"),
            nullable=False,
        ),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_facts"),
        sa.UniqueConstraint("case_id", "key", name="uq_facts_case_id_key"),
    )


def _fact_versions() -> sa.Table:
    return op.create_table(
        "fact_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "fact_id",
            ID,
            sa.ForeignKey("facts.id", ondelete="CASCADE", name="fk_fact_versions_fact_id"),
            nullable=False,
        ),
        sa.Column("number", ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("override_by", sa.Text(), nullable=False),
        sa.Column("override_why", sa.Text(), nullable=False),
        sa.Column("release", sa.String(16), nullable=False),
        sa.Column("embargo_until", TIME),
        sa.Column("cleared_by", sa.String(16), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fact_versions"),
        sa.UniqueConstraint("fact_id", "number", name="uq_fact_versions_fact_id_number"),
    )


def _fact_texts() -> sa.Table:
    return op.create_table(
        "fact_texts",
        sa.Column(
            "version_id",
            ID,
            sa.ForeignKey("fact_versions.id", ondelete="CASCADE", name="fk_fact_texts_version_id"),
            nullable=False,
        ),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "language", name="pk_fact_texts"),
    )


def _alert_written() -> None:
    op.create_table(
        "alert_written",
        _of_alert("alert_written"),
        sa.Column("place", sa.String(40), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "place", "language", name="pk_alert_written"),
    )


def _citations() -> None:
    op.create_table(
        "citations",
        _of_alert("citations"),
        sa.Column(
            "version_id",
            ID,
            sa.ForeignKey("fact_versions.id", ondelete="CASCADE", name="fk_citations_version_id"),
            nullable=False,
        ),
        sa.Column("place", sa.String(40), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "version_id", "place", "language", name="pk_citations"),
    )
    op.create_index("ix_citations_version_id", "citations", ["version_id"])


def _fact_corrections() -> None:
    op.create_table(
        "fact_corrections",
        _of_alert("fact_corrections"),
        sa.Column(
            "version_id",
            ID,
            sa.ForeignKey(
                "fact_versions.id", ondelete="CASCADE", name="fk_fact_corrections_version_id"
            ),
            nullable=False,
        ),
        sa.Column(
            "of_id",
            ID,
            sa.ForeignKey("alerts.id", ondelete="CASCADE", name="fk_fact_corrections_of_id"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("alert_id", name="pk_fact_corrections"),
    )
    for column in ("version_id", "of_id"):
        op.create_index(f"ix_fact_corrections_{column}", "fact_corrections", [column])


def _of_alert(table: str) -> sa.Column[int]:
    return sa.Column(
        "alert_id",
        ID,
        sa.ForeignKey("alerts.id", ondelete="CASCADE", name=f"fk_{table}_alert_id"),
        nullable=False,
    )
