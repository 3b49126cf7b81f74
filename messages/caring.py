"""Who looks after a reply, and until when it waits: assigned, snoozed, done, and each of it undone.

Nobody is asked “are you sure”. What was last done with a reply stands beside it with what it was like before,
and its organizer may undo it as long as nobody has done anything else with it since. An opt-out is not among
these acts: it is the person's word, and only they can come back from it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from actions.models import Outcome, Response
from actions.responses import record
from contacts.models import AddressStanding, Standing
from database.upserts import insert_or
from messages import control
from messages.control import NotNow
from messages.inbox_models import Care, WrittenAnswer
from messages.models import Delivery, Reply, Status
from messages.prompt_models import Suggestion

ANSWERING_LASTS = timedelta(minutes=3)  # after the browser last said so
SAID_AGAIN = timedelta(minutes=1)
EVENING, MORNING = time(18), time(9)
AN_HOUR = timedelta(hours=1)


class Act(StrEnum):
    """What may be done with a reply, and undone."""

    HANDLE = "handle"
    REOPEN = "reopen"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    NOTE = "note"  # taken for a call
    ANSWER = "answer"


class Until(StrEnum):
    """Until when a reply may be put off."""

    HOUR = "hour"
    TONIGHT = "tonight"
    TOMORROW = "tomorrow"


class NothingToUndo(Exception):
    """Something else was done with this reply since; look at it again."""


class LeftAlready(Exception):
    """The answer has left already; it cannot be called back."""


def wakes_at(until: Until, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When a reply that is put off comes back, by the clock of ``zone``; None where that is over for today."""
    if until is Until.HOUR:
        return now + AN_HOUR
    local = now.astimezone(zone)
    if until is Until.TONIGHT:
        evening = datetime.combine(local.date(), EVENING, zone)
        return evening.astimezone(now.tzinfo) if evening > local else None
    morning = datetime.combine(local.date() + timedelta(days=1), MORNING, zone)
    return morning.astimezone(now.tzinfo)


def is_in_review(conn: Connection, reply_id: int) -> bool:
    """Whether nobody has decided yet if whoever sent a reply means stop."""
    held = (
        select(AddressStanding.standing)
        .join(
            Reply,
            and_(
                Reply.channel == AddressStanding.channel, Reply.address == AddressStanding.address
            ),
        )
        .where(Reply.id == reply_id, AddressStanding.standing == Standing.REVIEW)
    )
    return conn.execute(held.limit(1)).first() is not None


def _require_decided(conn: Connection, reply_id: int) -> None:
    """What may mean stop stays in sight until somebody has decided. Raises NotNow."""
    if is_in_review(conn, reply_id):
        raise NotNow(
            "this person may have said stop; decide that first, until then it stays in the inbox"
        )


def handle(conn: Connection, reply_id: int, *, by: str, now: datetime) -> None:
    """Take a reply out of the inbox; the first to do so stays on record. Raises NotNow."""
    was = state(conn, reply_id)
    if was["handled_at"] is None:
        _require_decided(conn, reply_id)
        change(conn, reply_id, handled_at=now, handled_by=by)
        put(conn, reply_id, {"snoozed_until": None, "answering_by": None})
        remember(conn, reply_id, Act.HANDLE, was, by=by, now=now)


def reopen(conn: Connection, reply_id: int, *, by: str, now: datetime) -> None:
    """Put a reply back that somebody took out."""
    was = state(conn, reply_id)
    if was["handled_at"] is not None:
        change(conn, reply_id, handled_at=None, handled_by="")
        remember(conn, reply_id, Act.REOPEN, was, by=by, now=now)


def assign(conn: Connection, reply_id: int, to: int | None, *, by: str, now: datetime) -> None:
    """Let one organizer look after a reply, or nobody."""
    was = state(conn, reply_id)
    put(conn, reply_id, {"assigned_to": to})
    remember(conn, reply_id, Act.ASSIGN, was, by=by, now=now)


def snooze(
    conn: Connection, reply_id: int, until: datetime | None, *, by: str, now: datetime
) -> None:
    """Put a reply off until a time; None: bring it back now. Raises NotNow."""
    was = state(conn, reply_id)
    if until is not None:
        _require_decided(conn, reply_id)
    put(conn, reply_id, {"snoozed_until": until})
    remember(conn, reply_id, Act.SNOOZE, was, by=by, now=now)


def note_call(conn: Connection, reply_id: int, *, by: str, now: datetime) -> None:
    """Take a reply for what it seems to tell of a call, and file it; once. Raises NotNow."""
    was = state(conn, reply_id)
    _require_decided(conn, reply_id)
    row = conn.execute(
        select(Suggestion, Reply.contact_id, Reply.body, Reply.channel)
        .join(Reply, Reply.id == Suggestion.reply_id)
        .where(Suggestion.reply_id == reply_id, Reply.handled_at.is_(None))
    ).one_or_none()
    told = {} if row is None or row.contact_id is None else _note(conn, row, now)
    handle(conn, reply_id, by=by, now=now)
    if told:
        remember(conn, reply_id, Act.NOTE, {**was, **told}, by=by, now=now)


def _note(conn: Connection, row: Row[*tuple[Any, ...]], now: datetime) -> dict[str, Any]:
    """Write the call down; return its number, and what was told of it before."""
    known = select(Response.outcome, Response.channel, Response.note, Response.at).where(
        Response.action_id == row.action_id,
        Response.who == f"contact:{row.contact_id}",
        Response.target == row.target,
    )
    before = conn.execute(known).mappings().one_or_none()
    response_id = record(
        conn,
        row.action_id,
        contact_id=row.contact_id,
        target=row.target,
        outcome=Outcome(row.outcome),
        channel=row.channel,
        note=row.body,
        now=now,
    )
    was = _plain(dict(before)) if before else None
    return {"response_id": response_id, "noted_at": now, "response": was}


def undo(conn: Connection, reply_id: int, *, by: str, now: datetime) -> Act:
    """Undo what this organizer did last with a reply; return what that was.

    Raises NothingToUndo where that was not the last thing done with it, and LeftAlready for an answer that has.
    """
    own(conn, reply_id)
    row = conn.execute(select(Care).where(Care.reply_id == reply_id)).one_or_none()
    if row is None or not row.acted or row.acted_by != by:
        raise NothingToUndo(NothingToUndo.__doc__)
    before = _read(row.before)
    _undo_more(conn, before, now)
    change(conn, reply_id, handled_at=before["handled_at"], handled_by=before["handled_by"])
    still = (Reply.handled_at == row.acted_at, Reply.handled_by == row.acted_by)
    others = update(Reply).where(Reply.id.in_(before.get("others", ())), *still)
    conn.execute(others.values(handled_at=None, handled_by=""))
    cared = {name: before[name] for name in ("assigned_to", "snoozed_until")}
    put(conn, reply_id, {**cared, "acted": "", "acted_by": "", "acted_at": None, "before": {}})
    return Act(row.acted)


def _undo_more(conn: Connection, before: Mapping[str, Any], now: datetime) -> None:
    """Undo what an act left elsewhere: a call, an answer."""
    if "response_id" in before:
        # What the person told of the call since is theirs, and stays.
        noted = (Response.id == before["response_id"], Response.at == before.get("noted_at"))
        if before["response"] is None:
            conn.execute(delete(Response).where(*noted))
        else:
            conn.execute(update(Response).where(*noted).values(_read(before["response"])))
    if "answer_id" in before:
        _call_back(conn, before["answer_id"], now)


def _call_back(conn: Connection, answer_id: int, now: datetime) -> None:
    mine = WrittenAnswer.id == answer_id
    message_id = conn.execute(select(WrittenAnswer.message_id).where(mine)).scalar_one()
    with contextlib.suppress(NotNow):
        control.stop(conn, message_id, now=now)
    copy = select(Delivery.status).where(Delivery.message_id == message_id)
    if list(conn.scalars(copy)) != [Status.STOPPED]:
        raise LeftAlready(LeftAlready.__doc__)
    conn.execute(update(WrittenAnswer).where(mine).values(taken_back_at=now))


def forget_undo(conn: Connection, reply_id: int) -> None:
    """What was done before cannot be undone any more: the person's own word was settled since."""
    put(conn, reply_id, {"acted": "", "acted_by": "", "acted_at": None, "before": {}})


def is_unsaid(conn: Connection, reply_id: int, organizer_id: int, *, now: datetime) -> bool:
    """Whether ``begin_answer`` has something new to say: asked at each pause of somebody's typing."""
    said = and_(Care.answering_by == organizer_id, Care.answering_seen_at > now - SAID_AGAIN)
    another = and_(
        Care.answering_by != organizer_id, Care.answering_seen_at > now - ANSWERING_LASTS
    )
    known = select(Care.reply_id).where(Care.reply_id == reply_id, or_(said, another))
    return conn.scalar(known) is None


def begin_answer(conn: Connection, reply_id: int, organizer_id: int, *, now: datetime) -> None:
    """Say that somebody is writing an answer; whoever began first is shown until they are silent."""
    row = conn.execute(select(Care).where(Care.reply_id == reply_id)).one_or_none()
    theirs = row is not None and row.answering_by not in (None, organizer_id)
    if theirs and row is not None and row.answering_seen_at > now - ANSWERING_LASTS:
        return
    on = row is not None and row.answering_by == organizer_id
    since = row.answering_since if on and row is not None else now
    seen = {"answering_by": organizer_id, "answering_since": since, "answering_seen_at": now}
    put(conn, reply_id, seen)


def own(conn: Connection, reply_id: int) -> None:
    """Keep others from changing a reply until the transaction ends; they may still write down what points at it."""
    mine = select(Reply.id).where(Reply.id == reply_id)
    conn.execute(mine.with_for_update(key_share=True))


def state(conn: Connection, reply_id: int) -> dict[str, Any]:
    """What a reply is like, its row being ours until the transaction ends."""
    own(conn, reply_id)
    told = select(Reply.handled_at, Reply.handled_by).where(Reply.id == reply_id)
    row = conn.execute(told).one()
    cared = select(Care.assigned_to, Care.snoozed_until).where(Care.reply_id == reply_id)
    care = conn.execute(cared).one_or_none()
    return {
        "handled_at": row.handled_at,
        "handled_by": row.handled_by,
        "assigned_to": care.assigned_to if care else None,
        "snoozed_until": care.snoozed_until if care else None,
    }


def change(conn: Connection, reply_id: int, **values: Any) -> None:
    """Write on the reply itself."""
    conn.execute(update(Reply).where(Reply.id == reply_id).values(**values))


def put(conn: Connection, reply_id: int, values: Mapping[str, Any]) -> None:
    """Write beside a reply, which may have nothing there yet."""
    row = insert_or(conn, Care).values(reply_id=reply_id, **{**BLANK, **values})
    conn.execute(row.on_conflict_do_update(index_elements=["reply_id"], set_=dict(values)))


BLANK: Mapping[str, Any] = {
    "assigned_to": None,
    "snoozed_until": None,
    "answering_by": None,
    "answering_since": None,
    "answering_seen_at": None,
    "acted": "",
    "acted_by": "",
    "acted_at": None,
    "before": {},
}


def remember(
    conn: Connection, reply_id: int, act: Act, before: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Keep what a reply was like before an act, so that it can be undone."""
    kept = {"acted": act, "acted_by": by, "acted_at": now, "before": _plain(before)}
    put(conn, reply_id, kept)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON keeps it."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _read(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of ``_plain``."""
    return {
        name: datetime.fromisoformat(value) if value and name in TIMES else value
        for name, value in kept.items()
    }


TIMES = frozenset({"handled_at", "snoozed_until", "at", "noted_at"})
