"""How a call begins and ends: asked for on a page, or dialled by a supporter; and its last report.

The supporter's number is in the row only while the call lasts, for the office that is shown it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from actions.flooding import Most, TooOften, count_answer
from database.locking import is_locked, take_turns
from messages.call_limits import (
    HELLO_MINUTES,
    CannotConnect,
    NotTaken,
    OnTheLine,
    VoiceRules,
    billed,
    is_served,
    require_few,
    require_few_of_person,
    require_free_line,
    reserve,
)
from messages.call_models import Call, CallLeg, CallStatus, CallStep, Direction, LegStatus, Stage
from messages.call_offices import CONVERSATION
from messages.providers.twilio_voice import Heard

FINAL = {
    "completed": CallStatus.ENDED,
    "busy": CallStatus.MISSED,
    "no-answer": CallStatus.MISSED,
    "failed": CallStatus.MISSED,
    "canceled": CallStatus.MISSED,
}
LONGEST = timedelta(hours=5)  # Twilio ends a call after four
STEPS_KEPT = timedelta(days=1)
FORGOTTEN = {"phone": None, "zip": "", "picked": ""}


@dataclass(frozen=True)
class CallTotals:
    """What became of the calls of an action."""

    asked: int  # calls that began in any way
    connected: int  # in which a human pressed a key
    offices: int  # that were called
    talked: int  # for 20 seconds or longer
    minutes: int  # of all legs, as they are paid for


def ask_for_call(
    conn: Connection,
    *,
    action_id: int,
    contact_id: int,
    phone: str,
    language: str,
    sources: Mapping[str, Most],
    rules: VoiceRules,
    now: datetime,
) -> str:
    """Note that somebody wants to be rung; return the call's name. Raises CannotConnect.

    Nothing leaves here: whoever rings people finds the row.
    """
    if not is_served(phone, rules):
        raise CannotConnect(
            "We can only ring numbers of the United States and Canada that we also text; please call"
            " the offices yourself."
        )
    if is_locked(conn):
        raise CannotConnect("We connect nobody just now; please call the offices yourself.")
    require_few_of_person(conn, contact_id, rules, now)
    try:
        require_free_line(conn, phone, rules, now)
    except OnTheLine:
        raise CannotConnect(
            "Your number is on a call with us already; when that is over, tap again."
        ) from None
    require_few(conn, sources, now=now)
    if not reserve(conn, HELLO_MINUTES, rules, day=now):
        raise CannotConnect(
            "The money for connecting calls is spent for today; please call the offices yourself."
        )
    return _open(
        conn,
        action_id=action_id,
        contact_id=contact_id,
        direction=Direction.OUT,
        status=CallStatus.WAITING,
        language=language,
        phone=phone,
        now=now,
    )


def take_call(
    conn: Connection,
    heard: Heard,
    *,
    action_id: int,
    contact_id: int | None,
    language: str,
    sources: Mapping[str, Most],
    rules: VoiceRules,
    now: datetime,
) -> str:
    """Open a call that somebody dialled, or find it, if we have heard of it before; return its name.

    Raises NotTaken.
    """
    take_turns(conn, [f"call:{heard.call_sid}"])  # a copy of this request waits, and pays nothing
    known = conn.scalar(select(Call.token).where(Call.call_sid == heard.call_sid))
    if known is not None:
        return known
    if not heard.caller:
        raise NotTaken("hidden")
    if not is_served(heard.caller, rules):
        raise NotTaken("abroad")
    try:
        require_free_line(conn, heard.caller, rules, now)
        count_answer(conn, sources, now=now)
    except OnTheLine:
        raise NotTaken("on_the_line") from None
    except TooOften:
        raise NotTaken("too_many") from None
    if is_locked(conn) or not reserve(conn, HELLO_MINUTES, rules, day=now):
        raise NotTaken("money")
    return _open(
        conn,
        action_id=action_id,
        contact_id=contact_id,
        direction=Direction.IN,
        status=CallStatus.LIVE,
        language=language,
        phone=heard.caller,
        call_sid=heard.call_sid,
        now=now,
    )


def finish(
    conn: Connection, call: Row[Call], heard: Heard, *, rules: VoiceRules, now: datetime
) -> None:
    """Take a call's last report in, once: what it took, and forget whose number it was."""
    status = FINAL.get(heard.status)
    if status is None or call.status in (CallStatus.ENDED, CallStatus.MISSED):
        return
    legs = conn.execute(select(CallLeg).where(CallLeg.call_id == call.id)).all()
    # An office that is still being called, as far as we know, took no longer than the call.
    seconds = [heard.seconds if leg.status == LegStatus.CALLING else leg.seconds for leg in legs]
    minutes = billed(heard.seconds) + sum(billed(each) for each in seconds)
    _close(conn, call, status, minutes=minutes, rules=rules, now=now)


def is_untidy(conn: Connection, *, now: datetime) -> bool:
    """Whether there is anything for ``tidy`` to do."""
    said = exists().where(CallStep.at < now - STEPS_KEPT)
    return bool(conn.scalar(select(or_(said, exists().where(*_lost(now))))))


def tidy(conn: Connection, *, rules: VoiceRules, now: datetime) -> int:
    """End calls whose last report never came, and forget what was said in those of yesterday."""
    conn.execute(delete(CallStep).where(CallStep.at < now - STEPS_KEPT))
    rows = conn.execute(select(Call).where(*_lost(now)).with_for_update(skip_locked=True)).all()
    for call in rows:
        unknown = call.status == CallStatus.UNKNOWN
        status = CallStatus.UNKNOWN if unknown else CallStatus.ENDED
        _close(conn, call, status, minutes=call.minutes, rules=rules, now=now)
    return len(rows)


def _lost(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Calls that must be over, of which nobody has told us so."""
    return (
        Call.status.in_([CallStatus.PLACED, CallStatus.LIVE, CallStatus.UNKNOWN]),
        Call.ended_at.is_(None),
        Call.asked_at < now - LONGEST,
    )


def call_totals(conn: Connection, action_id: int) -> CallTotals:
    """Count the calls of an action."""
    calls = select(func.count(), func.count(Call.began_at), func.sum(Call.minutes))
    asked, connected, minutes = conn.execute(calls.where(Call.action_id == action_id)).one()
    done = CallLeg.status == LegStatus.DONE
    talked = and_(CallLeg.bridged.is_(True), CallLeg.seconds >= CONVERSATION)
    legs = select(func.count().filter(done), func.count().filter(talked)).select_from(CallLeg)
    of_action = legs.join(Call, Call.id == CallLeg.call_id).where(Call.action_id == action_id)
    offices, conversations = conn.execute(of_action).one()
    return CallTotals(asked, connected, offices, conversations, int(minutes or 0))


def _open(conn: Connection, *, now: datetime, **values: object) -> str:
    """Write a call down."""
    row = {
        "token": secrets.token_urlsafe(21),
        "stage": Stage.START,
        "step": 0,
        "tries": 0,
        "zip": "",
        "picked": "",
        "asked_at": now,
        "minutes": HELLO_MINUTES,
        "why": "",
        **values,
    }
    return conn.execute(insert(Call).values(row).returning(Call.token)).scalar_one()


def _close(
    conn: Connection,
    call: Row[Call],
    status: CallStatus,
    *,
    minutes: int,
    rules: VoiceRules,
    now: datetime,
) -> None:
    reserve(conn, minutes - call.minutes, rules, day=call.asked_at)
    values = {"status": status, "minutes": minutes, "ended_at": now, **FORGOTTEN}
    conn.execute(update(Call).where(Call.id == call.id).values(**values))
