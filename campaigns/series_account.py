"""The account of a series: of everybody in it, what became of each step; and who of them stands where.

Everybody in the series is in every step's line once: sent, waiting for their day, held, put off, left out, or gone
before it came to them. What became of what was sent is told by the kept counts of the step's messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, case, func, select

from campaigns import series as writing
from campaigns.models import RunStatus
from campaigns.step_copies import going_on
from contacts.models import Contact
from messages.calling_off import ANEW
from messages.models import MessageCount, Status
from messages.series_models import Enrolment, Series, SeriesStatus, SeriesStep, StepCopy, StepMail
from organizers.roles import Within, as_key, owned

UNDER_WAY, THROUGH = "", "through"
SHOWN = 100  # people in a list
_DETAILS = select(StepCopy.id, StepCopy.details).where(
    StepCopy.id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True)
class Group:
    """People of whom the same became, for the same reason."""

    count: int
    upto: int = 0  # the last question about them
    details: Sequence[Any] = ()


@dataclass(frozen=True)
class StepLine:
    """What became of a step for everybody in its series."""

    step: Row[Any]
    enrolled: int
    sent: int
    waiting: int  # their day is to come
    held: Mapping[str, Group]  # by reason
    put_off: Mapping[str, Group]
    left_out: Mapping[str, Group]
    gone: Mapping[str, int]  # left the series before it, by reason
    earlier: int  # were through before the step was there
    taken_out: int  # the step was taken out before it came to them
    fates: Mapping[tuple[Status, str], int]  # of what was sent, by the kept counts

    @property
    def balances(self) -> bool:
        """Whether everybody is in the line once."""
        groups = [*self.held.values(), *self.put_off.values(), *self.left_out.values()]
        told = self.sent + self.waiting + self.earlier + self.taken_out + sum(self.gone.values())
        return told + sum(each.count for each in groups) == self.enrolled

    @property
    def arrived(self) -> int:
        """How many of those that were sent went out, as far as it is known."""
        out = (Status.ACCEPTED, Status.QUEUED, Status.SENT, Status.DELIVERED)
        return sum(count for (status, _), count in self.fates.items() if status in out)


@dataclass(frozen=True)
class Account:
    """A series in numbers."""

    enrolled: int
    under_way: int
    through: int
    left: Mapping[str, int]  # by reason
    lines: Sequence[StepLine]  # of the steps in it
    retired: Sequence[StepLine]


@dataclass(frozen=True)
class Held:
    """People for whom a step waits for an answer."""

    series_id: int
    project_id: int | None  # None: the network's
    step_id: int
    series: str
    days: int
    reason: str
    count: int
    upto: int
    first: datetime
    last: datetime
    details: Sequence[Any]


@dataclass
class _Tally:
    sent: int = 0
    held: dict[str, Group] = field(default_factory=dict)
    put_off: dict[str, Group] = field(default_factory=dict)
    left_out: dict[str, Group] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)  # of those who have a row


def account(conn: Connection, series_id: int) -> Account:
    """The account of a series as it stands."""
    states = _states(conn, series_id)
    tallies, fates = _tallies(conn, series_id), _fates(conn, series_id)
    steps = writing.all_steps(conn, series_id)
    lines = [
        _line(each, states, tallies.get(each.id, _Tally()), fates.get(each.id, {}))
        for each in steps
    ]
    left = {why: n for why, n in states.items() if why not in (UNDER_WAY, THROUGH)}
    return Account(
        enrolled=states.total(),
        under_way=states[UNDER_WAY],
        through=states[THROUGH],
        left=left,
        lines=[each for each in lines if each.step.retired_at is None],
        retired=[each for each in lines if each.step.retired_at is not None],
    )


def held(conn: Connection, within: Within) -> list[Held]:
    """What of these projects' series waits for an answer, what waits longest first."""
    rows = conn.execute(_held(as_key(within))).all()
    details = _details(conn, [each.newest for each in rows])
    return [
        Held(
            series_id=row.series_id,
            project_id=row.project_id,
            step_id=row.step_id,
            series=row.name,
            days=row.days,
            reason=row.reason,
            count=row.number,
            upto=row.upto,
            first=row.first,
            last=row.last,
            details=details.get(row.newest, ()),
        )
        for row in rows
    ]


@lru_cache
def _held(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(SeriesStep.series_id, StepCopy.step_id, Series.name, SeriesStep.days),
            *(Series.project_id, StepCopy.reason, func.count().label("number")),
            *(func.max(StepCopy.asked).label("upto"), func.max(StepCopy.id).label("newest")),
            func.min(StepCopy.planned_at).label("first"),
            func.max(StepCopy.planned_at).label("last"),
        )
        .join(SeriesStep, SeriesStep.id == StepCopy.step_id)
        .join(Series, Series.id == SeriesStep.series_id)
        .where(StepCopy.status == RunStatus.HELD, Series.status.in_(writing.ON))
        .where(owned(Series.project_id, within))
        .group_by(
            *(SeriesStep.series_id, StepCopy.step_id, Series.name, SeriesStep.days),
            *(Series.project_id, StepCopy.reason),
        )
        .order_by(func.min(StepCopy.planned_at))
    )


def series_of(conn: Connection, within: Within) -> Sequence[Row[Any]]:
    """The series of these projects, those that are on first, with how many are under way in each."""
    under_way = (
        select(func.count()).where(Enrolment.series_id == Series.id, *going_on()).scalar_subquery()
    )
    on = case((Series.status.in_(writing.ON), 0), else_=1)
    rows: Any = (
        select(*Series.__table__.columns, under_way.label("under_way"))
        .where(owned(Series.project_id, within))
        .order_by(Series.status == SeriesStatus.STOPPED, on, Series.id.desc())
    )
    return conn.execute(rows).all()


def people(
    conn: Connection,
    series_id: int,
    visible: ColumnElement[bool],
    *,
    before: int | None = None,
    most: int = SHOWN,
) -> Sequence[Row[Any]]:
    """Who came into a series, the latest first: those who may be shown, with how many steps each has behind them."""
    settled = (
        select(func.count())
        .where(StepCopy.enrolment_id == Enrolment.id, StepCopy.settled_at.is_not(None))
        .scalar_subquery()
    )
    waits = (
        select(func.max(StepCopy.reason))
        .where(StepCopy.enrolment_id == Enrolment.id, StepCopy.status == RunStatus.HELD)
        .scalar_subquery()
    )
    rows: Any = (
        select(
            *Enrolment.__table__.columns,
            *(Contact.given_name, Contact.family_name, settled.label("settled")),
            func.coalesce(waits, "").label("held"),
        )
        .join(Contact, Contact.id == Enrolment.contact_id)
        .where(Enrolment.series_id == series_id, visible)
        .order_by(Enrolment.id.desc())
        .limit(most)
    )
    if before is not None:
        rows = rows.where(Enrolment.id < before)
    return conn.execute(rows).all()


def _states(conn: Connection, series_id: int) -> Counter[str]:
    """Everybody in a series by where they stand: why they left, through, or under way."""
    mine = select(_state().label("state")).where(Enrolment.series_id == series_id).subquery()
    rows = select(mine.c.state, func.count()).group_by(mine.c.state)
    return Counter({row[0]: row[1] for row in conn.execute(rows)})


def _state() -> ColumnElement[str]:
    through = case((Enrolment.through_at.is_not(None), THROUGH), else_=UNDER_WAY)
    return case((Enrolment.left_at.is_not(None), Enrolment.left_because), else_=through)


def _tallies(conn: Connection, series_id: int) -> dict[int, _Tally]:
    copies: Any = (
        select(
            *(StepCopy.id, StepCopy.step_id, StepCopy.status, StepCopy.reason, StepCopy.asked),
            _state().label("state"),
        )
        .join(Enrolment, Enrolment.id == StepCopy.enrolment_id)
        .where(Enrolment.series_id == series_id)
        .subquery()
    )
    kinds = (copies.c.step_id, copies.c.status, copies.c.reason, copies.c.state)
    last = (func.max(copies.c.asked).label("upto"), func.max(copies.c.id).label("newest"))
    rows: Any = select(*kinds, func.count().label("number"), *last).group_by(*kinds)
    found = conn.execute(rows).all()
    held = [row.newest for row in found if row.status == RunStatus.HELD]
    details, tallies = _details(conn, held), dict[int, _Tally]()
    for row in found:
        _add(tallies.setdefault(row.step_id, _Tally()), row, details.get(row.newest, ()))
    return tallies


def _add(tally: _Tally, row: Row[Any], details: Sequence[Any]) -> None:
    tally.states[row.state] += row.number
    if row.status == RunStatus.FIRED:
        tally.sent += row.number
        return
    groups = {RunStatus.HELD: tally.held, RunStatus.SKIPPED: tally.left_out}
    into = groups.get(RunStatus(row.status), tally.put_off)
    known = into.get(row.reason, Group(0))
    count, upto = known.count + row.number, max(known.upto, row.upto)
    into[row.reason] = Group(count, upto, details or known.details)


def _details(conn: Connection, ids: Iterable[int]) -> dict[int, Sequence[Any]]:
    """What stood in the way, by row."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = conn.execute(_DETAILS, {"ids": wanted})
    return {key: details for key, details in rows if details}


def _fates(conn: Connection, series_id: int) -> dict[int, dict[tuple[Status, str], int]]:
    rows = (
        select(
            *(StepMail.step_id, MessageCount.status, MessageCount.reason),
            func.sum(MessageCount.count),
        )
        .join(StepMail, StepMail.message_id == MessageCount.message_id)
        .join(SeriesStep, SeriesStep.id == StepMail.step_id)
        .where(SeriesStep.series_id == series_id, MessageCount.reason != ANEW)
        .group_by(StepMail.step_id, MessageCount.status, MessageCount.reason)
    )
    found: dict[int, dict[tuple[Status, str], int]] = {}
    for step_id, status, reason, count in conn.execute(rows):
        if count:
            found.setdefault(step_id, {})[Status(status), reason] = int(count)
    return found


def _line(
    step: Row[Any],
    states: Counter[str],
    tally: _Tally,
    fates: Mapping[tuple[Status, str], int],
) -> StepLine:
    without = {state: n - tally.states[state] for state, n in states.items()}
    to_come, through = without.pop(UNDER_WAY, 0), without.pop(THROUGH, 0)
    out = step.retired_at is not None
    return StepLine(
        step=step,
        enrolled=states.total(),
        sent=tally.sent,
        waiting=0 if out else to_come,
        earlier=0 if out else through,
        taken_out=to_come + through if out else 0,
        held=tally.held,
        put_off=tally.put_off,
        left_out=tally.left_out,
        gone={why: n for why, n in without.items() if n},
        fates=fates,
    )
