"""What organizers answer about people for whom a step was held: let it leave, or leave it out, which can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, update

from campaigns import series, step_copies
from campaigns.models import Reason, RunStatus
from campaigns.step_copies import settled
from messages.control import NotNow
from messages.series_models import StepCopy


def answer(
    conn: Connection, step_id: int, reason: str, *, upto: int, send: bool, by: str, now: datetime
) -> int:
    """Answer for a group that was held: let it leave, or leave it out; return how many people that is.

    ``upto`` is the last question about them that was seen; who was held since is asked about again. What is to leave
    goes within half a minute, if nothing stands in its way. Raises NoSuchStep.
    """
    series.find(conn, series.of_step(conn, step_id))
    held = (StepCopy.status == RunStatus.HELD, StepCopy.reason == reason, StepCopy.asked <= upto)
    mine: list[ColumnElement[bool]] = [StepCopy.step_id == step_id, *held]
    answered: dict[str, Any] = {"answered_by": by, "answered_at": now}
    if not send:
        left_out = settled(RunStatus.SKIPPED, Reason.LEFT_OUT, now)
        return step_copies.put_aside(conn, mine, {**left_out, **answered})
    due = {"status": RunStatus.PLANNED, "reason": Reason.NONE, "due_at": now}
    return conn.execute(update(StepCopy).where(*mine).values(**due, **answered)).rowcount


def put_back(conn: Connection, step_id: int) -> int:
    """Undo: ask again about those whom a step was left out for; return how many. Raises NoSuchStep, NotNow."""
    step = series.find_step(conn, step_id)
    if step.retired_at is not None:
        raise NotNow("this step was taken out already")
    mine = [StepCopy.step_id == step_id]
    return step_copies.ask_again(conn, step.series_id, mine, Reason.LEFT_OUT)
