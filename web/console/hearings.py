"""Hearings that lie ahead, as far as whoever looks may read of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from alerts.hearings import hearings_between
from organizers.roles import NETWORKS, Within


@dataclass(frozen=True)
class Hearing:
    """A hearing of an open case."""

    case_id: int
    day: date
    words: str


def hearings(
    conn: Connection, within: Within, writes: Within, *, first: date, end: date, language: str
) -> list[Hearing]:
    """Hearings from one day to before another, of cases of these projects.

    One that was ever withheld is for those who may write there, as on the page of its case.
    """
    found = []
    for fact, project_id in hearings_between(conn, within, first, end):
        if fact.current.withdrawn:
            continue
        if fact.was_withheld and not (writes is None or (project_id or NETWORKS) in writes):
            continue
        said = fact.current.words
        words = said.get(language) or next(iter(said.values()), "")
        found.append(Hearing(fact.case_id, fact.current.happened_on, words))
    return found
