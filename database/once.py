"""What a unit that only reads asks twice is read once: it sees one snapshot from its beginning to its end.

A page is put together by rooms that know nothing of each other. The check of a draft, what stands for it
in an approval, and its preview each ask for its words; only the first of them need go to the database.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import wraps

from sqlalchemy import Connection

from database.engine import P, T, Unit

_ANSWERS = "llamado_answers"


def only_reading(conn: Connection) -> None:
    """From now on, for as long as this connection is out, an answer to ``once`` is kept."""
    conn.execution_options(**{_ANSWERS: {}})


def once(read: Unit[P, T]) -> Unit[P, T]:
    """Let a function that reads be asked as often as one likes: within ``Database.read`` it reads once.

    Its arguments must have hashes, and its answer is shared: nobody may change it. In a unit that writes
    it reads each time, for what it reads may be another by then.
    """

    @wraps(read)
    def asked(conn: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        answers: dict[Hashable, T] | None = conn.get_execution_options().get(_ANSWERS)
        if answers is None:
            return read(conn, *args, **kwargs)
        question = (read, args, *sorted(kwargs.items()))
        if question not in answers:
            answers[question] = read(conn, *args, **kwargs)
        return answers[question]

    return asked
