"""What people did with the alerts of ``history``: answers, clicks, calls, replies and what was answered by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from actions.models import Response
from benchmarks.population import PRIMES, WORD
from messages import counts, followed
from messages.call_models import Call, CallLeg, CallStatus, Direction, LegStatus, Stage
from messages.inbox_models import Care, WrittenAnswer
from messages.models import (
    Click,
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    MessageText,
    Reach,
    Reply,
    ReplyVerdict,
    Status,
)
from organizers import audit
from tests.builders import Alerted

SHARE = 50  # of so many copies one is answered; as many calls, as many replies
WAITING = 300  # of the replies
ANSWERED = 10  # of so many replies one is answered by hand
CLICKED = 12  # of so many copies one link is followed
ENTRIES = 5_000  # on the record

Copies = Sequence[Row[Any]]


def write_conversations(
    conn: Connection, alerts: Sequence[Alerted], deliveries: int, now: datetime
) -> None:
    """As many answers, calls and replies as a fiftieth of the deliveries, and a page of the record."""
    actions = {each.message_id: each.action_id for each in alerts}
    number = deliveries // SHARE
    _clicks(conn, deliveries // CLICKED)
    _many(conn, Response, _responses(_drawn(conn, number, 0), actions, now))
    _calls(conn, _drawn(conn, number, 1), actions, now)
    _replies(conn, _drawn(conn, number, 2), now)
    for entry in range(ENTRIES):
        about: dict[str, Any] = {
            "actor": "organizer:1",
            "about": f"alert:{entry % len(alerts) + 1}",
        }
        at = now - timedelta(minutes=ENTRIES - entry)
        project_id = entry % 16 or None
        audit.note(conn, "alert.rewrite", now=at, project_id=project_id, **about)


def _drawn(conn: Connection, number: int, purpose: int) -> Copies:
    """So many delivered texts from all alerts, which look drawn by lot, with where their people live."""
    lot = f"(deliveries.id * {PRIMES[purpose]}) % {WORD}"
    found = text(
        "SELECT deliveries.id, message_id, contact_id, address, contacts.state, contacts.district"
        " FROM deliveries JOIN contacts ON contacts.id = contact_id"
        f" WHERE channel = 'sms' AND status = {int(Status.DELIVERED)} ORDER BY {lot} LIMIT :number"
    )
    return conn.execute(found, {"number": number}).all()


def _many(conn: Connection, table: Any, rows: Iterator[Mapping[str, Any]]) -> None:
    """Insert rows, a few thousand at a time."""
    waiting: list[Mapping[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == 5_000:
            conn.execute(insert(table), waiting)
            waiting = []
    if waiting:
        conn.execute(insert(table), waiting)


def _clicks(conn: Connection, number: int) -> None:
    lot = f"(id * {PRIMES[1]}) % {WORD}"
    drawn = text(
        f"INSERT INTO {Click.__tablename__} (delivery_id, at)"
        " SELECT id, changed_at"
        f" FROM deliveries WHERE status = {int(Status.DELIVERED)} ORDER BY {lot} LIMIT :number"
    )
    conn.execute(drawn, {"number": number})
    followed.note(conn, conn.scalars(select(Click.delivery_id)).all())


def _responses(
    copies: Copies, actions: Mapping[int, int], now: datetime
) -> Iterator[Mapping[str, Any]]:
    for number, copy in enumerate(copies):
        yield {
            "action_id": actions[copy.message_id],
            "contact_id": copy.contact_id,
            "who": f"contact:{copy.contact_id}",
            "target": _seat(copy),
            "outcome": ("spoke", "voicemail", "no_answer", "spoke")[number % 4],
            "channel": "sms" if number % 3 else "web",
            "note": "",
            "at": now - timedelta(minutes=number),
        }


def _seat(copy: Row[Any]) -> str:
    return f"us:house:{copy.state}:{copy.district}"


def _calls(conn: Connection, copies: Copies, actions: Mapping[int, int], now: datetime) -> None:
    """Calls that were put through and are over; the last two are going on."""
    _many(conn, Call, (_call(number, copy, actions, now) for number, copy in enumerate(copies, 1)))
    ids = conn.scalars(select(Call.id).order_by(Call.id)).all()
    _many(conn, CallLeg, (_leg(call_id, _seat(copy)) for call_id, copy in zip(ids, copies, strict=True)))  # fmt: skip


def _call(
    number: int, copy: Row[Any], actions: Mapping[int, int], now: datetime
) -> Mapping[str, Any]:
    at, live = now - timedelta(minutes=number), number <= 2
    return {
        "token": f"call{number:024d}",
        "action_id": actions[copy.message_id],
        "contact_id": copy.contact_id,
        "direction": Direction.OUT,
        "status": CallStatus.LIVE if live else CallStatus.ENDED,
        "stage": Stage.TOLD if live else Stage.OVER,
        "step": 3,
        "tries": 0,
        "language": "en",
        "zip": "",
        "picked": "",
        "asked_at": at,
        "placed_at": at,
        "began_at": at,
        "ended_at": None if live else at,
        "minutes": 4,
        "why": "",
    }


def _leg(call_id: int, target: str) -> Mapping[str, Any]:
    leg = {"target": target, "number": "+12025550130", "status": LegStatus.DONE}
    took = {"dial_status": "completed", "seconds": 90, "bridged": True, "closed": False}
    return {"call_id": call_id, "rank": 0, **leg, **took}


def _replies(conn: Connection, copies: Copies, now: datetime) -> None:
    """Most were understood by themselves, one in ten was answered by hand, the newest wait."""
    _many(conn, Reply, (_reply(number, copy, now) for number, copy in enumerate(copies)))
    replies = conn.execute(
        select(Reply.id, Reply.contact_id, Reply.address)
        .where(Reply.handled_by.like("organizer:%"))
        .order_by(Reply.id)
    ).all()
    handled = {"acted": "handle", "acted_by": "organizer:1", "acted_at": now, "before": {}}
    _many(conn, Care, ({"reply_id": each.id, **handled} for each in replies))
    _written(conn, replies, now)


def _reply(number: int, copy: Row[Any], now: datetime) -> Mapping[str, Any]:
    at = now - timedelta(minutes=20 * number)
    waits, by_hand = number < WAITING, number % ANSWERED == 0
    verdict = ReplyVerdict.OTHER if waits or by_hand else ReplyVerdict.OUTCOME
    return {
        "channel": "sms",
        "address": copy.address,
        "contact_id": copy.contact_id,
        "message_id": copy.message_id,
        "body": "What do I say when they answer?" if waits or by_hand else "1",
        "verdict": verdict,
        "received_at": at,
        "handled_at": None if waits else at,
        "handled_by": "" if waits else "organizer:1" if by_hand else "automatic",
    }


def _written(conn: Connection, replies: Sequence[Row[Any, Any, Any]], now: datetime) -> None:
    """An answer is a message of its own, to one person."""
    for number, reply in enumerate(replies):
        at = now - timedelta(hours=number)
        message_id = conn.execute(insert(Message).values(_answer(at)).returning(Message.id)).scalar_one()  # fmt: skip
        words = {"sms": "Say that you live there, and what you ask.", "subject": "", "body": ""}
        conn.execute(insert(MessageText).values(message_id=message_id, language="en", **words))
        copy = {"message_id": message_id, "contact_id": reply.contact_id, "address": reply.address}
        fate = {"status": Status.DELIVERED, "reason": "", "attempt": 1, "approved_sends": 1}
        sent = {"channel": "sms", "language": "en", "segments": 1, "changed_at": at}
        conn.execute(insert(Delivery).values(**copy, **fate, **sent))
        counts.apply(conn, counts.Deltas({counts.place(message_id, "sms", 40, "", None): 1}))
        mine = {"key": f"answer-{number}", "reply_id": reply.id, "message_id": message_id}
        conn.execute(insert(WrittenAnswer).values(**mine, written_by=None, written_at=at))


def _answer(at: datetime) -> Mapping[str, Any]:
    return {
        "kind": MessageKind.ANSWER,
        "status": MessageStatus.FINISHED,
        "priority": 1,
        "reach": Reach.SMS,
        "audience": {},
        "scopes": [],
        "default_language": "en",
        "hours": {},
        "sms_sender": "+16085550100",
        "email_sender": "",
        "merge_defaults": {},
        "segments": 1,
        "confirmed": 1,
        "expected": 1,
        "expanded_to": 1,
        "expanded_at": at,
        "launched_at": at,
        "starts_at": at,
        "finished_at": at,
        "paused_because": "",
        "created_by": "organizer:1",
        "launched_by": "organizer:1",
        "created_at": at,
    }
