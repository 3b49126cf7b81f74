"""Imports that have been: the list, and what one came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from contacts.models import Import, Project
from organizers.roles import Within, owned


@dataclass(frozen=True)
class PastImport:
    """An import as lists and its own page show it."""

    id: int
    filename: str
    consent: str
    counts: Mapping[str, Any]
    created_at: datetime
    undone_at: datetime | None
    project: str | None  # None = the network's

    @property
    def finished(self) -> bool:
        """Whether it came to its end; one that did not can be undone, or the file imported again."""
        return bool(self.counts.get("finished"))


def past_imports(conn: Connection, within: Within, *, limit: int = 20) -> list[PastImport]:
    """The latest imports of these projects."""
    statement = _imports().order_by(Import.id.desc()).limit(limit)
    statement = statement.where(owned(Import.project_id, within))
    return [PastImport(*row) for row in conn.execute(statement)]


def past_import(conn: Connection, import_id: int) -> PastImport:
    """One import; the caller knows that it exists."""
    return PastImport(*conn.execute(_imports().where(Import.id == import_id)).one())


def _imports() -> Select[*tuple[Any, ...]]:
    return select(
        Import.id,
        Import.filename,
        Import.consent,
        Import.counts,
        Import.created_at,
        Import.undone_at,
        Project.name,
    ).outerjoin(Project, Project.id == Import.project_id)
