"""On which day does how many people's step of a series come? Counted in days of theirs, for whoever is in it now.

Three statements, however many series and steps there are. What is ahead is nowhere written down: of everybody under
way whose day is still to come, those are counted for whom the step has no row yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Connection,
    Row,
    Select,
    String,
    bindparam,
    column,
    exists,
    func,
    literal,
    select,
    values,
)

from campaigns.models import RunStatus
from campaigns.series import ON, step_day
from campaigns.step_copies import going_on
from messages.series_models import Enrolment, Series, SeriesStatus, SeriesStep, StepCopy
from organizers.roles import Within, as_key, owned

DAY = timedelta(days=1)
LAST = timedelta(hours=12)  # after UTC: no clock is later than that


class Stands(StrEnum):
    """How it stands with the people of a day."""

    DUE = "due"
    PAUSED = "paused"  # it comes while the series is paused, and then waits for it
    HELD = "held"  # it came, and a person is asked


@dataclass(frozen=True)
class StepDay:
    """People to whom a step comes on the same day."""

    day: date
    series_id: int
    series: str  # its name
    days: int
    hour: str  # where each of them lives
    stands: Stands
    people: int


def step_days(
    conn: Connection, within: Within, *, first: date, end: date, today: date
) -> list[StepDay]:
    """The days from ``first`` to before ``end`` on which steps of these projects' series come, or came and are held."""
    steps = conn.execute(_steps(as_key(within))).all()
    by_id = {each.id: each for each in steps}
    # Where it is yesterday yet, an hour of yesterday may be to come.
    ahead = _coming(conn, _windows(steps, max(first, today - DAY), end))
    found = [_of(by_id[row.step_id], row, held=False) for row in ahead]
    held = [_of(by_id[row.step_id], row, held=True) for row in _held(conn, list(by_id))]
    found += [each for each in held if first <= each.day < end]
    return sorted(found, key=lambda each: (each.day, each.series_id, each.days, each.stands))


def first_hour(conn: Connection, step: Row[Any], *, now: datetime) -> str:
    """The first wall time ahead at which a step comes to somebody who is in its series now; "" = to nobody yet.

    ``step`` of a series that was not started has nobody. What comes at once has no hour either.
    """
    if step.days == 0:
        return ""
    has_row = exists().where(StepCopy.step_id == step.id, StepCopy.enrolment_id == Enrolment.id)
    first = select(func.min(Enrolment.begins_on)).where(
        Enrolment.series_id == step.series_id,
        *going_on(),
        ~has_row,
        Enrolment.begins_on >= _back(_first_day(step.hour, now), step.days),
    )
    begins_on = conn.scalar(first)
    return f"{step_day(begins_on, step.days)}T{step.hour}" if begins_on else ""


def _first_day(hour: str, now: datetime) -> date:
    """The first day on which an hour is still ahead on some clock."""
    latest = now.astimezone(UTC) - LAST
    return latest.date() if f"{latest:%H:%M}" < hour else latest.date() + DAY


@lru_cache
def _steps(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(SeriesStep.id, SeriesStep.series_id, SeriesStep.days, SeriesStep.hour),
            *(Series.name, Series.status),
        )
        .join(Series, Series.id == SeriesStep.series_id)
        .where(Series.status.in_(ON), SeriesStep.retired_at.is_(None))
        .where(owned(Series.project_id, within))
    )


def _windows(steps: Iterable[Row[Any]], first: date, end: date) -> CTE | None:
    """For each step the first days of those people to whom it comes between two days; None: there are none."""
    if first >= end:
        return None
    rows = [
        (each.id, each.series_id, *(_back(day, each.days) for day in (first, end)))
        for each in steps
    ]
    if not rows:
        return None
    columns = (column("step_id", BigInteger), column("series_id", BigInteger))
    days = (column("begins", String), column("ends", String))
    return values(*columns, *days, name="spans").data(rows).cte("windows")


def _back(day: date, days: int) -> str:
    return (day - timedelta(days=days)).isoformat()


def _coming(conn: Connection, windows: CTE | None) -> Sequence[Row[Any]]:
    """How many are under way and have no row of a step, by step and first day."""
    if windows is None:
        return []
    has_row = exists().where(
        StepCopy.step_id == windows.c.step_id, StepCopy.enrolment_id == Enrolment.id
    )
    rows: Any = (
        select(windows.c.step_id, Enrolment.begins_on, func.count().label("people"))
        .where(Enrolment.series_id == windows.c.series_id, *going_on(), ~has_row)
        .where(Enrolment.begins_on >= windows.c.begins, Enrolment.begins_on < windows.c.ends)
        .group_by(windows.c.step_id, Enrolment.begins_on)
    )
    return conn.execute(rows).all()


def _held(conn: Connection, step_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """The same of those of whom a person is asked; whoever leaves a series is not."""
    return conn.execute(_held_copies(), {"steps": step_ids}).all() if step_ids else []


@cache
def _held_copies() -> Select[*tuple[Any, ...]]:
    # Said like this, SQLite too goes by the index of those held, and not through all copies of a step.
    held = literal(RunStatus.HELD.value, literal_execute=True)
    steps: Any = bindparam("steps", expanding=True)
    return (
        select(StepCopy.step_id, Enrolment.begins_on, func.count().label("people"))
        .join(Enrolment, Enrolment.id == StepCopy.enrolment_id)
        .where(StepCopy.status == held, (StepCopy.step_id + 0).in_(steps))
        .group_by(StepCopy.step_id, Enrolment.begins_on)
    )


def _of(step: Row[Any], row: Row[Any], *, held: bool) -> StepDay:
    waits = Stands.PAUSED if step.status == SeriesStatus.PAUSED else Stands.DUE
    return StepDay(
        day=step_day(row.begins_on, step.days),
        series_id=step.series_id,
        series=step.name,
        days=step.days,
        hour=step.hour,
        stands=Stands.HELD if held else waits,
        people=row.people,
    )
