"""The rows of what becomes of a step for each person: set aside, asked about again, or due anew. Whoever
changes one has locked its series.

Each question has a number, and the numbers of a series rise in the order of its commits. So an answer is for what
was on the page, whatever has been held since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, func, select, update

from campaigns.models import Reason, RunStatus
from messages.calling_off import cancel, replace_called_off
from messages.models import Delivery, Message, MessageCount, MessageStatus, Status
from messages.series_models import Enrolment, Series, SeriesStep, StepCopy, StepMail

MOST = 500  # rows a statement names
# Why a person may be asked; whatever else it waited for, its hour is over by the time they are.
ASKED = (
    *(Reason.LATE, Reason.LOCKED, Reason.RESTORED, Reason.BLOCKED, Reason.NAMED),
    *(Reason.NOT_APPROVED, Reason.WAITED, Reason.PAUSED),
)

UNANSWERED = {"answered_by": "", "answered_at": None}


def going_on() -> tuple[Any, Any]:
    """That somebody is in a series and has more to come."""
    return Enrolment.left_at.is_(None), Enrolment.through_at.is_(None)


def still_in() -> Any:
    """That a copy is of somebody who has not left the series."""
    return StepCopy.enrolment_id.in_(select(Enrolment.id).where(Enrolment.left_at.is_(None)))


def waiting_copies() -> Any:
    """That it is open what becomes of a step for somebody."""
    return StepCopy.status.in_((RunStatus.PLANNED, RunStatus.POSTPONED, RunStatus.HELD))


def settled(status: RunStatus, reason: str, now: datetime) -> dict[str, Any]:
    """The columns of a copy of which it is decided what becomes."""
    return {"status": status, "reason": reason, "due_at": None, "settled_at": now}


def next_ask(conn: Connection, series_id: int) -> int:
    """The number of a new question."""
    asking = update(Series).where(Series.id == series_id).values(asks=Series.asks + 1)
    return conn.execute(asking.returning(Series.asks)).scalar_one()


def set_aside(
    conn: Connection, where: Sequence[ColumnElement[bool]], because: str, *, now: datetime
) -> None:
    """Decide that those of these copies that wait are none; each keeps what it waited for."""
    put_aside(conn, [waiting_copies(), *where], settled(RunStatus.SKIPPED, because, now))


def put_aside(
    conn: Connection, where: Iterable[ColumnElement[bool]], values: Mapping[str, Any]
) -> int:
    """Set these columns of copies that wait, and keep their reason before its details; return how many that were."""
    found = select(StepCopy.id, StepCopy.reason, StepCopy.details).where(*where)
    alike = defaultdict[bytes, list[int]](list)
    for copy_id, reason, details in conn.execute(found).all():
        alike[orjson.dumps([reason, *details])].append(copy_id)
    for kept, ids in alike.items():
        for some in _in_parts(ids):
            those = update(StepCopy).where(StepCopy.id.in_(some))
            conn.execute(those.values(**values, details=orjson.loads(kept)))
    return sum(map(len, alike.values()))


def ask_again(
    conn: Connection, series_id: int, where: Sequence[ColumnElement[bool]], because: str
) -> int:
    """Ask anew about what was set aside so, of whoever is in the series; return how many that are."""
    aside = (StepCopy.status == RunStatus.SKIPPED, StepCopy.reason == because)
    found = select(StepCopy.id, StepCopy.details).where(*aside, *where, still_in())
    alike = defaultdict[bytes, list[int]](list)
    for copy_id, details in conn.execute(found).all():
        alike[orjson.dumps(_waited_for(details))].append(copy_id)
    asked = next_ask(conn, series_id) if alike else 0
    for kept, ids in alike.items():
        reason, *details = orjson.loads(kept)
        due: Any = StepCopy.planned_at if reason == Reason.NOT_APPROVED else None
        held = {"status": RunStatus.HELD, "reason": reason, "due_at": due, "asked": asked}
        _wait_again(conn, ids, {**held, "details": details, **UNANSWERED})
    return sum(map(len, alike.values()))


def due_again(conn: Connection, series_id: int, *, now: datetime) -> bool:
    """Let what was called off with a series, of those who are in it again, be due at its hour as if nothing had gone.

    It leaves if that is not too late; else it is asked about. A step that was taken out goes on having been. Return
    whether senders have yet to say of some what became of them.
    """
    steps = SeriesStep.series_id == series_id
    stopped = _stopped(conn, series_id)
    if not stopped:
        return False
    gone = select(StepCopy.delivery_id).join(SeriesStep, SeriesStep.id == StepCopy.step_id)
    gone = gone.where(steps, StepCopy.status == RunStatus.FIRED, still_in())
    copies = [Delivery.message_id.in_(stopped), Delivery.id.in_(gone)]
    cancel(conn, copies, Status.STOPPED, MessageStatus.STOPPED, now)  # what senders had yet to
    again = _copies_of(conn, replace_called_off(conn, copies, MessageStatus.STOPPED, now=now))
    planned = {"status": RunStatus.PLANNED, "reason": Reason.NONE, "due_at": StepCopy.planned_at}
    _wait_again(conn, again, planned)
    out = select(SeriesStep.id).where(steps, SeriesStep.retired_at.is_not(None))
    set_aside(conn, [StepCopy.step_id.in_(out)], Reason.CHANGED, now=now)
    in_hand = (MessageCount.status == Status.SENDING, MessageCount.count > 0)
    some = select(MessageCount.count).where(MessageCount.message_id.in_(stopped), *in_hand)
    return conn.execute(some.limit(1)).first() is not None


def ask_about(
    conn: Connection, series_id: int, enrolments: Sequence[int], why: str, *, now: datetime
) -> None:
    """Ask about what these people did not get for a reason that turned out to be none."""
    theirs = StepCopy.enrolment_id.in_(enrolments)
    ask_again(conn, series_id, [theirs], why)
    gone = select(StepCopy.delivery_id).where(theirs, StepCopy.status == RunStatus.FIRED)
    again = _copies_of(conn, replace_called_off(conn, [Delivery.id.in_(gone)], why, now=now))
    if again:
        asked = next_ask(conn, series_id)
        held = {"status": RunStatus.HELD, "reason": Reason.LATE, "due_at": None, "asked": asked}
        _wait_again(conn, again, {**held, **UNANSWERED})


def ask_of_backup(conn: Connection, series_id: int) -> int:
    """Say of whoever is held that a backup was put back: they may have been answered for; return the question's number."""
    ask = next_ask(conn, series_id)
    steps = select(SeriesStep.id).where(SeriesStep.series_id == series_id)
    held = (StepCopy.step_id.in_(steps), StepCopy.status == RunStatus.HELD)
    restored: dict[str, Any] = {
        "reason": Reason.RESTORED,
        "details": [],
        "due_at": None,
        "asked": ask,
    }
    conn.execute(update(StepCopy).where(*held).values(restored))
    return ask


def forget(conn: Connection, *, before: datetime) -> int:
    """Cut what was settled before from the copies it led to, of which nobody's details are kept; return how many.

    What it came to counts on, by message.
    """
    old = update(StepCopy).where(StepCopy.delivery_id.is_not(None), StepCopy.settled_at < before)
    return conn.execute(old.values(delivery_id=None)).rowcount


def finish(conn: Connection, series_id: int, steps: Sequence[int], *, now: datetime) -> None:
    """Note who is through: every step of the series is settled for them."""
    if not steps:
        return
    done = (
        select(func.count())
        .where(
            StepCopy.enrolment_id == Enrolment.id,
            StepCopy.step_id.in_(steps),
            ~waiting_copies(),
        )
        .scalar_subquery()
    )
    mine = update(Enrolment).where(Enrolment.series_id == series_id, *going_on())
    conn.execute(mine.where(done == len(steps)).values(through_at=now))


def _waited_for(details: Sequence[Any]) -> list[Any]:
    """The reason that was kept, and its details; of old, what stood in the way is kept instead."""
    kept = details[0] if details else ""
    return [*details] if kept in ASKED else [Reason.LATE]


def _stopped(conn: Connection, series_id: int) -> list[int]:
    """The messages of a series that were stopped."""
    mine = (
        select(StepMail.message_id)
        .join(SeriesStep, SeriesStep.id == StepMail.step_id)
        .join(Message, Message.id == StepMail.message_id)
        .where(SeriesStep.series_id == series_id, Message.status == MessageStatus.STOPPED)
    )
    return list(conn.scalars(mine))


def _copies_of(conn: Connection, deliveries: Sequence[int]) -> list[int]:
    """The rows that led to these copies."""
    found = list[int]()
    for some in _in_parts(deliveries):
        found += conn.scalars(select(StepCopy.id).where(StepCopy.delivery_id.in_(some)))
    return found


def _wait_again(conn: Connection, ids: Sequence[int], how: dict[str, Any]) -> None:
    """Let it be open again what becomes of these, and who has them be in the series still."""
    open_again: dict[str, Any] = {"settled_at": None, "delivery_id": None, "details": []}
    for some in _in_parts(ids):
        conn.execute(update(StepCopy).where(StepCopy.id.in_(some)).values(**{**open_again, **how}))
        whose = select(StepCopy.enrolment_id).where(StepCopy.id.in_(some))
        conn.execute(update(Enrolment).where(Enrolment.id.in_(whose)).values(through_at=None))


def _in_parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[first : first + MOST] for first in range(0, len(ids), MOST))
