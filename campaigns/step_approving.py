"""Two people before a step of a series leaves, by the rules of planned emails (``approving.py``).

An approval is of a hash of the step's words and day, of whom its series takes in and of how late it may leave
unasked, so whatever changes one of them voids it. Who comes to a step that is not approved waits, and is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select

from campaigns import series as writing
from database.upserts import insert_or
from messages.house import HouseRules
from messages.series_models import Series, SeriesStep, StepApproval
from organizers.approvers import Ballot, How, Vote, able, coming, still_given
from organizers.roles import NETWORKS, owned

OF_SERIES = (
    *("id", "trigger", "imports", "zone", "project_id", "email_sender", "look"),
    *("late_minutes", "wait_hours"),  # what of it leaves unasked
)
OF_STEP = ("id", "days", "hour", "texts")


def digest(series: Row[Any], step: Row[Any]) -> str:
    """The hash that stands for a step as it is."""
    said = {
        "series": {name: getattr(series, name) for name in OF_SERIES},
        "step": {name: getattr(step, name) for name in OF_STEP},
    }
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def approved(conn: Connection, series: Row[Any], step: Row[Any], *, house: HouseRules) -> bool:
    """Whether as many people as the house asks for stand behind a step as it is."""
    if house.approvals <= 1:
        return True
    found = ballot(conn, series, step, house=house)
    return found.enough(frozenset(step.writers), people=house.approvals)


def ballot(
    conn: Connection,
    series: Row[Any],
    step: Row[Any],
    *,
    house: HouseRules,
    now: datetime | None = None,
) -> Ballot:
    """How far a step is from being approved."""
    as_it_is = digest(series, step)
    project = series.project_id or NETWORKS
    possible = able(conn, project, frozenset(step.writers))
    mine = select(StepApproval).where(StepApproval.step_id == step.id)
    rows: Sequence[Row[Any]] = conn.execute(mine.order_by(StepApproval.id)).all()
    votes = (Vote(row.digest, row.organizer_id, row.language, How.CONSOLE, row.at) for row in rows)
    given = still_given(votes, as_it_is, possible)
    return Ballot(
        digest=as_it_is,
        needed=max(house.approvals - 1, 0),
        languages=house.languages,
        given=given,
        voided=not given and bool(rows),
        possible=possible,
        awaited=coming(conn, project, now) if now is not None else (),
    )


def asked_of(
    conn: Connection, projects: Collection[int], organizer_id: int, *, house: HouseRules
) -> list[tuple[Row[Any], Row[Any]]]:
    """The steps of these projects' running series that wait for an organizer's approval, with their series."""
    if house.approvals <= 1 or not projects:
        return []
    steps: Any = (
        select(SeriesStep.id, SeriesStep.series_id)
        .join(Series, Series.id == SeriesStep.series_id)
        .where(Series.status.in_(writing.ON), SeriesStep.retired_at.is_(None))
        .where(owned(Series.project_id, tuple(projects)))
        .order_by(SeriesStep.series_id, SeriesStep.days, SeriesStep.id)
    )
    found = []
    for series_id in dict.fromkeys(row.series_id for row in conn.execute(steps)):
        series = writing.look_at(conn, series_id)
        for step in writing.steps_of(conn, series_id):
            asked = ballot(conn, series, step, house=house)
            if set(asked.open_to(organizer_id)) & set(asked.missing):
                found.append((series, step))
    return found


def approve(
    conn: Connection,
    step_id: int,
    organizer_id: int,
    *,
    seen: str,
    languages: Collection[str],
    house: HouseRules,
    now: datetime,
) -> list[str]:
    """Approve some languages of a step as somebody has seen it; return the new ones, twice is once.

    Raises Changed, MayNotApprove, NotRead, NoSuchStep.
    """
    step = writing.find_step(conn, step_id)
    series = writing.look_at(conn, step.series_id)
    found = ballot(conn, series, step, house=house)
    found.require_seen(organizer_id, seen)
    new = found.fresh(organizer_id, languages)
    for language in new:
        row = insert_or(conn, StepApproval).values(
            step_id=step_id, digest=seen, language=language, organizer_id=organizer_id, at=now
        )
        conn.execute(row.on_conflict_do_nothing())
    return new
