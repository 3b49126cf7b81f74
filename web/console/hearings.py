"""Hearings that lie ahead, as far as whoever looks may read of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from alerts.fact_models import Fact, FactKind, FactVersion
from alerts.models import Case
from alerts.timeline import find_facts
from organizers.roles import NETWORKS, Within, owned


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
    latest = select(FactVersion.fact_id, func.max(FactVersion.number).label("number"))
    current = latest.group_by(FactVersion.fact_id).subquery()
    rows = (
        select(Fact.id, Case.project_id)
        .join(Case, Case.id == Fact.case_id)
        .join(FactVersion, FactVersion.fact_id == Fact.id)
        .join(
            current,
            (current.c.fact_id == Fact.id) & (current.c.number == FactVersion.number),
        )
        .where(FactVersion.kind == FactKind.HEARING, FactVersion.withdrawn.is_(False))
        .where(FactVersion.happened_on >= first, FactVersion.happened_on < end)
        .where(Case.closed_at.is_(None), owned(Case.project_id, within))
        .order_by(FactVersion.happened_on, Fact.id)
    )
    whose = dict(conn.execute(rows).all())
    facts = find_facts(conn, whose)
    found = []
    for fact_id, project_id in whose.items():
        fact = facts[fact_id]
        if fact.was_withheld and not (writes is None or (project_id or NETWORKS) in writes):
            continue
        said = fact.current.words
        words = said.get(language) or next(iter(said.values()), "")
        found.append(Hearing(fact.case_id, fact.current.happened_on, words))
    return found
