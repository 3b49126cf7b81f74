"""What is tried with an occurrence stands in one row, with each way of writing's message, and what was decided.

``firing.py`` begins an experiment as an occurrence goes, in its transaction; ``deciding.py`` decides it, under
the lock of the row. What is tried, on whom, and by what rule stands as it began: whoever changes the
email afterwards changes what comes later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from campaigns import calendar, variants
from campaigns.experiment_models import Experiment, ExperimentVariant, State, Why
from campaigns.models import CampaignRun
from campaigns.variants import Plan
from messages import audience as audiences
from messages.audience import Audience
from messages.control import Words

OPEN = (State.WAITING, State.HELD)


class StillTried(Exception):
    """Something is being tried with this email by the rule it began with. Choose what the others get, or send them
    nothing, on the email's page; after that you may change what is tried, on whom, for how long and what decides.
    """


class NoSuchExperiment(LookupError):
    """Nothing was tried with this date of the email. Look at its dates again."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What is tried, as it is about to leave."""

    plan: Plan | None  # None: nothing is tried, all get the same
    salt: int
    audience: Audience  # all of it
    texts: Sequence[Mapping[str, Words]]
    message_ids: Sequence[int]  # of each way of writing, the email's own first


def of_part(audience: Audience, salt: int, part: tuple[int, int]) -> Audience:
    """Those of an audience whose lot is in a part."""
    return replace(audience, include=replace(audience.include, parts=(salt, *part)))


def begin(conn: Connection, run_id: int, begun: Begun, *, zone: str, now: datetime) -> None:
    """Write down what is tried with an occurrence, if anything is, and when it is decided."""
    if begun.plan is None:
        return
    wait = timedelta(minutes=begun.plan.wait_minutes)
    row = insert(Experiment).values(
        run_id=run_id,
        salt=begun.salt,
        plan=variants.write(begun.plan),
        audience=audiences.write(begun.audience),
        texts=[calendar.stored(each) for each in begun.texts],
        begun_at=now,
        due_at=variants.by_day(now + wait, zone),
        state=State.WAITING,
    )
    experiment_id = conn.execute(row.returning(Experiment.id)).scalar_one()
    messages = [
        {"experiment_id": experiment_id, "place": place, "message_id": message_id}
        for place, message_id in enumerate(begun.message_ids)
    ]
    conn.execute(insert(ExperimentVariant), messages)


def waiting(conn: Connection, email_id: int, *, now: datetime) -> list[int]:
    """The experiments with an email that are to be decided now, the oldest first."""
    due = (
        select(Experiment.id)
        .join(CampaignRun, CampaignRun.id == Experiment.run_id)
        .where(CampaignRun.email_id == email_id, Experiment.due_at <= now)
    )
    return list(conn.scalars(due.order_by(Experiment.due_at, Experiment.id)))


def require_decided(conn: Connection, email_id: int) -> None:
    """Let no rule be changed that the people of a lot were drawn under. Raises StillTried."""
    open_ones = (
        select(Experiment.id)
        .join(CampaignRun, CampaignRun.id == Experiment.run_id)
        .where(CampaignRun.email_id == email_id, Experiment.state.in_(OPEN))
    )
    if conn.scalar(open_ones.limit(1)) is not None:
        raise StillTried(" ".join(str(StillTried.__doc__).split()))


def find(conn: Connection, experiment_id: int) -> Row[Any]:
    """An experiment, locked until the transaction ends; the caller knows that it exists."""
    mine = select(Experiment).where(Experiment.id == experiment_id)
    return conn.execute(mine.with_for_update()).one()


def of_occurrence(conn: Connection, email_id: int, local_time: str) -> int:
    """What is tried with an occurrence. Raises NoSuchExperiment."""
    found: int | None = conn.scalar(
        select(Experiment.id)
        .join(CampaignRun, CampaignRun.id == Experiment.run_id)
        .where(CampaignRun.email_id == email_id, CampaignRun.local_time == local_time)
    )
    if found is None:
        raise NoSuchExperiment(NoSuchExperiment.__doc__)
    return found


def messages_of(conn: Connection, experiment_id: int) -> list[int]:
    """The message of each way of writing, in order."""
    mine = select(ExperimentVariant.message_id).where(
        ExperimentVariant.experiment_id == experiment_id
    )
    return list(conn.scalars(mine.order_by(ExperimentVariant.place)))


def settle(conn: Connection, experiment_id: int, state: State, why: Why, **values: Any) -> None:
    """Write where an experiment stands; it is not looked at again unless ``due_at`` is given."""
    settled = {"due_at": None, "details": [], **values, "state": state, "why": why}
    conn.execute(update(Experiment).where(Experiment.id == experiment_id).values(settled))


def call_off(conn: Connection, email_id: int, *, by: str, now: datetime) -> int:
    """Let the others get nothing of what is still to be decided; return how many experiments."""
    mine = (
        select(Experiment.id)
        .join(CampaignRun, CampaignRun.id == Experiment.run_id)
        .where(CampaignRun.email_id == email_id, Experiment.state.in_(OPEN))
    )
    found = list(conn.scalars(mine.order_by(Experiment.id)))
    for experiment_id in found:
        find(conn, experiment_id)
        settle(conn, experiment_id, State.ENDED, Why.CALLED_OFF, decided_by=by, decided_at=now)
    return len(found)


def hold_waiting(conn: Connection) -> None:
    """Hold whatever somebody still waits for: a person may have decided since, so one is asked."""
    waits = select(Experiment.id, Experiment.plan).where(Experiment.state == State.WAITING)
    for row in conn.execute(waits).all():
        if variants.some_wait(variants.read_plan(row.plan)):
            settle(conn, row.id, State.HELD, Why.RESTORED)
