"""Does a planned email or a step of a series need this picture?

Of an email its own words, an occurrence's, or those of a way of writing that is tried; of a step its words.

One that was called off does so for as long as it can be taken up, and for ever when any of it has left.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, or_, select

from campaigns.calendar import AlreadyPast, Hour, look_at, next_of
from campaigns.experiment_models import Experiment
from campaigns.models import CampaignEmail, CampaignRun, RunStatus, ScheduleStatus
from messages.series_models import SeriesStep


def needed(conn: Connection, address: str, *, now: datetime) -> bool:
    """Whether any email of a campaign that has left or may still leave shows the picture with this address."""
    if conn.scalar(select(SeriesStep.id).where(_says(address, SeriesStep.texts)).limit(1)):
        return True
    shows = set[int]()
    for chosen in _showing(address):
        shows |= set(conn.scalars(chosen))
    return any(not _is_gone(conn, email_id, now) for email_id in shows)


def _showing(address: str) -> Iterator[Select[int]]:
    """Where the emails that show it stand."""
    yield select(CampaignEmail.id).where(
        _says(address, CampaignEmail.texts, CampaignEmail.experiment)
    )
    yield select(CampaignRun.email_id).where(_says(address, CampaignRun.texts))
    yield (
        select(CampaignRun.email_id)
        .join(Experiment, Experiment.run_id == CampaignRun.id)
        .where(_says(address, Experiment.texts, Experiment.plan))
    )


def _says(address: str, *columns: Any) -> ColumnElement[bool]:
    return or_(*(cast(each, Text).contains(address, autoescape=True) for each in columns))


def _is_gone(conn: Connection, email_id: int, now: datetime) -> bool:
    """Whether an email was called off before any of it left, and has no date left on which it could be taken up."""
    email = look_at(conn, email_id)
    if email.status != ScheduleStatus.CANCELLED:
        return False
    stands = or_(
        CampaignRun.status != RunStatus.SKIPPED,
        CampaignRun.fired_at.is_not(None),
        CampaignRun.message_id.is_not(None),
        CampaignRun.planned_at > now,
    )
    runs = select(CampaignRun.id).where(CampaignRun.email_id == email_id, stands)
    if conn.scalar(runs.limit(1)) is not None:
        return False
    try:
        next_of(conn, Hour(email.local_time, email.zone, email.rule, email.own_zone), now)
    except AlreadyPast:
        return True
    return False
