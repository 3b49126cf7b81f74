"""Two people before a step of a series leaves, by the rules of planned emails (``ballots.py``).

An approval is of a hash of the step's words and day, of whom its series takes in and of how late it may leave
unasked, so whatever changes one of them voids it. Who comes to a step that is not approved waits, and is shown.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Row

from campaigns import ballots
from campaigns import series as writing
from campaigns.ballots import About, Subject
from messages.house import HouseRules
from messages.series_models import SeriesStatus
from organizers.approvers import Ballot

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
        **{name: each for name, each in _actions(series, step).items() if each is not None},
    }
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _actions(series: Row[Any], step: Row[Any]) -> dict[str, int | None]:
    return {"only": series.only_action_id, "leads_to": step.action_id}


def subject_of(series: Row[Any], step: Row[Any]) -> Subject:
    """A step as it is approved."""
    return Subject(
        about=About(step_id=step.id),
        digest=digest(series, step),
        writers=frozenset(step.writers),
        project_id=series.project_id,
        texts=step.texts,
        zone=series.zone,
        off=step.retired_at is not None or series.status == SeriesStatus.STOPPED,
    )


def approved(conn: Connection, series: Row[Any], step: Row[Any], *, house: HouseRules) -> bool:
    """Whether as many people as the house asks for stand behind a step as it is."""
    return ballots.approved(conn, subject_of(series, step), house=house)


def standing(
    conn: Connection, series: Row[Any], step: Row[Any], *, house: HouseRules, now: datetime
) -> Ballot:
    """How far a step is from being approved, and who was asked."""
    return ballots.standing(conn, subject_of(series, step), house=house, now=now)


def asked_of(
    conn: Connection,
    projects: Collection[int],
    organizer_id: int,
    *,
    asked: Collection[int] = (),
    house: HouseRules,
) -> list[tuple[Row[Any], Row[Any]]]:
    """The steps of these projects' running series that wait for an organizer's approval, with their series.

    Of a series that is yet to be started only those that they were ``asked`` about.
    """
    if house.approvals <= 1 or not projects:
        return []
    going = writing.steps_going(conn, tuple(projects), also=asked)
    found = {step.id: (series, step) for series, step in going}
    subjects = [subject_of(*each) for each in going]
    waiting = ballots.waiting_for(conn, subjects, organizer_id, house=house)
    return [found[each.about.step_id] for each in waiting if each.about.step_id is not None]
