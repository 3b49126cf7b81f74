"""Which kind of work does an alert count as? What follows another one counts as that; the rest say it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select, union_all
from sqlalchemy.orm import aliased

from alerts.citation_models import FactCorrection
from alerts.models import Alert, FollowUp, Work
from messages.findings import Finding, finding


def counts_as() -> ColumnElement[int]:
    """The alert as which one counts, as SQL: the first of those that it follows or corrects, or itself."""
    steps = union_all(
        select(FollowUp.alert_id, FollowUp.of_id),
        select(FactCorrection.alert_id, FactCorrection.of_id),
    ).subquery()
    before, step = select(steps).cte("before", recursive=True), steps.alias()
    before = before.union(
        select(before.c.alert_id, step.c.of_id).join(step, step.c.alert_id == before.c.of_id)
    )
    first = select(before.c.of_id).where(before.c.alert_id == Alert.id)
    first = first.where(before.c.of_id.not_in(select(steps.c.alert_id)))
    return func.coalesce(first.correlate(Alert).scalar_subquery(), Alert.id)


def work_of(conn: Connection, alert_id: int) -> Work | None:
    """What kind of work an alert is; None while nobody has said."""
    said = conn.scalar(_work(), {"alert": alert_id})
    return Work(said) if said else None


@cache
def _work() -> Select[*tuple[Any, ...]]:
    first = aliased(Alert)
    found = select(first.work).join_from(Alert, first, first.id == counts_as())
    return found.where(Alert.id == bindparam("alert"))


def work_findings(conn: Connection, alert_id: int) -> Iterator[Finding]:
    """That nobody has said yet what kind of work a draft is; what follows another needs no word of its own."""
    if conn.scalar(_own_work(), {"alert": alert_id}) == "":
        yield finding("work_not_said")


@cache
def _own_work() -> Select[*tuple[Any, ...]]:
    """The work of one that follows no other."""
    return select(Alert.work).where(Alert.id == bindparam("alert"), counts_as() == Alert.id)
