"""What a person is told when the database itself refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from database.embedded import open_engine
from database.engine import why_refused


def refusal(engine: Engine, *statements: str) -> str:
    *before, last = map(text, statements)
    with engine.begin() as conn:
        for statement in before:
            conn.execute(statement)
        with pytest.raises(DBAPIError) as refused:
            conn.execute(last)
        conn.rollback()
    engine.dispose()
    return why_refused(refused.value)


def test_full_disk_is_told_as_one(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'llamado.db'}")

    said = refusal(
        engine,
        "CREATE TABLE t (x)",
        "PRAGMA max_page_count = 10",
        "INSERT INTO t VALUES (zeroblob(100000))",
    )

    assert said.endswith("the disk that holds it is full; make room, then try again")


def test_file_that_may_not_be_written_is_told_as_one(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'llamado.db'}")

    said = refusal(engine, "PRAGMA query_only = 1", "CREATE TABLE t (x)")

    assert "it may not be written" in said


@pytest.mark.postgres
def test_standby_is_told_as_one(postgres_url: str) -> None:
    said = refusal(
        create_engine(postgres_url), "SET TRANSACTION READ ONLY", "CREATE TABLE t (x int)"
    )

    assert "it takes no writes" in said


def test_fault_of_ours_is_not_the_databases(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'llamado.db'}")

    said = refusal(engine, "CREATE TABLE t (x UNIQUE)", "INSERT INTO t VALUES (1), (1)")

    assert said == ""
