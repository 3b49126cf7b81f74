from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text

from actions.models import ActionAsk, CustomTarget
from alerts import facts, timeline
from alerts.drafts import FactDraft
from campaigns.approval_models import EmailApproval
from database.embedded import open_engine
from database.engine import DatabaseUnusable, is_sqlite
from database.migrating import (
    SCRIPTS,
    SchemaTooNew,
    SchemaTooOld,
    migrate,
    missing_migrations,
    require_current,
)
from database.tables import Base
from messages import followed
from messages.models import FollowedCopy, Status
from tests.databases import PostgresServer

for room in [
    "actions",
    "alerts",
    "campaigns",
    "contacts",
    "database",
    "messages",
    "organizers",
    "representatives",
]:
    importlib.import_module(f"{room}.models")  # each room's tables enter the one metadata
importlib.import_module("actions.office_models")
importlib.import_module("campaigns.experiment_models")
importlib.import_module("campaigns.collision_models")
importlib.import_module("campaigns.feed_models")
importlib.import_module("alerts.approval_models")
importlib.import_module("alerts.complaint_models")
importlib.import_module("alerts.fact_models")
importlib.import_module("alerts.citation_models")
importlib.import_module("alerts.risk_models")
importlib.import_module("alerts.trial_models")
importlib.import_module("messages.call_models")
importlib.import_module("messages.email_models")
importlib.import_module("alerts.closing_models")
importlib.import_module("alerts.trial_models")
importlib.import_module("alerts.work_models")
importlib.import_module("alerts.start_models")
importlib.import_module("campaigns.leading_models")
importlib.import_module("campaigns.story_models")

importlib.import_module("messages.inbox_models")
importlib.import_module("messages.prompt_models")
importlib.import_module("messages.series_models")
importlib.import_module("messages.sender_models")
importlib.import_module("messages.mail_models")
importlib.import_module("messages.reach_models")

NUMBERS = sorted(path.name[:4] for path in (SCRIPTS / "versions").glob("0*.py"))


@pytest.fixture
def empty(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.empty()
    yield url
    server.drop(url)


def engine_of(url: str) -> Engine:
    return open_engine(url) if is_sqlite(url) else create_engine(url)


@contextmanager
def stamped(url: str, revision: str) -> Iterator[None]:
    """A database that says it is at another migration."""
    stamp(url, revision)
    yield
    stamp(url, NUMBERS[-1])


def stamp(url: str, revision: str) -> None:
    engine = engine_of(url)
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    engine.dispose()


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [f"{n:04}" for n in range(1, len(NUMBERS) + 1)] == NUMBERS


def test_an_empty_database_gets_every_migration_and_then_none(empty: str) -> None:
    assert missing_migrations(empty) == NUMBERS

    assert migrate(empty) == NUMBERS

    assert migrate(empty) == []
    require_current(empty)


def test_migrations_lead_to_the_models(conn: Connection) -> None:
    context = MigrationContext.configure(
        conn,
        opts={"compare_type": True, "compare_server_default": True, "include_object": ours},
    )

    assert compare_metadata(context, Base.metadata) == []


def ours(_object: Any, name: str | None, kind: str, *_others: Any) -> bool:
    """Leave out the tables that procrastinate brings."""
    return kind != "table" or not (name or "").startswith("procrastinate")


def test_migrations_lead_to_the_same_catalogue_as_the_models(empty: str, conn: Connection) -> None:
    """Also what Alembic does not compare: partial indexes, storage options, foreign-key rules."""
    engine = engine_of(empty)
    with engine.begin() as made:
        Base.metadata.create_all(made)
        modelled = catalogue(made)
    engine.dispose()

    assert catalogue(conn) == modelled


def catalogue(conn: Connection) -> dict[str, Any]:
    """Each table as the database itself describes it."""
    tables = [name for name in inspect(conn).get_table_names() if name in Base.metadata.tables]
    return {name: _described(conn, name) for name in tables}


def _described(conn: Connection, table: str) -> dict[str, Any]:
    looked_at = inspect(conn)
    columns = [{**c, "type": str(c["type"])} for c in looked_at.get_columns(table)]
    return {
        "columns": columns,
        "primary_key": looked_at.get_pk_constraint(table),
        "foreign_keys": sorted(
            looked_at.get_foreign_keys(table), key=lambda key: key["name"] or ""
        ),
        "unique": sorted(
            looked_at.get_unique_constraints(table), key=lambda key: key["name"] or ""
        ),
        "indexes": _indexes(conn, table),
        "storage": _storage(conn, table),
    }


def _indexes(conn: Connection, table: str) -> list[str]:
    statement = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :t"
        " AND sql IS NOT NULL ORDER BY name",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE tablename = :t ORDER BY indexname",
    }[conn.dialect.name]
    return [re.sub(r"\s+", " ", line) for line in conn.scalars(text(statement), {"t": table})]


def _storage(conn: Connection, table: str) -> Any:
    statement = {
        "sqlite": "SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE name = :t",
        "postgresql": "SELECT reloptions FROM pg_class WHERE relname = :t",
    }[conn.dialect.name]
    return conn.scalar(text(statement), {"t": table})


def test_every_foreign_key_has_an_index_and_says_what_deleting_does(conn: Connection) -> None:
    looked_at = inspect(conn)

    missing = [
        f"{table}.{key['constrained_columns'][0]}"
        for table in Base.metadata.tables
        for key in looked_at.get_foreign_keys(table)
        if key["constrained_columns"][0] not in _leading_columns(conn, table)
        or not key["options"].get("ondelete")
    ]

    assert missing == ["deliveries.zone_set_id"]  # its sets are never deleted; see the model


def _leading_columns(conn: Connection, table: str) -> set[str | None]:
    looked_at = inspect(conn)
    lists: list[Sequence[str | None]] = [
        index["column_names"] for index in looked_at.get_indexes(table)
    ]
    lists += [key["column_names"] for key in looked_at.get_unique_constraints(table)]
    lists.append(looked_at.get_pk_constraint(table)["constrained_columns"])
    return {columns[0] for columns in lists if columns}


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    with stamped(database_url, "9999"):
        for touch in (migrate, missing_migrations, require_current):
            with pytest.raises(SchemaTooNew, match=r"9999.*install the newer Llamado"):
                touch(database_url)


def test_a_database_that_lacks_a_migration_says_which_and_what_to_do(database_url: str) -> None:
    with (
        stamped(database_url, NUMBERS[0]),
        pytest.raises(SchemaTooOld, match=rf"lacks migration {NUMBERS[1]}.*llamado migrate"),
    ):
        require_current(database_url)


def test_a_database_that_cannot_be_opened_says_so_in_one_sentence(tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path}/no/such/folder/llamado.db",
        f"postgresql+psycopg://nobody@/nothing?host={tmp_path}",
    ):
        with pytest.raises(DatabaseUnusable, match=r"cannot be opened: .*check database\.url"):
            migrate(url)


def test_a_file_that_is_no_database_is_named_as_unusable(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear Congressman,\n" * 100)

    with pytest.raises(DatabaseUnusable, match="not a database"):
        migrate(f"sqlite:///{path}")


BEFORE_ASKS = "0010"
OLD_ACTIONS = [
    "INSERT INTO actions (id, target_rule) VALUES (1, 'congress'), (2, 'custom')",
    """INSERT INTO custom_targets (id, key, name, title, institution, phone, hours, time_zone,
    source, verified_on, verified_by) VALUES
    (6, 'desk', 'Desk', '', '', '+12025550147', 'M-F 9-5', 'America/New_York', '', NULL, ''),
    (7, 'embassy', 'Embassy', '', '', '+12025550199', 'mon-fri 09:00-17:00',
    'America/New_York', '', '2026-01-01', 'Amina')""",
    "INSERT INTO action_targets (action_id, target_id, rank) VALUES (1, 7, 0), (1, 6, 1), (2, 6, 0)",
]


def upgrade_to(conn: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def test_offices_and_rules_of_actions_become_their_asks(empty: str) -> None:
    engine = engine_of(empty)
    with engine.begin() as conn:
        upgrade_to(conn, BEFORE_ASKS)
        for statement in OLD_ACTIONS:
            conn.execute(text(statement))

    migrate(empty)

    with engine.begin() as conn:
        columns = (ActionAsk.action_id, ActionAsk.rank, ActionAsk.rule, ActionAsk.target_id)
        asks = conn.execute(select(*columns).order_by(*columns[:2])).all()
        desk, embassy = conn.execute(select(CustomTarget).order_by(CustomTarget.id)).all()
        one_more = {**embassy._asdict(), "key": "more"}
        del one_more["id"]
        added = conn.execute(insert(CustomTarget).values(one_more).returning(CustomTarget.id))
        assert added.scalar_one() == 8
    engine.dispose()
    assert [tuple(row) for row in asks] == [
        (1, 0, "congress", None),
        (1, 1, "custom", 7),
        (1, 2, "custom", 6),
        (2, 0, "custom", 6),
    ]
    assert desk.phones == [{"number": "+12025550147", "label": ""}]
    assert (desk.hours, desk.note, desk.expires_on) == ("", "M-F 9-5", None)
    assert (embassy.hours, embassy.expires_on) == ("mon-fri 09:00-17:00", date(2026, 6, 30))


OLD_FACTS = [
    (
        "INSERT INTO cases (id, slug, created_by, created_at)"
        " VALUES (1, 'suchitoto-14', 'x', '2007-07-02 00:00:00')"
    ),
    """INSERT INTO facts (id, case_id, happened_on, source, release, created_at) VALUES
    (4, 1, '2007-07-02', 'CRIPDES', 'public', '2007-07-02 12:00:00'),
    (5, 1, '2007-07-05', '', 'withheld', '2007-07-05 12:00:00'),
    (6, 1, '2007-07-06', 'x', 'committee', '2007-07-06 12:00:00')""",
    """INSERT INTO fact_texts (fact_id, language, words) VALUES
    (4, 'en', 'Fourteen are arrested in Suchitoto'), (4, 'es', 'Catorce'),
    (5, 'en', 'Fourteen are arrested in Suchitoto, one'), (6, 'es', '14 personas')""",
]


def test_facts_become_the_first_of_their_versions(empty: str) -> None:
    engine = engine_of(empty)
    with engine.begin() as conn:
        upgrade_to(conn, "0022")
        for statement in OLD_FACTS:
            conn.execute(text(statement))

    migrate(empty)

    with engine.begin() as conn:
        public, withheld, committee = timeline.facts_of(conn, 1)[::-1]
        later = datetime.now(UTC)
        fresh = FactDraft(happened_on=date(2007, 7, 7), words={"en": "x"}, sources=["a", "b"])
        assert facts.add_fact(conn, 1, fresh, by="Amina", now=later) == 7
    engine.dispose()
    first = public.current
    assert [each.key for each in (public, withheld, committee)] == [
        "fourteen_are_arrested_in",
        "fact",
        "fact_2",
    ]
    assert (first.number, first.sources, first.release) == (1, ("CRIPDES",), "public")
    assert first.words == {"en": "Fourteen are arrested in Suchitoto", "es": "Catorce"}
    assert first.noted_at == datetime(2007, 7, 2, 12, tzinfo=UTC)
    assert "before two sources" in first.override_why
    assert first.may_be_told(later)
    assert (withheld.current.release, withheld.current.override_why) == ("withheld", "")


WHEN = "2026-11-20 12:00:00"


def add_old(conn: Connection, table: str, **values: object) -> None:
    """A row as an older release wrote it; what must be said and is not, is nothing of its kind."""
    told = dict(values)
    for column in inspect(conn).get_columns(table):
        if not column["nullable"] and column["default"] is None and column["name"] not in told:
            kind = str(column["type"])
            nothing = {"JSO": "{}", "BOO": False, "VAR": "", "TEX": "", "TIM": WHEN, "DAT": WHEN}
            told[column["name"]] = nothing.get(kind[:3], 0)
    names = ", ".join(told)
    marks = ", ".join(f":{name}" for name in told)
    conn.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), told)


CLICKS = (("13:00", "", 7), ("12:00", "", 7), ("11:00", "early", 7), ("12:00", "head", 8))


def test_what_was_followed_before_is_kept_by_copy(empty: str) -> None:
    engine = engine_of(empty)
    with engine.begin() as conn:
        upgrade_to(conn, "0045")
        add_old(conn, "messages", id=3)
        for copy, status in ((7, Status.DELIVERED), (8, Status.FAILED), (9, Status.SENT)):
            old = {"message_id": 3, "contact_id": None, "language": "es", "status": int(status)}
            add_old(conn, "deliveries", id=copy, **old)
        for number, (at, sign, copy) in enumerate(CLICKS):
            told = {"delivery_id": copy, "at": f"2026-11-20 {at}:00", "sign": sign}
            add_old(conn, "clicks", id=number, **told)

    migrate(empty)

    with engine.begin() as conn:
        rows = select(FollowedCopy.__table__).order_by(FollowedCopy.delivery_id)
        found = conn.execute(rows).all()
        followed.note(conn, [7, 8, 9])
        assert conn.execute(rows).all() == found
    engine.dispose()
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert [tuple(row) for row in found] == [  # what clicks and deliveries say
        (7, 3, None, "es", noon, False),
        (8, 3, None, "es", None, True),
    ]


def test_what_was_approved_of_series_stays_approved_beside_planned_emails(empty: str) -> None:
    engine = engine_of(empty)
    by: dict[str, object] = {"organizer_id": 9, "language": "en", "digest": "d"}
    with engine.begin() as conn:
        upgrade_to(conn, "0046")
        add_old(conn, "organizers", id=9)
        add_old(conn, "campaigns", id=2)
        add_old(conn, "campaign_emails", id=3, campaign_id=2)
        add_old(conn, "email_approvals", id=4, email_id=3, **by)
        add_old(conn, "series", id=5)
        add_old(conn, "series_steps", id=6, series_id=5)
        add_old(conn, "series_approvals", id=4, step_id=6, **by)

    migrate(empty)

    with engine.begin() as conn:
        columns = (EmailApproval.email_id, EmailApproval.step_id, EmailApproval.how)
        found = conn.execute(select(*columns)).all()
    engine.dispose()
    assert {tuple(row) for row in found} == {(3, None, "console"), (None, 6, "console")}
