"""What is the most urgent piece of work, and is everybody's turn kept? Asked of the rows, which are
the only truth.

One rule on both databases and in every process: lower priority numbers first, so that answers come
before alerts and alerts before campaigns; inside a class one turn each for the projects (the
network's own messages count as one), and inside a project one turn each for its messages. A
committee's three thousand texts so never wait behind another's three hundred thousand.

While a database that was put back from a backup is held, not even answers leave by themselves; nor does
anything while everything is locked (``database/locking.py``).

A sender identity without tokens is passed over until they are there, and with it every less urgent
message of that identity, or short texts would eat the tokens that a long one is waiting for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select, text

from contacts.models import Channel
from messages import pacing
from messages.models import Batch, Message, MessageStatus
from messages.runs import RESTORED, SET_BACK

# A stopped or expired message still has to account for everybody, and to close its batches.
UNEXPANDED = (
    MessageStatus.SENDING,
    MessageStatus.PAUSED,
    MessageStatus.STOPPED,
    MessageStatus.EXPIRED,
)

# From message to message over an index of the open batches alone, so that the cost grows with the
# messages under way and not with their batches: a million deliveries are two thousand of those. A
# scalar subquery, for PostgreSQL makes a join over all batches of an EXISTS.
WAITING = text(
    """
    WITH RECURSIVE under_way(id) AS (
      SELECT min(message_id) FROM batches WHERE open
      UNION ALL
      SELECT (SELECT min(message_id) FROM batches WHERE open AND message_id > under_way.id)
      FROM under_way WHERE under_way.id IS NOT NULL
    ),
    channels(channel) AS (VALUES ('sms'), ('email'))
    SELECT messages.id, channels.channel, messages.priority, messages.project_id,
           messages.status, messages.segments, messages.sms_sender, messages.email_sender
    FROM under_way
    JOIN messages ON messages.id = under_way.id
    CROSS JOIN channels
    WHERE messages.status IN ('sending', 'stopped', 'expired')
      AND (messages.status <> 'sending'
           OR NOT EXISTS (SELECT 1 FROM locks WHERE ended_at IS NULL))
      AND (messages.priority > 0 OR NOT EXISTS (
        SELECT 1 FROM messages AS held
        WHERE held.status = 'paused' AND (
          held.paused_because LIKE :restored OR held.paused_because LIKE :set_back
        )
      ))
      AND (
        SELECT batches.id FROM batches
        WHERE open AND message_id = under_way.id AND batches.channel = channels.channel
          AND next_at <= :now AND (owner IS NULL OR lease_until < :now)
        ORDER BY next_at, batches.id LIMIT 1
      ) IS NOT NULL
    """
).bindparams(bindparam("now", type_=Batch.next_at.type))
OPEN = text("batches.open")  # spelled without "= 1", or SQLite would not use the index
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Work:
    """Something to do: ``expand`` a message, or ``send_batch``."""

    kind: str
    key: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that could be worked on: expanded, or sent on one channel."""

    message_id: int
    priority: int
    project_id: int | None  # None = the network
    channel: Channel | None = None  # None = to be expanded
    sender: str = ""  # whose pace it keeps; "" = nobody's
    segments: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What to do now; and where all that is due waits for its pace, how long until one may leave."""

    candidate: Candidate | None = None
    work: Work | None = None
    wait: timedelta | None = None


class Turns:
    """Who was served last, as one process remembers it: when each keeps turns, everybody does."""

    def __init__(self) -> None:
        self._number = 0
        self._projects: dict[int | None, int] = {}
        self._messages: dict[tuple[int, Channel | None], int] = {}
        self._lock = Lock()  # units are in threads

    def took(self, candidate: Candidate) -> None:
        """Note that a candidate had its turn."""
        with self._lock:
            self._number += 1
            self._projects[candidate.project_id] = self._number
            self._messages[candidate.message_id, candidate.channel] = self._number
            if len(self._messages) > REMEMBERED:  # whoever was served longest ago is as good as new
                self._messages.pop(min(self._messages, key=self._messages.__getitem__))

    def order(self, candidate: Candidate) -> tuple[int, int, int, int, str]:
        """What candidates are sorted by: the first is served first."""
        return (
            candidate.priority,
            self._projects.get(candidate.project_id, 0),
            self._messages.get((candidate.message_id, candidate.channel), 0),
            candidate.message_id,
            candidate.channel or "",
        )


def fairest(
    candidates: Iterable[Candidate],
    turns: Turns,
    ready: Mapping[Candidate, datetime],
    now: datetime,
) -> Found:
    """Whose turn it is, by the rule above. ``ready`` says when each may leave for its pace."""
    waiting: dict[str, datetime] = {}
    for candidate in sorted(candidates, key=turns.order):
        at = ready.get(candidate, now)
        if at <= now and candidate.sender not in waiting:
            return Found(candidate)
        if candidate.sender:
            waiting.setdefault(candidate.sender, at)
    if not waiting:
        return Found()
    return Found(wait=min(waiting.values()) - now)


def most_urgent(
    conn: Connection,
    *,
    now: datetime,
    turns: Turns,
    rates: Mapping[Channel, float],
    expanding: Collection[int] = (),
    taking: bool = False,
) -> Found:
    """The piece of work to do next; ``expanding`` are the messages this process is expanding.

    ``rates`` are tokens per second by channel, 0 for no limit. ``taking`` locks the batch, for a
    caller that takes it in the same transaction; what another is just taking is passed over.
    """
    candidates = [*_expansions(conn, expanding), *_sendable(conn, now)]
    ready = _ready(conn, candidates, rates, now)
    while True:
        found = fairest(candidates, turns, ready, now)
        if found.candidate is None:
            return found
        work = _work(conn, found.candidate, now, taking=taking)
        if work is not None:
            return Found(found.candidate, work)
        candidates.remove(found.candidate)  # others are taking its last batches in this instant


def _expansions(conn: Connection, but: Collection[int]) -> list[Candidate]:
    unfinished = select(Message.id, Message.priority, Message.project_id).where(
        Message.status.in_(UNEXPANDED),
        Message.expanded_at.is_(None),
        Message.id.not_in(list(but)),
    )
    return [Candidate(*row) for row in conn.execute(unfinished)]


def _sendable(conn: Connection, now: datetime) -> list[Candidate]:
    asked = {"now": now, "restored": f"{RESTORED}%", "set_back": f"{SET_BACK}%"}
    return [_candidate(row) for row in conn.execute(WAITING, asked)]


def _candidate(row: Row[Any]) -> Candidate:
    channel = Channel(row.channel)
    sender = pacing.identity(channel, sms_sender=row.sms_sender, email_sender=row.email_sender)
    # Answers always leave, and calling off takes no tokens.
    paced = row.priority > 0 and row.status == MessageStatus.SENDING
    return Candidate(
        row.id,
        row.priority,
        row.project_id,
        channel,
        sender if paced else "",
        max(1, row.segments) if channel is Channel.SMS else 1,
    )


def _ready(
    conn: Connection,
    candidates: Sequence[Candidate],
    rates: Mapping[Channel, float],
    now: datetime,
) -> dict[Candidate, datetime]:
    known = pacing.buckets(conn, {each.sender for each in candidates if each.sender})
    return {
        each: pacing.ready_at(
            known[each.sender], rate=rates.get(each.channel, 0.0), segments=each.segments, now=now
        )
        for each in candidates
        if each.channel is not None and each.sender in known
    }


def _work(conn: Connection, candidate: Candidate, now: datetime, *, taking: bool) -> Work | None:
    """The candidate's next batch that nobody is taking in this instant."""
    if candidate.channel is None:
        return Work("expand", candidate.message_id)
    batch = (
        select(Batch.id)
        .where(
            OPEN,
            Batch.message_id == candidate.message_id,
            Batch.channel == candidate.channel,
            Batch.next_at <= now,
            or_(Batch.owner.is_(None), Batch.lease_until < now),
        )
        .order_by(Batch.next_at, Batch.id)
        .limit(1)
    )
    key = conn.scalar(batch.with_for_update(skip_locked=True) if taking else batch)
    return None if key is None else Work("send_batch", key)
