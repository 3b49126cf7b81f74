"""One face for both databases: run a unit of work, in a write or a read transaction.

A unit of work is ``def unit(conn: Connection, …) -> T``. It must do nothing but talk to the
connection, because PostgreSQL may run it again after a deadlock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InternalError, OperationalError

P = ParamSpec("P")
T = TypeVar("T")
Unit = Callable[Concatenate[Connection, P], T]


class DatabaseUnusable(Exception):
    """The database cannot be opened; the message says why and what to do."""


class DatabaseClosed(DatabaseUnusable):
    """The service is stopping: this came after the last commit and was not written."""


class Database(Protocol):
    """What the rest of the house knows of a database."""

    @property
    def embedded(self) -> bool:
        """Whether this is the SQLite file of a single machine."""

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit in a write transaction; return its result once the commit is durable."""

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit that only reads, on a snapshot of its own."""

    async def close(self) -> None:
        """Finish what is queued and close every connection."""


def driver_url(url: str) -> str:
    """Spell a database URL with the driver we use: ``postgresql+psycopg`` or ``sqlite``.

    Raises DatabaseUnusable when the URL names neither database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnusable(
            "database.url cannot be read; write sqlite:///llamado.db "
            "or postgresql://user:password@host/name"
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite").render_as_string(hide_password=False)
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    raise DatabaseUnusable(
        f"database.url names {backend}; Llamado runs on sqlite and on postgresql"
    )


def is_sqlite(url: str) -> bool:
    """Whether a URL, as ``driver_url`` spells it, names an SQLite file."""
    return url.startswith("sqlite")


REFUSALS = {  # what drivers say -> what that means to a person
    "disk is full": "the disk that holds it is full; make room, then try again",
    "no space left": "the disk that holds it is full; make room, then try again",
    "readonly": "it may not be written; check who owns the file and its folder",
    "read-only": "it takes no writes (is it a standby?); check database.url",
    "database is locked": "another program has held its lock for too long; try again",
    "disk i/o error": "its disk does not answer as it should; look at the system's log",
}


def why_refused(error: Exception) -> str:
    """A sentence on why the database did not do what it was asked; "" if the fault is not its own."""
    if not isinstance(error, OperationalError | InternalError):
        return ""
    said = _first_line(error)
    meant = next((why for word, why in REFUSALS.items() if word in said.lower()), said)
    return f"the database refused, and nothing was changed: {meant}"


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
