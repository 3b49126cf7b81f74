"""Open the database a URL names, together with the job port that belongs to it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, make_url, select

from database.embedded import Embedded
from database.engine import Database, driver_url, is_sqlite
from database.jobs import EmbeddedJobs, Jobs
from database.migrating import migrate, require_current
from database.models import Secret
from database.upserts import insert_or


@dataclass(frozen=True)
class Opened:
    """A database ready for use and its jobs."""

    database: Database
    jobs: Jobs
    url: str


def prepare(url: str) -> str:
    """Make the schema current where that is ours to do; return the URL with our driver.

    An SQLite file migrates itself; PostgreSQL is migrated on purpose, by ``llamado migrate``.
    Raises DatabaseUnusable, SchemaTooOld or SchemaTooNew.
    """
    url = driver_url(url)
    if not is_sqlite(url):
        require_current(url)
        return url
    _make_private(Path(make_url(url).database or "."))
    migrate(url)
    return url


def _make_private(path: Path) -> None:
    """Make a new file before SQLite does, for this user alone; the log beside it takes its mode.

    SQLite would let everybody on the machine read it. Whoever widened a file's mode had a reason.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Opened]:
    """Open a prepared database (see ``prepare``) and close it behind you."""
    async with _embedded(url) if is_sqlite(url) else _shared(url) as found:
        yield found


@asynccontextmanager
async def _embedded(url: str) -> AsyncIterator[Opened]:
    jobs = EmbeddedJobs()
    database = Embedded(url, on_wake=jobs.wake)
    try:
        yield Opened(database, jobs, url)
    finally:
        await database.close()


@asynccontextmanager
async def _shared(url: str) -> AsyncIterator[Opened]:
    from database.postgres import Postgres  # noqa: PLC0415 - brings drivers along
    from database.shared_jobs import ProcrastinateJobs  # noqa: PLC0415 - brings a queue along

    jobs = ProcrastinateJobs(url)
    await jobs.start()
    database = Postgres(url)
    try:
        yield Opened(database, jobs, url)
    finally:
        await jobs.close()
        await database.close()


async def scrubbed(database: Database) -> bool:
    """Leave no trace of deleted rows where that is ours to do; whether there is none.

    PostgreSQL sees to its own files: what is deleted there is overwritten by and by (docs/privacy.md).
    """
    return await database.scrub() if isinstance(database, Embedded) else True


def secret(conn: Connection, name: str) -> str:
    """This installation's secret of that name, made at first use: 256 random bits in hex."""
    known = select(Secret.value).where(Secret.name == name)
    if (value := conn.scalar(known)) is not None:
        return value
    # Several processes may start at once on a new database: what the first of them made is everybody's.
    made = insert_or(conn, Secret).values(name=name, value=secrets.token_hex(32))
    conn.execute(made.on_conflict_do_nothing())
    return conn.execute(known).scalar_one()
