"""What of a series is paused because it names somebody by now: let it go on, or call it off and have its people asked about.

The rest of the series runs meanwhile; nobody says why a name may stand in it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, select

from alerts.halting import BECAUSE
from alerts.planned_names import names_in_mail
from campaigns import series
from database.jobs import Jobs
from messages import control, discretion
from messages.control import NotNow
from messages.models import Message, MessageStatus
from messages.series_models import SeriesStatus, SeriesStep, StepMail


def halted_steps(conn: Connection, series_id: int) -> dict[int, bool]:
    """The steps of which mail is paused so, and whether some of that names nobody any more."""
    found: dict[int, bool] = {}
    for step_id, message_id in _halted(conn, series_id):
        found[step_id] = found.get(step_id, False) or not names_in_mail(conn, message_id)
    return found


def go_on(conn: Connection, jobs: Jobs, step_id: int, *, now: datetime) -> None:
    """Let what names nobody any more leave, while its series runs. Raises NoSuchStep, NotNow, and Locked."""
    discretion.take_turns(conn)
    step = series.find_step(conn, step_id)
    if series.look_at(conn, step.series_id).status != SeriesStatus.RUNNING:
        raise NotNow("this series is not as you saw it any more; look at it again")
    free = [each for each in _of_step(conn, step) if not names_in_mail(conn, each)]
    if not free:
        raise NotNow("it names somebody who must not be named; call it off, and change its words")
    for message_id in free:
        control.resume(conn, jobs, message_id, now=now)


def call_off(conn: Connection, step_id: int, *, now: datetime) -> None:
    """Call off what is paused so; its people get the step's words of by then, or are asked about.

    Raises NoSuchStep and NotNow.
    """
    step = series.find_step(conn, step_id)
    series.call_off(conn, step.series_id, _of_step(conn, step), now=now)


def _of_step(conn: Connection, step: Row[int]) -> list[int]:
    """Its messages that are paused so. Raises NotNow if there is none."""
    found = [each for step_id, each in _halted(conn, step.series_id) if step_id == step.id]
    if not found:
        raise NotNow("nothing of it is on its way as you saw it; look at it again")
    return found


def _halted(conn: Connection, series_id: int) -> list[tuple[int, int]]:
    rows = (
        select(StepMail.step_id, StepMail.message_id)
        .join(SeriesStep, SeriesStep.id == StepMail.step_id)
        .join(Message, Message.id == StepMail.message_id)
        .where(SeriesStep.series_id == series_id, Message.paused_because == BECAUSE)
        .where(Message.status == MessageStatus.PAUSED)
    )
    return [(row.step_id, row.message_id) for row in conn.execute(rows.order_by(Message.id))]
