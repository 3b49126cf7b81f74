"""Is everything locked? Asked by whoever is about to let something leave, or somebody in.

Between the question and the commit nobody may lock. On SQLite there is one writer; on PostgreSQL each
who asks holds a gate that locking waits for, and whoever comes after finds the lock's row.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, insert, select, update

from database.models import Lock

GATE = 4_770_991  # the number of our advisory lock; any number nobody else uses in this database


_IN_FORCE = select(Lock).where(Lock.ended_at.is_(None))  # asked for by every page of the console


class Locked(Exception):
    """Everything is locked: nobody signs in and nothing leaves. On the server, run “llamado unlock” first."""


class AlreadyLocked(Exception):
    """Everything is locked already."""


class NotLocked(Exception):
    """Nothing is locked."""


def locked() -> ColumnElement[bool]:
    """Whether a lock is in force, as SQL for a statement that asks something else as well."""
    return exists(select(Lock.id).where(Lock.ended_at.is_(None)))


def passing() -> ColumnElement[Any]:
    """What to select on PostgreSQL, in a statement before the one that asks ``locked``.

    It waits for whoever is locking, and lets nobody lock before this transaction is over.
    """
    return func.pg_advisory_xact_lock_shared(GATE)


def is_locked(conn: Connection) -> bool:
    """Whether a lock is in force, and stays so, or not, until this transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(passing()))
    return bool(conn.scalar(select(locked())))


def require_unlocked(conn: Connection) -> None:
    """Raise Locked while everything is locked."""
    if is_locked(conn):
        raise Locked(Locked.__doc__)


def in_force(conn: Connection) -> Row[Lock] | None:
    """The lock that is in force; for showing it, as another may be begun or ended in the same instant."""
    return conn.execute(_IN_FORCE).first()


def close_gate(conn: Connection) -> None:
    """Wait for whoever passed, and keep everybody else waiting until this transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(GATE)))


def take_turns(conn: Connection, subjects: Iterable[str]) -> None:
    """Wait for whoever does something about the same subject, and keep others waiting until we have committed.

    For what rows cannot be locked for, because they are not there yet. On SQLite there is one writer.
    """
    if conn.dialect.name == "postgresql":
        for subject in sorted(subjects):
            conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))


def begin(
    conn: Connection, *, by: str, reason: str, sessions: int, messages: int, now: datetime
) -> int:
    """Write down that a lock begins; the caller has closed the gate. Returns its number."""
    row = insert(Lock).values(
        begun_at=now, begun_by=by, reason=reason, sessions=sessions, messages=messages, ended_by=""
    )
    return conn.execute(row.returning(Lock.id)).scalar_one()


def end(conn: Connection, lock_id: int, *, by: str, now: datetime) -> None:
    """Write down that a lock ends."""
    conn.execute(update(Lock).where(Lock.id == lock_id).values(ended_at=now, ended_by=by))
