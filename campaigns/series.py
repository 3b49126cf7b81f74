"""A series of emails: write it down, its steps, begin it, pause it, stop it.

A step goes so many days after something happened to a person, at an hour where they live. Whom it takes in is
in ``enrolling.py``, what becomes of each step for each of them in ``stepping.py``; here is what organizers say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, literal, or_, select, update

from campaigns import step_copies
from campaigns.calendar import LATE_MINUTES, WAIT_HOURS, stored
from campaigns.models import Reason
from campaigns.step_copies import going_on
from contacts.models import Project
from database.tables import Json
from messages import control
from messages.audience import Audience, of_project
from messages.calling_off import LIVE
from messages.control import NotNow, Words
from messages.looks import worn
from messages.models import Message, MessageStatus
from messages.series_models import (
    Enrolment,
    Left,
    Series,
    SeriesStatus,
    SeriesStep,
    StepCopy,
    StepMail,
    Trigger,
)
from messages.wallclock import moment
from organizers.roles import NETWORKS, Within, owned

ON = (SeriesStatus.RUNNING, SeriesStatus.PAUSED)
HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MOST_DAYS = 730
MOST_STEPS = 30
NAME_LENGTH = 120


class NoSuchSeries(LookupError):
    """There is no such series; go back to the list."""


class NoSuchStep(LookupError):
    """There is no such step in this series; it may have been taken out."""


class BadSeries(ValueError):
    """What was typed about a series cannot stand; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class SeriesDraft:
    """A series as its committee has it in mind."""

    name: str
    trigger: Trigger
    zone: str  # of people whose own nobody knows
    imports: bool = False  # also whom an import brings
    only_action_id: int | None = None  # of who acts only who answers the alert with this page
    late_minutes: int = LATE_MINUTES
    wait_hours: int = WAIT_HOURS


@dataclass(frozen=True, kw_only=True)
class StepDraft:
    """A step as its committee has it in mind."""

    days: int  # after what happened; 0 = at once
    hour: str  # "09:00", where each person lives
    texts: Mapping[str, Words]
    action_id: int | None = None  # the page that its link leads to


def find(conn: Connection, series_id: int) -> Row[Any]:
    """A series, locked until the transaction ends, with what its mail wears. Raises NoSuchSeries."""
    return _one(conn, _all().where(Series.id == series_id).with_for_update(of=Series))


def look_at(conn: Connection, series_id: int) -> Row[Any]:
    """The same for whoever only reads. Raises NoSuchSeries."""
    return _one(conn, _all().where(Series.id == series_id))


def of_step(conn: Connection, step_id: int) -> int:
    """The series of a step. Raises NoSuchStep."""
    found = conn.scalar(select(SeriesStep.series_id).where(SeriesStep.id == step_id))
    if found is None:
        raise NoSuchStep(NoSuchStep.__doc__)
    return int(found)


def steps_of(conn: Connection, series_id: int) -> Sequence[Row[Any]]:
    """The steps of a series that are in it, in the order in which people get them."""
    return [each for each in all_steps(conn, series_id) if each.retired_at is None]


def all_steps(conn: Connection, series_id: int) -> Sequence[Row[Any]]:
    """Its steps, with those that were taken out."""
    mine = select(*SeriesStep.__table__.columns).where(SeriesStep.series_id == series_id)
    return conn.execute(mine.order_by(SeriesStep.days, SeriesStep.hour, SeriesStep.id)).all()


def steps_going(
    conn: Connection, within: Within, *, also: Collection[int] = ()
) -> list[tuple[Row[Any], Row[Any]]]:
    """The steps of these projects' series that are on, each with its series; and ``also`` these of drafts."""
    draft = Series.status == SeriesStatus.DRAFT
    on = or_(Series.status.in_(ON), draft & SeriesStep.id.in_(also))
    theirs = (
        select(*SeriesStep.__table__.columns)
        .join(Series, Series.id == SeriesStep.series_id)
        .where(on, SeriesStep.retired_at.is_(None), owned(Series.project_id, within))
        .order_by(SeriesStep.series_id, SeriesStep.days, SeriesStep.id)
    )
    steps = conn.execute(theirs).all()
    if not steps:
        return []
    whose = _all().where(Series.id.in_({each.series_id for each in steps}))
    found = {each.id: each for each in conn.execute(whose).all()}
    return [(found[each.series_id], each) for each in steps]


def step_and_series(
    conn: Connection, step_id: int, *, locked: bool = False
) -> tuple[Row[Any], Row[Any]]:
    """A series and a step of it, also one that was taken out. Raises NoSuchStep."""
    series_id = of_step(conn, step_id)
    series = find(conn, series_id) if locked else look_at(conn, series_id)
    mine = select(*SeriesStep.__table__.columns).where(SeriesStep.id == step_id)
    return series, conn.execute(mine).one()


def audience_of(series: Row[Any]) -> Audience:
    """Whose people it may take in: a committee its own, and so does the network."""
    if series.project_id is not None:
        return of_project(Audience(), series.project_id)
    return Audience(among=(NETWORKS,))


def create(
    conn: Connection, draft: SeriesDraft, *, project_id: int | None, by: str, now: datetime
) -> int:
    """Write a series down; return its id. Nothing happens before it is started. Raises BadSeries, BadTime."""
    values = {**_values(draft), "status": SeriesStatus.DRAFT, "project_id": project_id}
    row = insert(Series).values(**values, created_by=by, created_at=now)
    return conn.execute(row.returning(Series.id)).scalar_one()


def change(conn: Connection, series_id: int, draft: SeriesDraft, *, now: datetime) -> None:
    """Replace what is said of a series; whom it takes in only until it is started. Raises BadSeries, BadTime.

    Where imports are to count from now on, whom one has brought already stays out.
    """
    series = find(conn, series_id)
    values = _values(draft)
    whom = ("trigger", "only_action_id")
    kept = all(values[each] == getattr(series, each) for each in whom)
    if series.status != SeriesStatus.DRAFT and not kept:
        raise BadSeries(
            "Whom a series takes in stays as it is once it has been started; begin another series."
        )
    if series.status != SeriesStatus.DRAFT and values["imports"] and not series.imports:
        values["imports_from"] = now
    _put(conn, series_id, **values)


def add_step(conn: Connection, series_id: int, draft: StepDraft, *, by: str, now: datetime) -> int:
    """Add a step; return its id. People who are through the series do not get it. Raises BadSeries."""
    find(conn, series_id)
    if len(steps_of(conn, series_id)) >= MOST_STEPS:
        raise BadSeries("A series has at most 30 emails.")
    values = {**_step_values(draft), "series_id": series_id, "writers": [by], "created_at": now}
    return conn.execute(insert(SeriesStep).values(values).returning(SeriesStep.id)).scalar_one()


def change_step(conn: Connection, step_id: int, draft: StepDraft, *, by: str) -> None:
    """Replace a step's words and its day, for whoever has not had it. Raises BadSeries, NoSuchStep."""
    step = find_step(conn, step_id)
    values = _step_values(draft)
    same = all(getattr(step, name) == value for name, value in values.items())
    if not same:
        values["writers"] = sorted({*step.writers, by})
    conn.execute(update(SeriesStep).where(SeriesStep.id == step_id).values(values))


def retire_step(conn: Connection, step_id: int, *, now: datetime) -> None:
    """Take a step out; who waits for an answer about it is not asked any more. Raises NotNow, NoSuchStep."""
    step = find_step(conn, step_id)
    if step.retired_at is not None:
        raise NotNow("this step was taken out already")
    _step(conn, step_id, retired_at=now)
    step_copies.set_aside(conn, [StepCopy.step_id == step_id], Reason.CHANGED, now=now)


def restore_step(conn: Connection, step_id: int) -> None:
    """Undo: the step is in the series again, and who waited for an answer does so. Raises NotNow, NoSuchStep."""
    step = find_step(conn, step_id)
    if step.retired_at is None:
        raise NotNow("this step is in the series")
    _step(conn, step_id, retired_at=None)
    step_copies.ask_again(conn, step.series_id, [StepCopy.step_id == step_id], Reason.CHANGED)
    had = select(StepCopy.enrolment_id).where(StepCopy.step_id == step_id)
    done_without = (Enrolment.through_at >= step.retired_at, Enrolment.id.not_in(had))
    more = update(Enrolment).where(Enrolment.series_id == step.series_id, *done_without)
    conn.execute(more.values(through_at=None))


def find_step(conn: Connection, step_id: int) -> Row[Any]:
    """A step; its series is locked until the transaction ends. Raises NoSuchStep."""
    find(conn, of_step(conn, step_id))
    return conn.execute(select(*SeriesStep.__table__.columns).filter_by(id=step_id)).one()


def start(conn: Connection, series_id: int, *, now: datetime) -> None:
    """From now on it takes people in. Raises NotNow unless it is a draft with steps."""
    series = find(conn, series_id)
    if series.status != SeriesStatus.DRAFT:
        raise NotNow("this series has been started already")
    if not steps_of(conn, series_id):
        raise NotNow("write a first step before you start it")
    _put(conn, series_id, status=SeriesStatus.RUNNING, since=now, looked_at=now)


def pause(conn: Connection, series_id: int) -> None:
    """Let nothing of it leave until somebody resumes. Raises NotNow."""
    _require(conn, series_id, SeriesStatus.RUNNING)
    for message_id in mails_of(conn, series_id, MessageStatus.SENDING):
        with suppress(NotNow):  # it was finished in this instant
            control.pause(conn, message_id)
    _put(conn, series_id, status=SeriesStatus.PAUSED)


def resume(
    conn: Connection, jobs: Any, series_id: int, *, but: Collection[int] = (), now: datetime
) -> None:
    """Go on, but for these of its messages; what is too late by now is asked about.

    Raises NotNow, and Locked while everything is.
    """
    _require(conn, series_id, SeriesStatus.PAUSED)
    for message_id in mails_of(conn, series_id, MessageStatus.PAUSED):
        if message_id not in but:
            control.resume(conn, jobs, message_id, now=now)
    _put(conn, series_id, status=SeriesStatus.RUNNING)


def stop(conn: Connection, series_id: int, *, now: datetime) -> int:
    """End it: nothing more leaves, and whoever is in it leaves it; return how many. Raises NotNow."""
    was = _require(conn, series_id, *ON)
    for message_id in mails_of(conn, series_id, *LIVE):
        with suppress(NotNow):  # it was finished in this instant
            control.stop(conn, message_id, now=now)
    under_way = (Enrolment.series_id == series_id, *going_on())
    gone = update(Enrolment).where(*under_way).values(left_at=now, left_because=Left.STOPPED)
    number = conn.execute(gone).rowcount
    _put(conn, series_id, status=SeriesStatus.STOPPED, stopped_at=now, stopped_from=was)
    return number


def take_up(conn: Connection, series_id: int, *, now: datetime) -> int:
    """Undo a stop: it runs, or is paused, as before; return how many people go on. Raises NotNow.

    Who was in it is again, and who came since is taken in. What was called off leaves at the next look; what is too
    late by then, or came due meanwhile, is asked about.
    """
    series = find(conn, series_id)
    if series.status != SeriesStatus.STOPPED:
        raise NotNow("this series was not stopped")
    stopped = (Enrolment.series_id == series_id, Enrolment.left_because == Left.STOPPED)
    back = update(Enrolment).where(*stopped).values(left_at=None, left_because="")
    number = conn.execute(back).rowcount
    step_copies.due_again(conn, series_id, now=now)
    before = series.stopped_from or SeriesStatus.RUNNING
    _put(conn, series_id, status=before, stopped_at=None, stopped_from="", taken_up_at=now)
    return number


def call_off(
    conn: Connection, series_id: int, message_ids: Collection[int], *, now: datetime
) -> None:
    """Call off these of its messages; whom they have not reached is due again, as after a stop that is undone.

    The caller has locked the series. Raises NotNow for one that is over.
    """
    for message_id in message_ids:
        control.stop(conn, message_id, now=now)
    step_copies.due_again(conn, series_id, now=now)
    _put(conn, series_id, taken_up_at=now)


def looked(conn: Connection, series_id: int, at: datetime) -> None:
    """Note that everything that had happened by then was looked at."""
    _put(conn, series_id, looked_at=at)


def seen_to(conn: Connection, series_id: int) -> None:
    """Note that of what its last stop had called off nothing is in a sender's hands any more."""
    _put(conn, series_id, taken_up_at=None)


def step_day(begins_on: str, days: int) -> date:
    """The day of a step for somebody whose first day is this."""
    return date.fromordinal(date.fromisoformat(begins_on).toordinal() + days)


def _values(draft: SeriesDraft) -> dict[str, Any]:
    if not draft.name or len(draft.name) > NAME_LENGTH:
        raise BadSeries("A series needs a name, of one line.")
    moment("2026-01-01T09:00", draft.zone)  # whether there is such a zone
    return {
        "name": draft.name,
        "trigger": draft.trigger,
        "imports": draft.imports and draft.trigger is Trigger.JOINED,
        "only_action_id": draft.only_action_id if draft.trigger is Trigger.ACTED else None,
        "zone": draft.zone,
        "late_minutes": draft.late_minutes,
        "wait_hours": draft.wait_hours,
    }


def _step_values(draft: StepDraft) -> dict[str, Any]:
    if not 0 <= draft.days <= MOST_DAYS:
        raise BadSeries("An email of a series goes 0 to 730 days after; 0 is at once.")
    if not HOUR.fullmatch(draft.hour):
        raise BadSeries("Write the hour as 09:00.")
    texts = stored(draft.texts)
    return {"days": draft.days, "hour": draft.hour, "texts": texts, "action_id": draft.action_id}


def _all() -> Select[Any]:
    columns: Sequence[Any] = (
        *Series.__table__.columns,
        Project.email_sender,
        Project.shares_list,
        Project.name.label("project"),
        worn(Series.project_id.expression).label("look"),
        literal({}, Json).label("audience"),  # as the emails of campaigns have one
    )
    return select(*columns).outerjoin(Project, Project.id == Series.project_id)


def _one(conn: Connection, statement: Select[Any]) -> Row[Any]:
    found = conn.execute(statement).one_or_none()
    if found is None:
        raise NoSuchSeries(NoSuchSeries.__doc__)
    return found


def _require(conn: Connection, series_id: int, *statuses: SeriesStatus) -> str:
    """The status of a series, which must be one of these. Raises NotNow."""
    status: str = find(conn, series_id).status
    if status not in statuses:
        raise NotNow("this series is not as you saw it any more; look at it again")
    return status


def mails_of(conn: Connection, series_id: int, *statuses: MessageStatus) -> list[int]:
    """Its messages in these statuses."""
    mine = (
        select(Message.id)
        .join(StepMail, StepMail.message_id == Message.id)
        .join(SeriesStep, SeriesStep.id == StepMail.step_id)
        .where(SeriesStep.series_id == series_id, Message.status.in_(statuses))
    )
    return list(conn.scalars(mine.order_by(Message.id)))


def _put(conn: Connection, series_id: int, **values: Any) -> None:
    conn.execute(update(Series).where(Series.id == series_id).values(**values))


def _step(conn: Connection, step_id: int, **values: Any) -> None:
    conn.execute(update(SeriesStep).where(SeriesStep.id == step_id).values(**values))
