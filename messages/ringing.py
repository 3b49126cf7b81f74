"""Ring the people who asked for it: one a second, each at most once, whatever dies in between.

The intent is written before the request leaves, as with texts. What Twilio did not answer is unknown and is
never asked again by itself: nobody's phone rings twice. If it did ring, its own request says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection, Row, case, exists, select, update

from database.engine import Database
from database.locking import is_locked
from messages import pacing
from messages.call_hours import is_wanted
from messages.call_limits import HELLO_MINUTES, VoiceRules, reserve
from messages.call_models import Call, CallStatus
from messages.connecting import FORGOTTEN, is_untidy, tidy
from messages.providers.provider import Accepted, Misconfigured, NotSent, Outcome, Rejected
from messages.providers.twilio_voice import Ring

log = structlog.get_logger("ringing")
PER_SECOND = 1.0  # Twilio queues what comes faster: an account may place one call a second
FRESH = timedelta(seconds=90)  # after which somebody who wanted to be rung has gone on
LEASE = timedelta(seconds=60)  # after which the answer to a request is taken for lost
SECONDS_TO_WRITE = 10.0


class Rings(Protocol):
    """A way to ring somebody."""

    async def ring(self, item: Ring, *, deadline: float) -> Outcome:
        """Ask once for somebody to be rung; never raises, but for cancellation."""


@dataclass(frozen=True)
class Ringing:
    """Rings whoever waits, when the clock says so."""

    database: Database
    rings: Rings
    rules: VoiceRules
    clock: Callable[[], datetime]

    async def tick(self) -> None:
        """Ring everybody whose turn it is by now; where there is nothing to do, nothing is written."""
        if await self.database.read(is_untidy, now=self.clock()):
            await self.database.write(tidy, rules=self.rules, now=self.clock())
        if not await self.database.read(anybody_waits):
            return
        while item := await self.database.write(claim, rules=self.rules, now=self.clock()):
            outcome = await self.rings.ring(item, deadline=time.monotonic() + SECONDS_TO_WRITE)
            await self.database.write(note, item.token, outcome, rules=self.rules, now=self.clock())
            if isinstance(outcome, Misconfigured):
                log.error("nobody can be rung", code=outcome.code, sentence=outcome.sentence)


def anybody_waits(conn: Connection) -> bool:
    """Whether somebody is to be rung, or was about to be."""
    due = exists().where(Call.status.in_([CallStatus.WAITING, CallStatus.PLACING]))
    return bool(conn.scalar(select(due)))


def claim(conn: Connection, *, rules: VoiceRules, now: datetime) -> Ring | None:
    """Write down that somebody is about to be rung, if anybody waits and one may ring now."""
    _give_up(conn, rules, now)
    if is_locked(conn):
        return None
    row = _next(conn, rules, now)
    if row is None:
        return None
    may = pacing.take(conn, "voice", rate=PER_SECOND, copies=1, segments=1, first=False, now=now)
    if not may.copies:
        return None
    _set(conn, row, status=CallStatus.PLACING, placed_at=now)
    return Ring(row.token, str(row.phone), rules.sender, rules.ring_seconds)


def note(
    conn: Connection, token: str, outcome: Outcome, *, rules: VoiceRules, now: datetime
) -> None:
    """Write down what Twilio said; if it has rung by now, its own word stands."""
    row = conn.execute(select(Call).where(Call.token == token).with_for_update()).one_or_none()
    if row is None:
        return
    if isinstance(outcome, Accepted):
        placed = case((Call.status == CallStatus.PLACING, CallStatus.PLACED), else_=Call.status)
        _set(conn, row, status=placed, call_sid=row.call_sid or outcome.provider_id)
    elif row.status != CallStatus.PLACING:
        return
    elif isinstance(outcome, NotSent):
        _set(conn, row, status=CallStatus.WAITING)
    elif isinstance(outcome, Rejected | Misconfigured):
        _lose(conn, row, CallStatus.REFUSED, rules, now, why=outcome.code)
    else:
        _set(conn, row, status=CallStatus.UNKNOWN)


def _next(conn: Connection, rules: VoiceRules, now: datetime) -> Row[Call] | None:
    """Whose turn it is. Who has said STOP since they asked, or whose number is another's by now, is not rung."""
    waiting = select(Call).where(Call.status == CallStatus.WAITING, Call.asked_at <= now)
    first = waiting.order_by(Call.asked_at, Call.id).limit(1).with_for_update(skip_locked=True)
    while row := conn.execute(first).one_or_none():
        known = row.contact_id is not None and row.phone is not None
        if known and is_wanted(conn, row.contact_id, row.phone, rules, now):
            return row
        _lose(conn, row, CallStatus.EXPIRED, rules, now, why="called off")
    return None


def _give_up(conn: Connection, rules: VoiceRules, now: datetime) -> None:
    """Nobody is rung late; and what a dead process was about to ring may have rung."""
    late = (Call.status == CallStatus.WAITING, Call.asked_at < now - FRESH)
    for row in conn.execute(select(Call).where(*late).with_for_update(skip_locked=True)).all():
        _lose(conn, row, CallStatus.EXPIRED, rules, now)
    lost = (Call.status == CallStatus.PLACING, Call.placed_at < now - LEASE)
    conn.execute(update(Call).where(*lost).values(status=CallStatus.UNKNOWN))


def _lose(
    conn: Connection,
    row: Row[Call],
    status: CallStatus,
    rules: VoiceRules,
    now: datetime,
    *,
    why: str = "",
) -> None:
    """A call that will not be: its minutes go back to the day it was asked on, and its number is forgotten."""
    reserve(conn, -HELLO_MINUTES, rules, day=row.asked_at)
    _set(conn, row, status=status, why=why[:40], minutes=0, ended_at=now, **FORGOTTEN)


def _set(conn: Connection, row: Row[Call], **values: object) -> None:
    conn.execute(update(Call).where(Call.id == row.id).values(**values))
