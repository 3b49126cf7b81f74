"""Bring a database to the schema this version expects, or say that it is already newer.

Alembic runs the migrations, but is not asked whether there are any: our numbers run without a gap,
and importing it takes 10 MB and a tenth of a second of every start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.exc import DatabaseError, OperationalError

from database.embedded import open_engine
from database.engine import DatabaseUnusable, is_sqlite

SCRIPTS = Path(__file__).parent / "migrations"


class SchemaTooNew(DatabaseUnusable):
    """The database was migrated by a newer Llamado; install that version, or restore a backup."""


class SchemaTooOld(DatabaseUnusable):
    """The database lacks a migration; run ``llamado migrate``."""


def migrate(url: str) -> list[str]:
    """Apply the migrations that a database lacks, in one transaction; return their numbers.

    Raises SchemaTooNew for a database of a newer version, DatabaseUnusable if it cannot be opened.
    """
    with _engine(url) as engine, engine.begin() as conn:
        missing = _missing(conn)
        if missing:
            _upgrade(conn)
        return missing


def missing_migrations(url: str) -> list[str]:
    """The numbers of the migrations a database lacks, without changing it.

    Raises SchemaTooNew for a database of a newer version, DatabaseUnusable if it cannot be opened.
    """
    with _engine(url) as engine, engine.connect() as conn:
        return _missing(conn)


def require_current(url: str) -> None:
    """Raise SchemaTooOld or SchemaTooNew unless the database has exactly this version's schema."""
    missing = missing_migrations(url)
    if missing:
        raise SchemaTooOld(
            f"the database lacks migration {', '.join(missing)}; run: llamado migrate"
        )


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    """An engine for the length of one job; a database that cannot be opened is named as such."""
    engine = open_engine(url) if is_sqlite(url) else create_engine(url)
    try:
        yield engine
    except DatabaseError as error:
        if not _about_opening(error):
            raise
        raise _unusable(error) from error
    finally:
        engine.dispose()


def _about_opening(error: DatabaseError) -> bool:
    """Whether it is the connection that failed (SQLite: or a file of another kind), not a statement."""
    return isinstance(error, OperationalError) or type(error) is DatabaseError


def _upgrade(conn: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see the top
    from alembic.config import Config  # noqa: PLC0415 - see the top

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _missing(conn: Connection) -> list[str]:
    current = _current(conn)
    known = sorted(path.name[:4] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
    if current and current not in known:
        raise SchemaTooNew(
            f"the database is at migration {current}, which this version does not know; "
            "install the newer Llamado that wrote it, or restore a backup"
        )
    return [number for number in known if number > current]


def _current(conn: Connection) -> str:
    """The last migration a database has had; "" for none."""
    if not inspect(conn).has_table("alembic_version"):
        return ""
    found: str | None = conn.scalar(text("SELECT version_num FROM alembic_version"))
    return found or ""


def _unusable(error: DatabaseError) -> DatabaseUnusable:
    detail = str(error.orig).strip().splitlines()[0]
    return DatabaseUnusable(f"the database cannot be opened: {detail}; check database.url")
