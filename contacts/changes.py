"""Has anything about people changed since? And what was worked out of them, kept for as long as nothing has.

To go through everybody takes half a second for fifty thousand people, and a page of a draft does so at each
look. The database itself notes each change of what ``NOTED`` names, by triggers (migration 0051), whoever
makes it: SQLite in one row, PostgreSQL in a row for each statement. All notes together are a stamp. They
are random numbers, so that no stamp comes a second time: not after a rollback, and not after an older
database was put back.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, func, select, update

from contacts.models import (
    Address,
    AddressStanding,
    Contact,
    ContactTag,
    Membership,
    PeopleChange,
    Preference,
    Project,
    Tag,
)
from database.once import once

T = TypeVar("T")

NOTED = (
    Project,
    Contact,
    Address,
    Membership,
    Tag,
    ContactTag,
    Preference,
    AddressStanding,
)
"""Tables of which each change is noted. What rests on others besides is not to be kept."""

STAMP_BITS = 52  # as many as PostgreSQL's own have; all that a number in JSON holds everywhere
_STAMP = select(func.sum(PeopleChange.stamp))


class Kept:
    """Answers about people that hold until something about them changes; ``most`` of them at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._stamp: int | None = None
        self._answers: dict[Hashable, Any] = {}
        self._lock = Lock()

    def answer(self, conn: Connection, question: Hashable, ask: Callable[[], T]) -> T:
        """What ``ask`` answers of the tables in ``NOTED``; asked anew only if they have changed.

        ``question`` holds all else that the answer depends on. An answer is shared: nobody may change it.
        """
        stamp = _stamp_of(conn)
        with self._lock:
            if stamp is not None and stamp == self._stamp and question in self._answers:
                found: T = self._answers[question]
                return found
        found = ask()
        if stamp is not None and stamp == _stamp_of(conn):  # each statement may see another state
            self._keep(stamp, question, found)
        return found

    def _keep(self, stamp: int, question: Hashable, found: object) -> None:
        with self._lock:
            if stamp != self._stamp:
                self._stamp, self._answers = stamp, {}
            while len(self._answers) >= self._most:
                del self._answers[next(iter(self._answers))]  # the one kept for longest
            self._answers[question] = found


def new_stamp() -> int:
    """A stamp that was never given before."""
    return secrets.randbits(STAMP_BITS)


def forget(conn: Connection) -> None:
    """Delete all notes but the last: they would become many.

    That one gets a new stamp: it may have been the only one before, when notes with lower numbers were not committed.
    """
    last = conn.scalar(select(func.max(PeopleChange.id)))
    conn.execute(delete(PeopleChange).where(PeopleChange.id < last))
    anew = update(PeopleChange).where(PeopleChange.id == last)
    conn.execute(anew.values(stamp=new_stamp()))


@once
def _stamp_of(conn: Connection) -> int | None:
    """All notes of changes that this transaction sees, as one number; None where there are none."""
    found = conn.scalar(_STAMP)
    return None if found is None else int(found)
