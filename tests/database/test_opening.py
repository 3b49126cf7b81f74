from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from database.engine import DatabaseUnusable, driver_url, is_sqlite
from database.migrating import SchemaTooOld
from database.models import Secret
from database.opening import Opened, opened, prepare, secret
from tests.databases import PostgresServer
from tests.processes import wait_until


async def test_an_sqlite_file_and_its_folder_are_made_at_first_use(tmp_path: Path) -> None:
    url = prepare(f"sqlite:///{tmp_path}/data/llamado.db")

    async with opened(url) as database:
        assert len(await database.database.write(secret, "links")) == 64


def open_to_others(folder: Path) -> dict[str, int]:
    """What everybody but a file's own user may do with it."""
    return {path.name: path.stat().st_mode & 0o077 for path in folder.glob("llamado.db*")}


async def test_nobody_else_on_the_machine_reads_the_file_or_its_log(tmp_path: Path) -> None:
    url = prepare(f"sqlite:///{tmp_path}/llamado.db")

    async with opened(url) as database:
        await database.database.write(secret, "links")
        modes = open_to_others(tmp_path)

    assert {"llamado.db", "llamado.db-wal"} <= modes.keys()
    assert set(modes.values()) == {0}


def test_a_file_that_was_opened_to_others_stays_so(tmp_path: Path) -> None:
    prepare(f"sqlite:///{tmp_path}/llamado.db")
    (tmp_path / "llamado.db").chmod(0o640)

    prepare(f"sqlite:///{tmp_path}/llamado.db")

    assert (tmp_path / "llamado.db").stat().st_mode & 0o777 == 0o640


@pytest.mark.postgres
def test_postgresql_is_never_migrated_by_starting(postgres: PostgresServer) -> None:
    url = postgres.empty()

    with pytest.raises(SchemaTooOld, match="llamado migrate"):
        prepare(url)

    postgres.drop(url)


async def test_a_secret_is_made_once_and_differs_by_name(opened: Opened) -> None:
    first = await opened.database.write(secret, "links")

    assert await opened.database.write(secret, "links") == first
    assert await opened.database.write(secret, "simulator_twilio") != first


WAITING = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = :pid)")


@pytest.mark.postgres
def test_processes_that_start_at_once_have_the_same_secret(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with (
        ThreadPoolExecutor() as threads,
        engine.connect() as first,
        engine.connect() as second,
        engine.connect() as watch,
    ):
        made = secret(first, "links")
        who = {"pid": second.scalar(select(func.pg_backend_pid()))}
        other = threads.submit(secret, second, "links")
        wait_until("the second waits", lambda: bool(watch.scalar(WAITING, who)))
        first.commit()

        assert other.result(60) == made
    engine.dispose()


async def test_an_error_does_not_quote_what_was_to_be_written(opened: Opened) -> None:
    def keep(conn: Connection) -> None:
        conn.execute(insert(Secret).values(name="links", value="+16082345678"))

    await opened.database.write(keep)
    with pytest.raises(IntegrityError) as caught:
        await opened.database.write(keep)

    assert "+16082345678" not in str(caught.value)


def test_a_secret_is_made_once_within_a_transaction_too(conn: Connection) -> None:
    assert secret(conn, "links") == secret(conn, "links")


@pytest.mark.parametrize(
    ("typed", "ours"),
    [
        ("sqlite:///llamado.db", "sqlite:///llamado.db"),
        ("sqlite+pysqlite:///llamado.db", "sqlite:///llamado.db"),
        ("postgresql://u:p@host/name", "postgresql+psycopg://u:p@host/name"),
        ("postgres://u:p@host/name", "postgresql+psycopg://u:p@host/name"),
        ("postgresql+asyncpg://u@host/name", "postgresql+psycopg://u@host/name"),
    ],
)
def test_a_url_is_spelled_with_our_driver(typed: str, ours: str) -> None:
    assert driver_url(typed) == ours
    assert is_sqlite(ours) == ours.startswith("sqlite")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("llamado.db", "cannot be read; write sqlite:///llamado.db"),
        ("mysql://host/name", "names mysql; Llamado runs on sqlite and on postgresql"),
    ],
)
def test_a_url_of_neither_database_is_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(DatabaseUnusable, match=sentence):
        driver_url(typed)
