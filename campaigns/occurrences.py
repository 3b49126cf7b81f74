"""The ledger: each occurrence of a scheduled email stands in it once, with what became of it.

An occurrence enters when it is due, in the transaction that moves its email on to the next; or earlier,
when an organizer leaves it out, moves it, or gives it words of its own. From then on the row alone decides:
``firing.py`` settles it, and whoever is asked about it answers on the row. So one that is held keeps none
that comes after it from going.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, func, null, select, update

from campaigns import experiments, recurring
from campaigns.calendar import AlreadyPast, change_email, find_email, instant_of, stored, upcoming
from campaigns.models import CampaignRun, Missed, Reason, RunStatus, ScheduleStatus
from database.upserts import insert_or
from messages.control import NotNow, Words
from messages.wallclock import Moment, moment

DAY = len("2026-12-01")  # of a wall time
AT_ONCE = 500  # occurrences that enter in one transaction, after a long silence
WAITING = (RunStatus.PLANNED, RunStatus.POSTPONED, RunStatus.HELD)


class NotOneOfItsDates(LookupError):
    """This email has no such date, or it is over. Look at its dates again."""


def enter(conn: Connection, email: Row[Any], *, now: datetime) -> None:
    """Write down what of an email, whose row is locked, has become due, and move it on to the next."""
    if email.status != ScheduleStatus.SCHEDULED or email.next_local is None:
        return
    entered: list[int] = []
    following: tuple[str, datetime] | None = None
    for looked_at, local in enumerate(islice(_from(email, email.next_local), AT_ONCE + 1)):
        at = instant_of(conn, local, email.zone, own_zone=email.own_zone)
        if at > now or looked_at == AT_ONCE:
            following = local, at
            break
        run_id = _insert(conn, email.id, local, at)
        entered += [run_id] if run_id is not None else []
    if following == (email.next_local, email.next_run_at):
        return
    if email.missed == Missed.NEWEST and entered:
        _overtake(conn, email.id, but=entered[-1], entered=entered)
    status = ScheduleStatus.OVER if following is None else ScheduleStatus.SCHEDULED
    local_next, next_at = following or (None, None)
    change_email(conn, email.id, status=status, next_local=local_next, next_run_at=next_at)


def waiting(conn: Connection, email_id: int, *, now: datetime) -> list[int]:
    """The occurrences of an email that are to be decided now, the oldest first."""
    found = select(CampaignRun.id).where(
        CampaignRun.email_id == email_id, CampaignRun.due_at <= now
    )
    return list(conn.scalars(found.order_by(CampaignRun.due_at, CampaignRun.id)))


def find(conn: Connection, run_id: int) -> Row[Any]:
    """An occurrence, locked until the transaction ends; the caller knows that it exists."""
    mine = select(CampaignRun).where(CampaignRun.id == run_id)
    return conn.execute(mine.with_for_update()).one()


def of(conn: Connection, email_id: int, local_time: str) -> Row[Any] | None:
    """An occurrence that stands in the ledger, for whoever only reads."""
    mine = select(CampaignRun).where(
        CampaignRun.email_id == email_id, CampaignRun.local_time == local_time
    )
    return conn.execute(mine).one_or_none()


def settle(conn: Connection, run_id: int, status: RunStatus, reason: Reason, **values: Any) -> None:
    """Write what became of an occurrence; it is not looked at again unless ``due_at`` is given."""
    decided = {"due_at": None, "details": [], **values, "status": status, "reason": reason}
    conn.execute(update(CampaignRun).where(CampaignRun.id == run_id).values(decided))


def held(conn: Connection, email_id: int, local_time: str) -> Row[Any]:
    """An occurrence that waits for an answer, locked. Raises NotNow, NotOneOfItsDates."""
    find_email(conn, email_id)
    run = _known(conn, email_id, local_time)
    if run is None:
        raise NotOneOfItsDates(NotOneOfItsDates.__doc__)
    if run.status != RunStatus.HELD:
        raise NotNow("only what is held waits for an answer; look at the list again")
    return run


def leave_out(conn: Connection, email_id: int, local_time: str, *, by: str, now: datetime) -> None:
    """Let one occurrence go, beforehand or as the answer to whether a held one should leave.

    Raises NotNow, NotOneOfItsDates.
    """
    run = _open(conn, email_id, local_time)
    settle(
        conn,
        run.id,
        RunStatus.SKIPPED,
        Reason.LEFT_OUT,
        details=[run.reason] if run.status == RunStatus.HELD else [],
        answered_by=by,
        answered_at=now,
    )


def move(
    conn: Connection, email_id: int, local_time: str, to: str, *, by: str, now: datetime
) -> Moment:
    """Have one occurrence go at another time. Raises NotNow, NotOneOfItsDates, BadTime, AlreadyPast."""
    run = _open(conn, email_id, local_time)
    email = find_email(conn, email_id)
    at = moment(to, email.zone)
    instant = instant_of(conn, at.local, email.zone, own_zone=email.own_zone)
    if instant <= now:
        raise AlreadyPast(f"{at.local} in {email.zone} is over already; choose a later time")
    _plan(conn, run.id, instant, moved_to=at.local, answered_by=by, answered_at=now)
    return at


def change_words(
    conn: Connection,
    email_id: int,
    local_time: str,
    texts: Mapping[str, Words] | None,
    *,
    by: str,
) -> None:
    """Give one occurrence words of its own; None: those of its email again. Raises as ``leave_out``."""
    run = _open(conn, email_id, local_time)
    writers = sorted({*run.writers, by}) if texts else []
    own = {"texts": stored(texts) if texts else null(), "writers": writers}
    conn.execute(update(CampaignRun).where(CampaignRun.id == run.id).values(own))


def put_back(conn: Connection, email_id: int, local_time: str, *, by: str, now: datetime) -> None:
    """Undo: an occurrence that was left out or moved goes at its hour again; if that is over, it is asked about.

    Raises NotNow, NotOneOfItsDates.
    """
    email = find_email(conn, email_id)
    run = _known(conn, email_id, local_time)
    if run is None:
        raise NotOneOfItsDates(NotOneOfItsDates.__doc__)
    undone = run.status == RunStatus.SKIPPED or (
        run.status == RunStatus.PLANNED and run.moved_to is not None
    )
    if not undone or email.status == ScheduleStatus.CANCELLED:
        raise NotNow("there is nothing to undo here; look at the list again")
    answered = {"answered_by": by, "answered_at": now}
    planned = instant_of(conn, local_time, email.zone, own_zone=email.own_zone)
    if planned > now:
        _plan(conn, run.id, planned, moved_to=None, **answered)
    else:
        settle(
            conn, run.id, RunStatus.HELD, Reason.LATE, planned_at=planned, moved_to=None, **answered
        )


def conform(conn: Connection, email_id: int, *, now: datetime) -> None:
    """Fit what is written down ahead to a plan that was changed: what it has no more is skipped."""
    email = find_email(conn, email_id)
    ahead = select(CampaignRun).where(
        CampaignRun.email_id == email_id, CampaignRun.status.in_((*WAITING, RunStatus.SKIPPED))
    )
    for run in conn.execute(ahead.with_for_update()).all():
        if run.status == RunStatus.HELD or run.planned_at is None or run.planned_at <= now:
            continue
        local = _at_new_hour(conn, email, run)
        if local is None or not recurring.happens(email.rule, email.local_time, local):
            settle(conn, run.id, RunStatus.SKIPPED, Reason.CHANGED)
        else:
            _fit(conn, email, run, local, now)


def _at_new_hour(conn: Connection, email: Row[Any], run: Row[Any]) -> str | None:
    """The same day at the hour that the email has now; None where another occurrence stands there already."""
    local = run.local_time[:DAY] + email.local_time[DAY:]
    taken = select(CampaignRun.id).where(
        CampaignRun.email_id == email.id,
        CampaignRun.local_time == local,
        CampaignRun.id != run.id,
    )
    return None if conn.scalar(taken) is not None else local


def _fit(conn: Connection, email: Row[Any], run: Row[Any], local: str, now: datetime) -> None:
    """Let an occurrence that the plan has again, or at another hour, stand as it was meant: also left out, or moved."""
    at = instant_of(conn, local, email.zone, own_zone=email.own_zone)
    mine = update(CampaignRun).where(CampaignRun.id == run.id)
    conn.execute(mine.values(local_time=local))
    gone = run.status == RunStatus.SKIPPED and run.reason in (Reason.CALLED_OFF, Reason.CHANGED)
    if not gone and run.status != RunStatus.PLANNED:
        return
    moved = (
        None
        if run.moved_to is None
        else instant_of(conn, run.moved_to, email.zone, own_zone=email.own_zone)
    )
    if moved is not None and moved > now:
        _plan(conn, run.id, moved, moved_to=run.moved_to)
    else:
        _plan(conn, run.id, at, moved_to=None)


def keep_day(conn: Connection, email_id: int, first: Moment, *, by: str, now: datetime) -> None:
    """Let no email go twice on a day: where it has left already, its new hour of that day is left out."""
    gone = select(CampaignRun.id).where(
        CampaignRun.email_id == email_id,
        CampaignRun.status == RunStatus.FIRED,
        func.substr(CampaignRun.local_time, 1, DAY) == first.local[:DAY],
    )
    if conn.scalar(gone.limit(1)) is None:
        return
    run_id = _insert(conn, email_id, first.local, first.instant)
    if run_id is not None:
        answered = {"answered_by": by, "answered_at": now}
        settle(conn, run_id, RunStatus.SKIPPED, Reason.CHANGED, **answered)


def call_off(conn: Connection, email_id: int, *, by: str, now: datetime) -> int:
    """Skip whatever of an email still waits, also for a decision; return how much that was."""
    rows = select(CampaignRun.id).where(
        CampaignRun.email_id == email_id, CampaignRun.status.in_(WAITING)
    )
    found = list(conn.scalars(rows))
    for run_id in found:
        settle(
            conn,
            run_id,
            RunStatus.SKIPPED,
            Reason.CALLED_OFF,
            answered_by=by,
            answered_at=now,
        )
    return len(found) + experiments.call_off(conn, email_id, by=by, now=now)


def take_up(conn: Connection, email_id: int, *, now: datetime) -> list[str]:
    """Plan again what was called off with its email and is still ahead; return when, on the wall."""
    rows = select(CampaignRun).where(
        CampaignRun.email_id == email_id,
        CampaignRun.status == RunStatus.SKIPPED,
        CampaignRun.reason == Reason.CALLED_OFF,
        CampaignRun.planned_at > now,
    )
    again = []
    for run in conn.execute(rows.order_by(CampaignRun.planned_at)).all():
        _plan(conn, run.id, run.planned_at, moved_to=run.moved_to)
        again.append(run.moved_to or run.local_time)
    return again


def hold_overdue(conn: Connection, now: datetime) -> None:
    """Hold whatever is due: nobody knows whether it went, so a person is asked."""
    for email_id in [each for each, at in upcoming(conn).items() if at <= now]:
        enter(conn, find_email(conn, email_id), now=now)
        for run_id in waiting(conn, email_id, now=now):
            settle(conn, run_id, RunStatus.HELD, Reason.RESTORED)
    experiments.hold_waiting(conn)


def _from(email: Row[Any], local: str) -> Any:
    times = recurring.times(email.rule, email.local_time, after=email.next_local or "")
    yield local
    yield from times


def _insert(conn: Connection, email_id: int, local: str, at: datetime) -> int | None:
    """Enter an occurrence that the database admits once; None when it stands there already."""
    row = insert_or(conn, CampaignRun).values(
        email_id=email_id, local_time=local, status=RunStatus.PLANNED, planned_at=at, due_at=at
    )
    once = row.on_conflict_do_nothing(index_elements=["email_id", "local_time"])
    found: int | None = conn.scalar(once.returning(CampaignRun.id))
    return found


def _overtake(conn: Connection, email_id: int, *, but: int, entered: list[int]) -> None:
    """Of several that were missed only the newest is news: it is the one that is asked about."""
    older = [each for each in entered if each != but]
    asked = select(CampaignRun.id).where(
        CampaignRun.email_id == email_id,
        CampaignRun.status == RunStatus.HELD,
        CampaignRun.reason == Reason.LATE,
    )
    for run_id in [*older, *conn.scalars(asked).all()]:
        settle(conn, run_id, RunStatus.SKIPPED, Reason.OVERTAKEN)


def _plan(conn: Connection, run_id: int, at: datetime, **values: Any) -> None:
    settle(conn, run_id, RunStatus.PLANNED, Reason.NONE, planned_at=at, due_at=at, **values)


def _known(conn: Connection, email_id: int, local_time: str) -> Row[Any] | None:
    mine = select(CampaignRun).where(
        CampaignRun.email_id == email_id, CampaignRun.local_time == local_time
    )
    return conn.execute(mine.with_for_update()).one_or_none()


def _open(conn: Connection, email_id: int, local_time: str) -> Row[Any]:
    """An occurrence that has not left, written down if it is still ahead. Raises NotNow, NotOneOfItsDates."""
    email = find_email(conn, email_id)
    run = _known(conn, email_id, local_time)
    if run is None:
        ahead = email.next_local is not None and local_time >= email.next_local
        if not ahead or not recurring.happens(email.rule, email.local_time, local_time):
            raise NotOneOfItsDates(NotOneOfItsDates.__doc__)
        at = instant_of(conn, local_time, email.zone, own_zone=email.own_zone)
        _insert(conn, email_id, local_time, at)
        run = _known(conn, email_id, local_time)
    if run is None or run.status not in WAITING:
        raise NotNow("this one can no longer be changed; it has left, or was left out")
    return run
