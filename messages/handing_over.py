"""Give somebody the copy they would have had from another committee, where that one does not leave.

Who is on the lists of several committees gets an alert from the first of them; the others note
``eligibility.ELSEWHERE``. So does whose email was left out for a text that then is (``emailing_instead``). If that part is then stopped, or its claim leaves them out, they are owed a copy
by a part that still goes on. What is owed is read from the rows, so a crash forgets nobody; and whether
they may be written to is asked again by the claim.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Row, false, func, or_, select, union, update

from database.engine import Database
from database.jobs import Jobs
from messages import counts, discretion, eligibility, emailing_instead
from messages.batches import open_batch, reopen
from messages.calling_off import LIVE
from messages.eligibility import ELSEWHERE, family_of
from messages.emailing_instead import INSTEAD
from messages.models import Batch, Delivery, Message, MessageCount, MessageStatus, Status

AT_A_TIME = 500  # copies a transaction
GOING_ON = (*LIVE, MessageStatus.FINISHED)
LOOK_BACK = timedelta(days=1)  # what had ended before that has been looked at since


class HoldsBack(Protocol):
    """What looks through the words of an alert before more of it waits to leave."""

    def __call__(self, conn: Connection, root_id: int, *, now: datetime) -> bool:
        """Whether it must not: then the whole is paused, and a person decides."""


async def hand_over_all(
    database: Database, jobs: Jobs, *, hold_back: HoldsBack, clock: Callable[[], datetime]
) -> int:
    """Give back what every alert of several committees owes; return how many copies that was."""
    given, hand = 0, partial(hand_over, hold_back=hold_back)
    for root_id in await database.read(families, now=clock()):
        while some := await database.write(hand, jobs, root_id, now=clock()):
            given += some
    return given


def families(conn: Connection, *, now: datetime) -> list[int]:
    """The messages with parts of which something is on its way, or was a day ago."""
    moving = or_(Message.status.in_(LIVE), Message.finished_at > now - LOOK_BACK)
    roots = select(func.coalesce(Message.part_of, Message.id)).where(moving)
    parts = select(Message.part_of.label("root")).where(Message.part_of.in_(roots))
    owing = select(func.coalesce(Message.part_of, Message.id)).where(
        moving, Message.id.in_(emailing_instead.owing())
    )
    return sorted(conn.scalars(union(parts, owing)))


def hand_over(
    conn: Connection, jobs: Jobs, root_id: int, *, hold_back: HoldsBack, now: datetime
) -> int:
    """Let wait again whom one part of an alert left to another that wrote nothing; return how many.

    A part that was finished takes up again, which no list of people at risk has paused: so its words are looked
    through here, and nobody comes on a list until we commit.
    """
    if not _owed(conn, family_of(conn, root_id), now):
        return 0  # most times, and then nobody waits for us
    discretion.take_turns(conn)
    eligibility.take_turns(conn, root_id)
    root = conn.execute(select(Message.status).where(Message.id == root_id)).scalar_one()
    if root not in (MessageStatus.SENDING, MessageStatus.FINISHED):
        return 0  # the network has called off or paused the whole
    family = family_of(conn, root_id)
    owing = _owed(conn, family, now)
    if not owing or hold_back(conn, root_id, now=now):
        return 0
    return _give(conn, jobs, family, owing, now)


def _give(
    conn: Connection, jobs: Jobs, family: tuple[int, ...], owing: list[Row[Any]], now: datetime
) -> int:
    deltas, given = counts.Deltas(), 0
    for owed in owing:
        batch = _locked_batch(conn, owed)
        if not _let_wait(conn, owed, family, now):
            continue
        counts.moved(
            deltas,
            counts.place(owed.message_id, owed.channel, Status.SKIPPED, owed.reason, None),
            counts.place(owed.message_id, owed.channel, Status.PENDING, "", owed.zone_set_id),
        )
        _ask_for(conn, jobs, owed, batch, now)
        given += 1
    counts.apply(conn, deltas)
    return given


def _owed(conn: Connection, family: tuple[int, ...], now: datetime) -> list[Row[Any]]:
    """Copies that parts still going on left to a part that did not, or will not, send them; then the emails
    of people who were to be texted.
    """
    elsewhere = _left(family, Delivery.reason == ELSEWHERE, now)
    found = list(conn.execute(elsewhere).all())
    owing = emailing_instead.owing().where(MessageCount.message_id.in_(family)).limit(1)
    if conn.scalar(owing) is not None:
        untexted = (Delivery.reason == INSTEAD) & ~emailing_instead.texted(family)
        found += conn.execute(_left(family, untexted, now)).all()
    return found


def _left(family: tuple[int, ...], why: ColumnElement[bool], now: datetime) -> Any:
    open_ended = or_(Message.expires_at.is_(None), Message.expires_at > now)
    theirs = (Delivery.message_id.in_(family), why)
    return (
        select(
            *(Delivery.id, Delivery.message_id, Delivery.channel, Delivery.address),
            *(Delivery.zone_set_id, Delivery.reason),
        )
        .join(Message, Message.id == Delivery.message_id)
        .where(*theirs, Message.status.in_(GOING_ON), open_ended, Delivery.address.is_not(None))
        .where(~eligibility.reaches(family, Delivery.channel, Delivery.address))
        .order_by(Delivery.message_id, Delivery.id)
        .limit(AT_A_TIME)
    )


def _locked_batch(conn: Connection, owed: Row[Any]) -> Row[Batch] | None:
    """The batch a copy lies in, locked before the copy itself, as every sender does; most lie in none."""
    mine = select(Batch).where(
        Batch.message_id == owed.message_id,
        Batch.channel == owed.channel,
        Batch.lo_id <= owed.id,
        Batch.hi_id > owed.id,
    )
    return conn.execute(mine.with_for_update()).one_or_none()


def _let_wait(conn: Connection, owed: Row[Any], family: tuple[int, ...], now: datetime) -> bool:
    """Unless a part further up has given it a moment ago, or its person was erased meanwhile."""
    mine = (Delivery.id == owed.id, Delivery.reason == owed.reason)
    texted = emailing_instead.texted(family) if owed.reason == INSTEAD else false()
    waits = (
        update(Delivery)
        .where(
            *(*mine, Delivery.address.is_not(None), ~texted),
            ~eligibility.reaches(family, owed.channel, owed.address),
        )
        .values(status=int(Status.PENDING), reason="", changed_at=now)
    )
    return bool(conn.execute(waits).rowcount)


def _ask_for(
    conn: Connection, jobs: Jobs, owed: Row[Any], batch: Row[Any] | None, now: datetime
) -> None:
    """See to it that a sender looks at a copy: in its batch, or in one of its own."""
    if batch is None:
        message = conn.execute(select(Message).where(Message.id == owed.message_id)).one()
        batch = open_batch(conn, jobs, message, owed.channel, owed.id, owed.id + 1)
    reopen(conn, batch, now=now)
    jobs.enqueue(conn, "send_batch", batch.id, priority=batch.priority)
