"""Whoever said of the two addresses of a form that both are theirs becomes one contact, with one history.

It waits until no message that is on its way has to do with either: nobody is joined in the middle of an
alert, so no copy loses its person, none is added, and each address gets what was written down for it. Of two
copies of one message the account goes on counting both; one of them is the person's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select, update
from sqlalchemy.orm import aliased

from actions import responses
from contacts import pairing, uniting
from contacts.models import Channel, Contact
from contacts.pairing import Agreed
from database.engine import Database
from messages import followed
from messages.call_models import Call
from messages.calling_off import LIVE
from messages.control import NotNow
from messages.eligibility import ELSEWHERE
from messages.emailing_instead import INSTEAD
from messages.erasing import require_nobody_written_out
from messages.handing_over import LOOK_BACK
from messages.models import Delivery, Message, Reply, Status
from messages.prompt_models import Prompt, PromptKind
from messages.series_models import FIRED, Enrolment, Left, Series, StepCopy

ON_ITS_WAY = "a message that is on its way has to do with one of these two"
JUST_ENROLLED = "one of these two has just come into a series of emails"
# Why somebody who is still a contact may have left a series, the gravest last; "" = they have not.
GRAVER = ("", Left.STOPPED, Left.LEFT_PROJECT, Left.OPTED_OUT, Left.COMPLAINED)


def unite(conn: Connection, both: Agreed, *, now: datetime) -> int | None:
    """Make one contact of two, the older; return its id, or None where there were not two any more.

    Where one of the two has become another's meanwhile, what both said stands, and is looked at anew.
    Raises NotNow while a message is being written out, or one that is on its way is to either of them, or where one has
    come into a series in this instant.
    """
    ids = sorted({both.by_phone, both.by_email})
    series = _hold_series(conn, ids)
    held = select(Contact.id).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update()
    if list(conn.scalars(held)) != ids:
        return None
    pairing.settle(conn, both.pair)
    if len(ids) == 1:
        return None
    require_nobody_written_out(conn)
    _require_still(conn, ids, now)
    if _series_of(conn, ids) != series:
        raise NotNow(JUST_ENROLLED)
    keep, gone = ids
    _give_copies(conn, keep, gone)
    _give_prompts(conn, keep, gone)
    _give_series(conn, keep, gone, now)
    responses.give(conn, keep, gone)
    for table in (Reply, Call):
        conn.execute(update(table).where(table.contact_id == gone).values(contact_id=keep))
    first = {Channel.SMS.value: both.by_phone, Channel.EMAIL.value: both.by_email}
    uniting.absorb(conn, keep, gone, first=first, now=now)
    return keep


async def unite_all(database: Database, *, clock: Callable[[], datetime]) -> int:
    """Join all who are to be joined and may be now; return how many were."""
    await database.write(pairing.forget, now=clock())
    united = 0
    for both in await database.read(pairing.agreed):
        with suppress(NotNow):
            united += await database.write(_unite_as_it_is, both.pair, now=clock()) is not None
    return united


def _unite_as_it_is(conn: Connection, pair: str, *, now: datetime) -> int | None:
    """Join the two of a form as they are by now: either may have been joined to a third."""
    still = (each for each in pairing.agreed(conn) if each.pair == pair)
    return next((unite(conn, both, now=now) for both in still), None)


def _hold_series(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Keep the series of these two from being settled until we are done; before their rows, as whoever settles does.

    Else a step would go to one of them which the other has had.
    """
    series = _series_of(conn, ids)
    held = select(Series.id).where(Series.id.in_(series)).order_by(Series.id)
    conn.execute(held.with_for_update()).all()
    return series


def _series_of(conn: Connection, ids: Sequence[int]) -> list[int]:
    mine = select(Enrolment.series_id).where(Enrolment.contact_id.in_(ids)).distinct()
    return list(conn.scalars(mine.order_by(Enrolment.series_id)))


def _require_still(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """Nothing is on its way to either, nor may be handed over to them yet."""
    owed = Delivery.reason.in_([ELSEWHERE, INSTEAD]) & (Message.finished_at > now - LOOK_BACK)
    under_way = select(Delivery.id).join(Message, Message.id == Delivery.message_id)
    theirs = (Delivery.contact_id.in_(ids), Message.status.in_(LIVE) | owed)
    if conn.execute(under_way.where(*theirs).limit(1)).first() is not None:
        raise NotNow(ON_ITS_WAY)


def _give_copies(conn: Connection, keep: int, gone: int) -> None:
    """One row per message and channel is the person's; another counts on, and keeps its address."""
    found = select(Delivery.id, Delivery.message_id, Delivery.channel, Delivery.address)
    found = found.add_columns(Delivery.contact_id, Delivery.status)
    rows: dict[tuple[int, str], list[Row[Any]]] = defaultdict(list)
    rows_of_both: Iterable[Row[Any]] = conn.execute(
        found.where(Delivery.contact_id.in_([keep, gone]))
    )
    for row in rows_of_both:
        rows[row.message_id, row.channel].append(row)
    theirs = {max(each, key=lambda row: _weight(row, keep)).id for each in rows.values()}
    left = [row.id for each in rows.values() for row in each if row.id not in theirs]
    conn.execute(update(Delivery).where(Delivery.id.in_(left)).values(contact_id=None))
    conn.execute(update(Delivery).where(Delivery.contact_id == gone).values(contact_id=keep))
    every = chain.from_iterable(rows.values())
    followed.note(conn, sorted({*left, *(row.id for row in every if row.contact_id == gone)}))


def _weight(row: Row[Any], keep: int) -> tuple[bool, bool, bool, bool]:
    """Which of two copies says most of the person: one to be asked about, one that went, their own."""
    went = row.status not in (Status.SKIPPED, Status.STOPPED, Status.EXPIRED, Status.FAILED)
    own = row.contact_id == keep
    return (row.status == Status.UNKNOWN, went, row.address is not None, own)


def _give_prompts(conn: Connection, keep: int, gone: int) -> None:
    """Each office is asked about once, and how the call went once per action; the rest goes."""
    same = aliased(Prompt)
    asked = exists().where(
        same.contact_id == keep,
        same.action_id == Prompt.action_id,
        same.kind == Prompt.kind,
        (same.target == Prompt.target) | (same.kind == PromptKind.ASK),
    )
    conn.execute(delete(Prompt).where(Prompt.contact_id == gone, asked))
    conn.execute(update(Prompt).where(Prompt.contact_id == gone).values(contact_id=keep))


def _give_series(conn: Connection, keep: int, gone: int, now: datetime) -> None:
    """They are in a series once, and what either got of it they have had; the other place in it counts as left."""
    for theirs in conn.execute(select(Enrolment).where(Enrolment.contact_id == gone)).all():
        same = (Enrolment.series_id == theirs.series_id, Enrolment.contact_id == keep)
        kept = conn.execute(select(Enrolment).where(*same)).one_or_none()
        mine = update(Enrolment).where(Enrolment.id == theirs.id)
        if kept is None:
            conn.execute(mine.values(contact_id=keep))
            continue
        _give_steps(conn, kept.id, theirs.id)
        _leave_if_either_did(conn, kept, theirs)
        ended = {"left_at": theirs.left_at or now, "left_because": Left.UNITED}
        conn.execute(mine.values(contact_id=None, **ended))


def _give_steps(conn: Connection, kept: int, gone: int) -> None:
    """Of each step one row is theirs: that of a copy that left, or of one that waits, or of none.

    Where a copy left to both, the other place goes on counting its own.
    """
    columns = (StepCopy.id, StepCopy.step_id, StepCopy.enrolment_id, StepCopy.status)
    found = select(*columns, StepCopy.settled_at).where(StepCopy.enrolment_id.in_([kept, gone]))
    rows: dict[int, list[Row[Any]]] = defaultdict(list)
    rows_of_both: Iterable[Row[Any]] = conn.execute(found)
    for row in rows_of_both:
        rows[row.step_id].append(row)
    theirs = {max(each, key=lambda row: _says(row, kept)).id for each in rows.values()}
    both = (row for each in rows.values() for row in each)
    left = [row.id for row in both if row.id not in theirs and row.status != FIRED]
    conn.execute(delete(StepCopy).where(StepCopy.id.in_(left)))
    conn.execute(update(StepCopy).where(StepCopy.id.in_(theirs)).values(enrolment_id=kept))
    waits = exists().where(StepCopy.enrolment_id == kept, StepCopy.settled_at.is_(None))
    conn.execute(update(Enrolment).where(Enrolment.id == kept, waits).values(through_at=None))


def _says(row: Row[Any], kept: int) -> tuple[bool, bool, bool]:
    """Which of two rows of a step says most: a copy left, nobody has decided yet, the one's own."""
    waits = row.settled_at is None
    return (row.status == FIRED, waits, row.enrolment_id == kept)


def _leave_if_either_did(conn: Connection, kept: Row[Any], theirs: Row[Any]) -> None:
    """Whoever left the series by either address has left it, for the graver of two reasons."""
    if GRAVER.index(theirs.left_because) > GRAVER.index(kept.left_because):
        left = {"left_at": theirs.left_at, "left_because": theirs.left_because}
        conn.execute(update(Enrolment).where(Enrolment.id == kept.id).values(**left))
