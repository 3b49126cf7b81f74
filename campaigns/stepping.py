"""What becomes of each step for each person: it leaves once, or waits, or is held and a person asked; and is counted.

A series is settled under the lock of its row. Whoever a step is due for and has no row for it gets one, unique by
person and step, in the transaction that adds their copy to a message: so a clock that doubles, or dies at any
instant, sends nothing twice and skips nobody. What is late is never sent in silence, and never left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, false, or_, select

from campaigns import collisions, enrolling, naming, step_approving, step_copies
from campaigns import series as writing
from campaigns.firing import kept
from campaigns.models import Reason, RunStatus
from campaigns.series import step_day
from campaigns.step_copies import going_on, waiting_copies
from campaigns.step_mail import had_there, mail_of, own_hour, replaced_there
from contacts.models import Address, Channel, Contact
from database import locking
from database.jobs import Jobs
from database.upserts import insert_or
from messages import control
from messages import own_hour as hours
from messages.adding import add_copy
from messages.calling_off import LIVE
from messages.eligibility import NO_ADDRESS, SHARED
from messages.findings import Finding
from messages.house import HouseRules
from messages.models import MessageStatus
from messages.series_models import Enrolment, Series, SeriesStatus, StepCopy

MOST = 200  # people a transaction
FARTHEST = timedelta(hours=14)  # ahead of UTC the day begins nowhere earlier
RETRY = timedelta(minutes=5)  # while the message of a day is paused


class SettledMeanwhile(RuntimeError):
    """What becomes of a step for somebody was decided by another in the same instant; nothing of this was kept."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a step for somebody now."""

    status: RunStatus
    reason: str = Reason.NONE
    due_at: datetime | None = None  # when it is asked again; None: not by itself
    details: Sequence[Any] = ()


@dataclass(frozen=True)
class Case:
    """A step that is due for somebody."""

    since: datetime  # its hour where they live, or when somebody said "send it now"
    due_at: datetime  # the same, or until when an alert put it off
    reason: str = ""  # why it waited until now


@dataclass(frozen=True)
class Terms:
    """What decides for all of a series' people alike at a moment."""

    late: timedelta
    wait: timedelta
    locked: bool
    approved: bool
    alert: collisions.InTheWay | None = None


@dataclass
class Settled:
    """What a transaction did."""

    people: int = 0
    by_status: dict[str, int] = field(default_factory=dict)

    def note(self, status: str) -> None:
        self.people += 1
        self.by_status[status] = self.by_status.get(status, 0) + 1


def decide(case: Case, terms: Terms, now: datetime) -> Verdict:
    """What becomes of a step that is due; by the order of ``firing.py``, but that approval is waited for."""
    if not terms.approved:
        return Verdict(RunStatus.HELD, Reason.NOT_APPROVED, case.due_at)
    if now - case.due_at > terms.late:
        waited = case.reason in (Reason.NOT_APPROVED, Reason.PAUSED)
        return Verdict(RunStatus.HELD, case.reason if waited else Reason.LATE)
    if terms.locked:
        return Verdict(RunStatus.HELD, Reason.LOCKED)
    if terms.alert is not None:
        details = [terms.alert.message_id]
        if terms.alert.until - case.since > terms.wait:
            return Verdict(RunStatus.HELD, Reason.WAITED, None, details)
        return Verdict(RunStatus.POSTPONED, Reason.ALERT, terms.alert.until, details)
    return Verdict(RunStatus.FIRED)


def planned_at(
    series: Row[Any], step: Row[Any], person: Row[Any], zones: Sequence[str]
) -> datetime:
    """When a step's hour comes for somebody in these zones (() = nobody knows where)."""
    hour = own_hour(series, step, step_day(person.begins_on, step.days))
    begins_at: datetime = person.begins_at
    return begins_at if hour is None else hours.instant(hour, zones)


def live_series(conn: Connection) -> list[int]:
    """The series that a clock looks at."""
    rows = select(Series.id).where(Series.status.in_(writing.ON)).order_by(Series.id)
    return list(conn.scalars(rows))


def settle(
    conn: Connection,
    jobs: Jobs,
    series_id: int,
    *,
    house: HouseRules,
    now: datetime,
    most: int = MOST,
) -> Settled:
    """Let go who leaves a series, and settle its steps that are due, for so many people at a time.

    The caller asks again while it did as many as that.
    """
    naming.take_turns(conn, house)
    series, done = writing.find(conn, series_id), Settled()
    if series.status not in writing.ON:
        return done
    enrolling.depart(conn, series, now=now)
    enrolling.come_back(conn, series, now=now)
    if series.taken_up_at is not None and not step_copies.due_again(conn, series_id, now=now):
        writing.seen_to(conn, series_id)
    if series.status != SeriesStatus.RUNNING:
        return done
    steps, sets = writing.steps_of(conn, series_id), hours.sets_of(conn)
    alert = collisions.in_the_way(conn, series, now=now)
    for step in steps:
        terms = Terms(
            late=timedelta(minutes=series.late_minutes),
            wait=timedelta(hours=series.wait_hours),
            locked=locking.is_locked(conn),
            approved=step_approving.approved(conn, series, step, house=house),
            alert=alert,
        )
        due = _due(conn, series, step, sets, now, most - done.people, again=terms.approved)
        if due:
            named = naming.findings_in_step(conn, series.project_id, step, house=house)
            ask = step_copies.next_ask(conn, series_id)
            _Step(conn, jobs, series, step, named, house, now, ask, done).settle(due, sets, terms)
    step_copies.finish(conn, series_id, [each.id for each in steps], now=now)
    return done


def hold_due(conn: Connection, now: datetime) -> None:
    """Hold whatever is due of all series, or was held: nobody knows whether it went, so a person is asked.

    Of one that is stopped, too: it may have been taken up since. That is asked about once it is.
    """
    for series_id in live_series(conn):
        _hold_due(conn, series_id, now)
    for series_id in conn.scalars(select(Series.id).filter_by(status=SeriesStatus.STOPPED)).all():
        writing.take_up(conn, series_id, now=now)
        _hold_due(conn, series_id, now)
        writing.stop(conn, series_id, now=now)


@dataclass(frozen=True)
class _Step:
    """Settles one step, for those it is due for."""

    conn: Connection
    jobs: Jobs
    series: Row[Any]
    step: Row[Any]
    named: Sequence[Finding]  # whom its words must not name, by now
    house: HouseRules
    now: datetime
    ask: int  # the number of the question about those who are held
    done: Settled

    def settle(
        self,
        people: Iterable[Row[Any]],
        sets: Mapping[int, tuple[str, ...]],
        terms: Terms,
    ) -> None:
        for person in people:
            at = planned_at(self.series, self.step, person, sets[person.zone_set_id])
            verdict = decide(_case(person, at), terms, self.now)
            if verdict.status is RunStatus.FIRED:
                self._send(person, at)
            else:
                self._note(person, at, verdict)

    def _send(self, person: Row[Any], at: datetime) -> None:
        if person.address is None:
            return self._note(person, at, Verdict(RunStatus.SKIPPED, NO_ADDRESS))
        if had_there(self.conn, self.step.id, person.address):
            return self._note(person, at, Verdict(RunStatus.SKIPPED, SHARED))
        if self.named:
            return self._note(person, at, _held(Reason.NAMED, self.named))
        return self._leave(person, at)

    def _leave(self, person: Row[Any], at: datetime, turn: int = 0) -> None:
        """Add a copy to the message of the day; where that one, or their copy of it, was called off, to the next."""
        day = step_day(person.begins_on, self.step.days)
        told = (self.series, self.step, day, turn)
        mail = mail_of(self.conn, *told, house=self.house, now=self.now)
        if mail.message is None:
            return self._note(person, at, _held(Reason.BLOCKED, mail.blocking))
        stands = control.locked(self.conn, mail.message.id).status
        if stands == MessageStatus.PAUSED:
            soon = self.now + RETRY
            return self._note(person, at, Verdict(RunStatus.POSTPONED, Reason.PAUSED, soon))
        if stands in (*LIVE, MessageStatus.FINISHED) and self._added(person, at, mail.message):
            return None
        return self._leave(person, at, turn + 1)

    def _added(self, person: Row[Any], at: datetime, message: Row[Any]) -> bool:
        """Add a copy to a message; False where it has one of theirs that was called off."""
        delivery_id = add_copy(
            self.conn,
            self.jobs,
            message,
            channel=Channel.EMAIL,
            contact_id=person.contact_id,
            address=person.address,
            zone_set_id=person.zone_set_id,
            now=self.now,
        )
        if delivery_id is not None:
            self._note(person, at, Verdict(RunStatus.FIRED), delivery_id=delivery_id)
        elif replaced_there(self.conn, message.id, person.address):
            return False
        else:
            self._note(person, at, Verdict(RunStatus.SKIPPED, SHARED))
        return True

    def _note(
        self, person: Row[Any], at: datetime, verdict: Verdict, *, delivery_id: int | None = None
    ) -> None:
        told = (person, at, verdict, self.now, self.ask)
        _put(self.conn, self.step, *told, delivery_id=delivery_id)
        self.done.note(verdict.status)


def _hold_due(conn: Connection, series_id: int, now: datetime) -> None:
    while enrolling.enrol(conn, series_id, now=now) == enrolling.MOST:
        continue
    series, sets = writing.find(conn, series_id), hours.sets_of(conn)
    ask = step_copies.ask_of_backup(conn, series_id)
    for step in writing.steps_of(conn, series_id):
        for person in _due(conn, series, step, sets, now, None):
            at = planned_at(series, step, person, sets[person.zone_set_id])
            _put(conn, step, person, at, Verdict(RunStatus.HELD, Reason.RESTORED), now, ask)


def _case(person: Row[Any], at: datetime) -> Case:
    since = max(at, person.answered_at or at)
    due_at = person.due_at if person.reason == Reason.ALERT else since
    return Case(since, due_at, person.reason or "")


def _held(reason: Reason, found: Sequence[Finding]) -> Verdict:
    return Verdict(RunStatus.HELD, reason, None, kept(found))


def _put(
    conn: Connection,
    step: Row[Any],
    person: Row[Any],
    at: datetime,
    verdict: Verdict,
    now: datetime,
    ask: int,
    *,
    delivery_id: int | None = None,
) -> None:
    """Write down what becomes of a step for somebody. Raises SettledMeanwhile, which takes back their copy too."""
    over = verdict.status in (RunStatus.FIRED, RunStatus.SKIPPED)
    said = {
        "status": verdict.status,
        "reason": verdict.reason,
        "details": list(verdict.details),
        "due_at": verdict.due_at,
        "settled_at": now if over else None,
        "delivery_id": delivery_id,
        "asked": ask if verdict.status is RunStatus.HELD else 0,
    }
    row = insert_or(conn, StepCopy).values(
        step_id=step.id, enrolment_id=person.enrolment_id, planned_at=at, **said
    )
    once = row.on_conflict_do_update(
        index_elements=["step_id", "enrolment_id"], set_=said, where=waiting_copies()
    )
    if conn.scalar(once.returning(StepCopy.id)) is None:
        raise SettledMeanwhile(SettledMeanwhile.__doc__)


def _due(
    conn: Connection,
    series: Row[Any],
    step: Row[Any],
    sets: Mapping[int, tuple[str, ...]],
    now: datetime,
    most: int | None,
    *,
    again: bool = True,
) -> Sequence[Row[Any]]:
    """Who is under way, and for whom a step has come and is not settled, the first that came first.

    ``again``: also those who wait for its approval.
    """
    first = (
        (Address.contact_id == Contact.id)
        & (Address.channel == Channel.EMAIL)
        & (Address.rank == 0)
    )
    mine = (StepCopy.enrolment_id == Enrolment.id) & (StepCopy.step_id == step.id)
    columns: Sequence[Any] = (
        *(Enrolment.id.label("enrolment_id"), Enrolment.contact_id, Enrolment.begins_at),
        *(Enrolment.begins_on, Contact.zone_set_id, Address.address),
        *(StepCopy.status, StepCopy.reason, StepCopy.due_at, StepCopy.answered_at),
    )
    rows = (
        select(*columns)
        .join(Contact, Contact.id == Enrolment.contact_id)
        .outerjoin(Address, first)
        .outerjoin(StepCopy, mine)
        .where(Enrolment.series_id == series.id, *going_on())
        .where(or_(StepCopy.id.is_(None), StepCopy.due_at <= now))
        .where(_has_come(series, step, sets, now))
        .order_by(Enrolment.begins_on, Enrolment.id)
    )
    if not again:
        waits = (StepCopy.status == RunStatus.HELD, StepCopy.reason == Reason.NOT_APPROVED)
        rows = rows.where(or_(StepCopy.id.is_(None), ~and_(*waits)))
    return conn.execute(rows.limit(most)).all()


def _has_come(
    series: Row[Any], step: Row[Any], sets: Mapping[int, tuple[str, ...]], now: datetime
) -> Any:
    """That a step's hour has come for an enrolment: by its first day, and of the last days by zones."""
    if step.days == 0:
        return Enrolment.begins_at <= now
    today = (now.astimezone(UTC) + FARTHEST).date()
    recent = [date.fromordinal(today.toordinal() - back) for back in range(4)]
    firsts = {each: date.fromordinal(each.toordinal() - step.days).isoformat() for each in recent}
    here = [
        and_(Enrolment.begins_on == firsts[day], Contact.zone_set_id.in_(come))
        for day in recent
        if (come := _come(series, step, day, sets, now))
    ]
    return or_(Enrolment.begins_on < firsts[recent[-1]], *here, false())


def _come(
    series: Row[Any],
    step: Row[Any],
    day: date,
    sets: Mapping[int, tuple[str, ...]],
    now: datetime,
) -> list[int]:
    hour = own_hour(series, step, day)
    return [] if hour is None else list(hours.come_in(hour, sets, now))
