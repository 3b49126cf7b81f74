"""Which kind of work does an alert count as? What follows another one counts as that; the rest say it themselves."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.orm import aliased

from alerts.citation_models import FactCorrection
from alerts.models import Alert, FollowUp, Work
from messages.findings import Finding, finding


def counts_as() -> ColumnElement[int]:
    """The alert as which one counts, as SQL: the one that it follows or corrects, or itself."""
    followed = select(FollowUp.of_id).where(FollowUp.alert_id == Alert.id)
    corrects = select(FactCorrection.of_id).where(FactCorrection.alert_id == Alert.id)
    leads_to = (each.correlate(Alert).scalar_subquery() for each in (followed, corrects))
    return func.coalesce(*leads_to, Alert.id)


def work_of(conn: Connection, alert_id: int) -> Work | None:
    """What kind of work an alert is; None while nobody has said."""
    first = aliased(Alert)
    found = select(first.work).join_from(Alert, first, first.id == counts_as())
    said = conn.scalar(found.where(Alert.id == alert_id))
    return Work(said) if said else None


def work_findings(conn: Connection, alert_id: int) -> Iterator[Finding]:
    """That nobody has said yet what kind of work a draft is; what follows another needs no word of its own."""
    mine = select(Alert.work).where(Alert.id == alert_id, counts_as() == Alert.id)
    if conn.scalar(mine) == "":
        yield finding("work_not_said")
