"""Hearings of open cases, with all that was known of each: who may read what of them, the caller decides."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, Select, bindparam, func, select

from alerts.fact_models import Fact, FactKind, FactVersion
from alerts.models import Case
from alerts.timeline import KnownFact, find_facts
from organizers.roles import Within, as_key, owned


def hearings_between(
    conn: Connection, within: Within, first: date, end: date
) -> list[tuple[KnownFact, int | None]]:
    """Hearings from one day to before another, also withdrawn ones, with the project whose case it is; by day."""
    days = {"first": first, "end": end}
    whose = dict(conn.execute(_between(as_key(within)), days).all())
    facts = find_facts(conn, whose)
    return [(facts[fact_id], project_id) for fact_id, project_id in whose.items()]


@lru_cache
def _between(within: tuple[int, ...] | None) -> Select[int, int | None]:
    latest = select(FactVersion.fact_id, func.max(FactVersion.number).label("number"))
    current = latest.group_by(FactVersion.fact_id).subquery()
    return (
        select(Fact.id, Case.project_id)
        .join(Case, Case.id == Fact.case_id)
        .join(FactVersion, FactVersion.fact_id == Fact.id)
        .join(
            current,
            (current.c.fact_id == Fact.id) & (current.c.number == FactVersion.number),
        )
        .where(FactVersion.kind == FactKind.HEARING)
        .where(FactVersion.happened_on >= bindparam("first"))
        .where(FactVersion.happened_on < bindparam("end"))
        .where(Case.closed_at.is_(None), owned(Case.project_id, within))
        .order_by(FactVersion.happened_on, Fact.id)
    )
