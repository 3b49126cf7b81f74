"""How many answers are taken from one place? Counted in rows, so that a restart forgives nothing.

A machine could report a thousand calls that nobody made. A hall full of people answers from one network
address, and nobody calls a hundred offices in an hour. What is counted is a keyed hash that the caller
hands in, new every day, and forgotten after a week.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from actions.models import AnswerCount
from database.upserts import insert_or

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT = timedelta(days=7)


class TooOften(Exception):
    """So many answers came from your network that we take no more for now; try again later."""


@dataclass(frozen=True, slots=True)
class Most:
    """How many answers one source may give."""

    an_hour: int
    a_day: int


ADDRESS = Most(an_hour=300, a_day=1_500)  # a whole meeting calls from one hall
PAGE = Most(an_hour=60, a_day=200)  # one person's own page, corrections included


def count_answer(conn: Connection, sources: Mapping[str, Most], *, now: datetime) -> None:
    """Count one answer for each source; raise TooOften if it is one too many for any of them.

    The caller's transaction, which records the answer, is then rolled back, and the count with it.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    periods = [("hour", hour), ("day", hour.replace(hour=0))]
    rows = [
        {"source": f"{name}:{source}", "since": since, "answers": 1}
        for source in sorted(sources)
        for name, since in periods
    ]
    statement = insert_or(conn, AnswerCount).values(rows)
    statement = statement.on_conflict_do_update(
        index_elements=["source", "since"], set_={"answers": AnswerCount.answers + 1}
    )
    found = conn.execute(statement.returning(AnswerCount.source, AnswerCount.answers)).all()
    for source, answers in found:
        name, _, counted = source.partition(":")
        most = sources[counted]
        if answers > (most.an_hour if name == "hour" else most.a_day):
            raise TooOften(TooOften.__doc__)


def forget(conn: Connection, *, now: datetime) -> int:
    """Delete counts that are a week old; return how many."""
    return conn.execute(delete(AnswerCount).where(AnswerCount.since < now - KEPT)).rowcount
