"""A suite opens thousands of databases: what SQLAlchemy compiled for one serves all of its kind.

An engine compiles each statement anew at first use, which took a quarter of the web tests' time.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.util import LRUCache

STATEMENTS = 5_000

_of_a_kind: dict[type[Dialect], tuple[Dialect, LRUCache[Any, Any]]] = {}


def share() -> None:
    """Let all engines of a dialect, from now on, use one store of compiled statements."""
    event.listen(Engine, "engine_connect", _join)


def _join(conn: Connection) -> None:
    engine = conn.engine
    mine = engine.dialect, LRUCache[Any, Any](STATEMENTS)
    dialect, statements = _of_a_kind.setdefault(type(engine.dialect), mine)
    # The store tells statements apart by their dialect, and every engine makes a dialect of its own.
    engine.dialect = conn.dialect = dialect
    engine._compiled_cache = statements  # noqa: SLF001 - there is no other way to give an engine one
