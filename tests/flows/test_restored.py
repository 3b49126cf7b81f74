"""A backup that is put back never sends before a person confirms: it does not know what has left."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from database.engine import is_sqlite
from tests.builders import make_people
from tests.crash import checker
from tests.processes import ROOT, FakeProviders, House, Running, free_port, wait_until

PEOPLE = 300
Restore = Callable[[], None]
PACE = "60"  # a second: slow enough that a backup falls into the middle


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    make_people(database_url, PEOPLE)
    made = House(tmp_path, database_url, port=free_port())
    made.settings["LLAMADO_SENDING__SMS_SEGMENTS_PER_SECOND"] = PACE
    made.settings["LLAMADO_SENDING__EMAILS_PER_SECOND"] = PACE
    return made


@pytest.fixture
def fake(tmp_path: Path, house: House) -> Iterator[FakeProviders]:
    providers = FakeProviders(tmp_path, callback_base=house.url)
    house.use(providers)
    yield providers
    providers.stop()


@pytest.mark.crash
@pytest.mark.long
def test_a_backup_that_was_put_back_sends_nothing_before_a_person_resumes(
    house: House, fake: FakeProviders
) -> None:
    service = house.serve()
    alert = house.ask("alert", "launch", str(ROOT / "alerts/examples/suchitoto-14.toml"), "--yes")
    accepted(fake, at_least=PEOPLE // 4)
    service, restore = backed_up(house, service)
    accepted(fake, at_least=fake.ask("state")["accepted"] + PEOPLE // 4)
    service.kill()
    restore()

    before = fake.ask("state")["accepted"]
    service = house.serve()
    wait_until("it looked for work", lambda: two_heartbeats(house), within=90)
    held = house.ask("alert", "status", str(alert["alert"]))
    still = fake.ask("state")["accepted"]
    house.run("alert", "resume", str(alert["alert"]))
    wait_until("it goes on", lambda: fake.ask("state")["accepted"] > before)

    assert still == before
    assert held["status"] == "paused"
    assert held["paused_because"].startswith("Sending is held because this database is older")
    assert "Sending is held" in service.said
    assert service.stop() == 0


def accepted(fake: FakeProviders, *, at_least: int) -> None:
    wait_until("some leave", lambda: bool(fake.ask("state")["accepted"] >= at_least), within=120)


def two_heartbeats(house: House) -> bool:
    """The sender that lives was seen after its start, so it has looked for work for 15 seconds."""
    seen = "SELECT 1 FROM sender_runs WHERE seen_at > started_at AND stopped_at IS NULL"
    newest = f"{seen} AND started_at = (SELECT max(started_at) FROM sender_runs)"
    return bool(checker.query(house.database_url, newest)[0])


def backed_up(house: House, service: Running) -> tuple[Running, Restore]:
    """A backup of this moment: SQLite's while it sends, PostgreSQL's between two processes."""
    if is_sqlite(house.database_url):
        return service, _sqlite_backup(Path(urlsplit(house.database_url).path[1:]))
    service.kill()
    restore = _postgres_backup(house.database_url)
    return house.serve(), restore


def _sqlite_backup(path: Path) -> Restore:
    copy = path.with_suffix(".backup")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)

    def restore() -> None:
        for each in path.parent.glob(f"{path.name}-*"):
            each.unlink()
        copy.replace(path)

    return restore


def _postgres_backup(url: str) -> Restore:
    name = urlsplit(url).path[1:]

    def execute(*statements: str) -> None:
        elsewhere = url.replace("postgresql+psycopg", "postgresql").replace(name, "postgres")
        with psycopg.connect(elsewhere, autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement.encode())

    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    execute(ended, f"CREATE DATABASE {name}_backup TEMPLATE {name}")

    def restore() -> None:
        execute(
            f"DROP DATABASE {name} WITH (FORCE)",
            f"ALTER DATABASE {name}_backup RENAME TO {name}",
        )

    return restore
