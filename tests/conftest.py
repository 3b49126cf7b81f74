"""What every test may ask for: a time, a connection that is rolled back, a database of its own."""

from __future__ import annotations

import gc
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, create_engine

from database.embedded import open_engine
from database.engine import driver_url, is_sqlite
from database.opening import Opened
from database.opening import opened as open_database
from tests import compiled, plain_logs, quick_hashes
from tests.databases import KINDS, PostgresServer, SQLiteFiles, postgres_server

# Half a minute and more each: at the end, one worker alone would be at work on them.
LONGEST = (
    "tests/attacks/test_outside.py::test_no_attack",
    "tests/browser/test_console_pages.py::test_every_page",
    "tests/browser/test_storyline.py",
    "tests/crash/test_killing.py",
    "tests/faults",
    "tests/flows",
    "tests/model",
)

# The pages: on PostgreSQL they wait for .ci/run, for what they ask of a database the tests of the rooms
# ask of both. But for what a database itself may get wrong of a page.
PAGES = ("tests/web/console/", "tests/web/public/")
PAGES_ON_BOTH = re.compile(r"_(plans|statements|isolation|borders|streams)\.py")

settings.register_profile("llamado", deadline=None)  # a shared machine is slow now and then
settings.load_profile("llamado")
plain_logs.restore()
compiled.share()
quick_hashes.share()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=2, help="how often a crash run kills (2)")
    parser.addoption("--crash-seed", type=int, default=None, help="repeat the crash run of a seed")
    parser.addoption("--model-examples", type=int, default=40, help="of the machine, SQLite (40)")
    parser.addoption("--model-steps", type=int, default=20, help="of each example (20)")
    parser.addoption("--model-seed", type=int, default=1, help="of the machine's examples (1)")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave the pages on PostgreSQL to the long run."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return
    on_postgres = item.callspec.params.get("kind") == "postgres"
    if on_postgres and item.nodeid.startswith(PAGES) and not PAGES_ON_BOTH.search(item.nodeid):
        item.add_marker(pytest.mark.long)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin what takes longest first, some in each half: two workers begin with one half each."""
    first = [item for item in items if item.nodeid.startswith(LONGEST)]
    others = [item for item in items if not item.nodeid.startswith(LONGEST)]
    rest = max(0, len(items) // 2 - len(first[::2]))
    items[:] = [*first[::2], *others[:rest], *first[1::2], *others[rest:]]


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: no use in looking for garbage there."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def now() -> datetime:
    """A Thursday, 16:30 in the East and 11:30 in Hawaii: daytime in all fifty states."""
    return datetime(2026, 11, 19, 21, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SQLiteFiles:
    return SQLiteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database: everything promised holds on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def _engine(kind: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    url = _make(kind, request)
    engine = open_engine(url) if is_sqlite(url) else create_engine(url)
    yield engine
    engine.dispose()
    _drop(kind, request, url)


@pytest.fixture
def conn(_engine: Engine) -> Iterator[Connection]:
    """A connection inside a transaction that is rolled back after the test."""
    with _engine.connect() as connection, closing(connection.begin()):
        yield connection


@pytest.fixture
def database_url(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh migrated database."""
    url = _make(kind, request)
    yield url
    _drop(kind, request, url)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a fresh migrated PostgreSQL database, for what only PostgreSQL promises."""
    url = postgres.make()
    yield url
    postgres.give_back(url)


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Opened]:
    """A fresh migrated database, open as the service opens it; it needs no ``prepare`` any more."""
    async with open_database(driver_url(database_url)) as database:
        yield database


def _make(kind: str, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        files: SQLiteFiles = request.getfixturevalue("sqlite_files")
        return files.make()
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.make()


def _drop(kind: str, request: pytest.FixtureRequest, url: str) -> None:
    if kind == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        server.give_back(url)
