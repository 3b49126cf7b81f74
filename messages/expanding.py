"""From an audience to deliveries: chunked ``INSERT … SELECT``, resumable at any point.

Each chunk takes the contacts of one id range and writes a row for every one of them in the
audience, per channel: a pending copy, or the reason for none. The cursor moves in the same
transaction, so a crash repeats nothing and loses nobody, and the first copies can leave while the
rest is still being written.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Subquery,
    and_,
    any_,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from contacts.models import Channel, Contact
from database.jobs import Jobs
from database.upserts import insert_or
from messages import audience as audiences
from messages import counts, own_hour
from messages.batches import finish_if_done, open_batch
from messages.eligibility import Terms, fates, take_turns, terms_of
from messages.models import Delivery, Message, MessageStatus, Status

CHUNK = 20_000  # contacts a transaction: holds SQLite's writer for about 0.2 s
FIRST = 1_000  # contacts of the first
SHARES = 8  # parts of a chunk that as many senders may work on at once
LEAST, MOST = 250, 2_500  # deliveries of a batch

INITIAL = {
    MessageStatus.STOPPED: Status.STOPPED,
    MessageStatus.EXPIRED: Status.EXPIRED,
}


def expand_chunk(
    conn: Connection, jobs: Jobs, message_id: int, *, now: datetime, chunk: int = CHUNK
) -> bool:
    """Write the deliveries of the next range of contacts; whether more are left to write."""
    message = _locked(conn, message_id)
    if message is None or message.status == MessageStatus.DRAFT or message.expanded_at is not None:
        return False
    last = _end_of_chunk(conn, message.expanded_to, chunk_size(message.expanded_to, chunk))
    if last is None:
        conn.execute(update(Message).where(Message.id == message_id).values(expanded_at=now))
        finish_if_done(conn, message_id, now=now)
        return False
    people = _frozen(conn, _people(message, last))
    ids = range(message.expanded_to + 1, last + 1)
    terms = terms_of(conn, message_id, now=now)
    for channel in terms.channels:
        _write(conn, jobs, message, channel, people, ids, terms, now)
    expected = _count(conn, people) * len(terms.channels)
    conn.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(expanded_to=last, expected=Message.expected + expected)
    )
    return True


def _locked(conn: Connection, message_id: int) -> Row[Message] | None:
    """Keep a message from everybody else, and wait for the other parts of the same alert.

    Two parts written down at once would not see each other's people, and write to them twice.
    """
    root = select(Message.part_of).where(Message.id == message_id)
    take_turns(conn, conn.scalar(root) or message_id)
    mine = select(Message).where(Message.id == message_id)
    return conn.execute(mine.with_for_update(key_share=True)).one_or_none()


def chunk_size(expanded_to: int, most: int) -> int:
    """How many contacts come next: as many as came before, for the first copies are to leave soon.

    They are claimed by the writer that writes the others down, and would wait for it.
    """
    return min(most, max(FIRST, expanded_to))


def _end_of_chunk(conn: Connection, after: int, chunk: int) -> int | None:
    ids = select(Contact.id).where(Contact.id > after).order_by(Contact.id).limit(chunk).subquery()
    last: int | None = conn.scalar(select(func.max(ids.c.id)))
    return last


def _people(message: Row[Message], last: int) -> ColumnElement[bool]:
    chosen = audiences.belongs(audiences.read(message.audience))
    return and_(Contact.id > message.expanded_to, Contact.id <= last, chosen)


def _frozen(conn: Connection, people: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same people for every statement of a chunk, whatever else commits between two of them.

    A contact tagged after the texts were written would otherwise get only an email, and one removed
    before the count would be missing from it. SQLite's one writer sees to that by itself.
    """
    if conn.dialect.name == "sqlite":
        return people
    # Locked as the rows we insert will lock them, only earlier: nobody can be erased meanwhile.
    locked = select(Contact.id).where(people).with_for_update(read=True, key_share=True, of=Contact)
    return Contact.id == any_(literal(list(conn.scalars(locked)), ARRAY(BigInteger)))


def _count(conn: Connection, people: ColumnElement[bool]) -> int:
    """Counted apart from the rows written, so that the equation on screen proves something."""
    return conn.execute(select(func.count()).select_from(Contact).where(people)).scalar_one()


def _write(
    conn: Connection,
    jobs: Jobs,
    message: Row[Message],
    channel: Channel,
    people: ColumnElement[bool],
    ids: range,
    terms: Terms,
    now: datetime,
) -> None:
    before = conn.scalar(select(func.max(Delivery.id))) or 0
    found = fates(people, channel, terms, ids=ids).subquery()
    initial = INITIAL.get(MessageStatus(message.status), Status.PENDING)
    reason = _reason(conn, message, found, now)
    row = {
        "message_id": literal(message.id),
        "contact_id": found.c.contact_id,
        "channel": literal(str(channel)),
        "address": found.c.address,
        "zone_set_id": found.c.zone_set_id,
        "status": case((reason == "", int(initial)), else_=int(Status.SKIPPED)),
        "reason": reason,
        "attempt": literal(0),
        "approved_sends": literal(1),
        "language": literal(""),
        "segments": literal(0),
        "changed_at": literal(now, Delivery.changed_at.type),
    }
    _insert(conn, list(row), select(*row.values()).order_by(found.c.contact_id))
    pending, new = _count_new(conn, message.id, channel, before)
    if pending:
        # As many ids as hold so many pending rows, the others being spread among them.
        size = -(-batch_size(pending) * len(new) // pending)
        for low in new[::size]:
            open_batch(conn, jobs, message, channel, low, min(low + size, new.stop))


def _reason(
    conn: Connection, message: Row[Message], found: Subquery, now: datetime
) -> ColumnElement[str]:
    """Why there is no copy; also for people where the hour that it waits for is long over."""
    why: ColumnElement[str] = found.c.reason
    hour = own_hour.read(message.own_hour)
    if hour is None:
        return why
    over: ColumnElement[bool] = found.c.zone_set_id.in_(own_hour.passed_in(conn, hour, now))
    if own_hour.ended(hour, now):
        over = or_(over, found.c.zone_set_id.is_(None))
    return case((and_(why == "", over), own_hour.PAST), else_=why)


def _insert(conn: Connection, columns: list[str], rows: Select[Any]) -> None:
    """Write the rows, but for one that somebody has already: that is never so, as far as we know.

    So it is not asked of every row. On PostgreSQL, which looks each up beforehand, that is half of the
    time that writing takes.
    """
    statement = insert_or(conn, Delivery).from_select(columns, rows)
    try:
        with conn.begin_nested():
            conn.execute(statement)
    except IntegrityError:
        conn.execute(statement.on_conflict_do_nothing())


def batch_size(pending: int) -> int:
    """How many deliveries make a batch.

    Small enough that several senders share a small message; large enough that a sender of a large one
    claims several windows before it has to look for its next batch.
    """
    return min(MOST, max(LEAST, -(-pending // SHARES)))


def _count_new(
    conn: Connection, message_id: int, channel: Channel, after: int
) -> tuple[int, range]:
    """Count the new rows by where they stand; return how many of them wait, and what ids there are."""
    kinds = (Delivery.status, Delivery.reason, Delivery.zone_set_id)
    rows = conn.execute(
        select(*kinds, func.count(), func.min(Delivery.id), func.max(Delivery.id))
        .where(Delivery.id > after, Delivery.message_id == message_id, Delivery.channel == channel)
        .group_by(*kinds)
    ).all()
    deltas: counts.Deltas = Counter()
    for status, reason, zone_set_id, count, _, _ in rows:
        deltas[counts.place(message_id, channel, status, reason, zone_set_id)] += count
    counts.apply(conn, deltas)
    waiting = [row for row in rows if row.status == Status.PENDING]
    first = min((row[4] for row in waiting), default=0)
    last = max((row[5] for row in waiting), default=0)
    return sum(row[3] for row in waiting), range(first, last + 1)
