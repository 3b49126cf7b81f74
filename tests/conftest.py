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

# Where ``make test`` asks PostgreSQL too: where rows are written, locked, claimed and counted, and where its SQL is
# another. Everything else on PostgreSQL waits for .ci/run. A test of a race that SQLite cannot have asks for
# ``postgres_url`` itself, and so is in both.
ROOMS_ON_BOTH = (
    "actions", "attacks", "contacts", "crash", "database", "faults", "model", "organizers", "representatives",
)  # fmt: skip
MODULES_ON_BOTH = {
    "alerts": (
        "approval_asks", "approval_races", "approving", "asking", "closing", "coverage", "facts", "launching",
    ),
    "campaigns": ("changing", "collisions", "firing", "results", "series", "sweeping"),
    "flows": ("after_an_alert",),
    "messages": (
        "answers", "audience", "audience_conditions", "audience_plans", "budgets", "call_totals", "clicks", "ending",
        "erasing", "expanding", "finding", "intake", "links", "mail_gates", "own_hour", "pacing", "parts", "promise",
        "receipts", "reconciling", "replies", "retention", "runs", "sending", "stop_races", "threads", "uniting",
        "volumes",
    ),
}  # fmt: skip
ON_BOTH = re.compile(
    rf"tests/({'|'.join(ROOMS_ON_BOTH)})/|tests/test_service\.py|tests/web/.*_(plans|statements|streams|webhooks)\.py|"
    + "|".join(
        rf"tests/{room}/test_({'|'.join(names)})\.py" for room, names in MODULES_ON_BOTH.items()
    )
)
# PostgreSQL is asked one case of each test there, but for these: each of theirs is another statement.
EVERY_CASE = re.compile(
    r".*/test_(\w*plans|\w*statements|audit|consent|runs|audience_conditions)\.py"
)
ASKED = pytest.StashKey[set[str]]()

# A shared machine is slow now and then. What is true of anything is tried anew in every run; .ci/run is thorough.
# Hypothesis' own profile for a CI would try the same examples in every run.
OWN = settings.get_profile("default")
settings.register_profile("llamado", OWN, deadline=None, max_examples=40)
settings.register_profile("thorough", OWN, deadline=None, max_examples=100)
settings.load_profile("llamado")
plain_logs.restore()
compiled.share()
quick_hashes.share()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kills", type=int, help="kills of a long crash run; without it a short one kills twice"
    )
    parser.addoption("--crash-seed", type=int, default=None, help="repeat the crash run of a seed")
    parser.addoption("--model-examples", type=int, default=40, help="of the machine, SQLite (40)")
    parser.addoption("--model-steps", type=int, default=20, help="of each example (20)")
    parser.addoption("--model-seed", type=int, default=1, help="of the machine's examples (1)")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave to the long run what ``make test`` does not ask PostgreSQL."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return
    if item.callspec.params.get("kind") != "postgres":
        return
    asked, name = item.config.stash.setdefault(ASKED, set()), item.nodeid.partition("[")[0]
    again = name in asked and not EVERY_CASE.match(name)
    if again or not ON_BOTH.match(name):
        item.add_marker(pytest.mark.long)
    if item.get_closest_marker("long") is None:
        asked.add(name)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin what takes longest first, some in each half: two workers begin with one half each."""
    first = [item for item in items if item.nodeid.startswith(LONGEST)]
    others = [item for item in items if not item.nodeid.startswith(LONGEST)]
    rest = max(0, len(items) // 2 - len(first[::2]))
    items[:] = [*first[::2], *others[:rest], *first[1::2], *others[rest:]]


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end, so it is not looked through for garbage; what comes
    later is less often than Python would, which saves a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


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
