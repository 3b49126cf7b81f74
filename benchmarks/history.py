"""The year of a network in a minute: sixty alerts with their copies, receipts, answers, calls, and an inbox.

Written by the database itself, after ``population``; the counts are those that the service would have kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert, text, update

from benchmarks.conversations import write_conversations
from benchmarks.population import PRIMES, PROJECTS, WORD
from contacts.models import NETWORK
from messages import counts, doubts
from messages.models import Event, Message, MessageStatus, Status
from tests.builders import Alerted, make_alert, make_fact

ALERTS = 60
NETWORKS_OWN = 8  # of them, to everybody
FACTS = 6  # more of each case than it begins with
BATCH = 500
RECEIPTS_KEPT = timedelta(days=30)  # [retention] provider_events_days

# What becomes of a thousand copies, in the order of the numbers that are drawn.
FATES: Sequence[tuple[int, Status, str]] = (
    (880, Status.DELIVERED, ""),
    (940, Status.SENT, ""),
    (955, Status.UNDELIVERED, "30005"),
    (965, Status.FAILED, "21610"),
    (999, Status.SKIPPED, "no_consent"),
)
LAST = 30_000  # one copy in so many is unknown


@dataclass(frozen=True)
class Sent:
    """An alert that went out."""

    alert: Alerted
    project_id: int | None
    at: datetime


def write_history(conn: Connection, deliveries: int, now: datetime) -> None:
    """An alert a week, to so many copies together; the last one of the network is on its way."""
    history = list(_alerts(conn, now))
    left = deliveries
    for number, sent in enumerate(reversed(history)):
        left -= _copies(conn, sent, left, on_its_way=not number)
    _keep_counts(conn, history, now)
    _receipts(conn, now)
    write_conversations(conn, [each.alert for each in history], deliveries, now)


def _alerts(conn: Connection, now: datetime) -> list[Sent]:
    """Those of the projects in turn, every eighth the network's; the newest is last."""
    turns, history = count(1), []
    every = ALERTS // NETWORKS_OWN
    for number in range(ALERTS):
        networks = (ALERTS - 1 - number) % every == 0
        project_id = None if networks else next(turns) % PROJECTS + 1
        at = now - timedelta(weeks=ALERTS - 1 - number, hours=1)
        status = MessageStatus.SENDING if number == ALERTS - 1 else MessageStatus.FINISHED
        times: dict[str, Any] = {
            "launched_at": at,
            "starts_at": at,
            "expanded_at": at,
            "created_at": at,
        }
        own = [f"project:{project_id}", NETWORK] if project_id else [NETWORK]
        audience = {"include": {"projects": [project_id]}} if project_id else {}
        told: dict[str, Any] = {
            "status": status,
            "project_id": project_id,
            "scopes": own,
            "audience": audience,
        }
        alert = make_alert(conn, **times, **told, expires_at=at + timedelta(days=14))
        for fact in range(FACTS):
            make_fact(conn, alert.case_id, en=f"Fact {fact} of it.", es=f"Hecho {fact} de esto.")
        history.append(Sent(alert, project_id, at))
    return history


def _copies(conn: Connection, sent: Sent, most: int, *, on_its_way: bool) -> int:
    """Write an alert's deliveries, at most so many, and their batches; return how many there are."""
    drawn = f"((addresses.id + :message * 7919) * {PRIMES[0]}) % {WORD} * {LAST} / {WORD}"
    scale = LAST // 1000
    status = " ".join(f"WHEN drawn < {upto * scale} THEN {int(fate)}" for upto, fate, _ in FATES)
    reason = " ".join(f"WHEN drawn < {upto * scale} THEN '{why}'" for upto, _, why in FATES)
    last = f"WHEN drawn < {LAST - 1} THEN {int(Status.SKIPPED)} ELSE {int(Status.UNKNOWN)}"
    waits = "drawn % 2 = 0" if on_its_way else "1 = 0"
    members = "JOIN memberships ON memberships.contact_id = contacts.id AND project_id = :project"
    written = conn.execute(
        text(
            "INSERT INTO deliveries (message_id, contact_id, channel, address, zone_set_id, status,"
            " reason, attempt, approved_sends, provider_id, language, segments, changed_at)"
            f" SELECT :message, contact_id, channel, address, zone_set_id,"
            f" CASE WHEN {waits} THEN 0 {status} {last} END,"
            f" CASE WHEN {waits} THEN '' {reason} WHEN drawn < {LAST - 1} THEN 'opted_out'"
            f" ELSE 'timeout' END, CASE WHEN {waits} THEN 0 ELSE 1 END, 1,"
            " 'SM' || address, language, 1, :at FROM (SELECT contacts.id AS contact_id, channel,"
            f" address, zone_set_id, language, {drawn} AS drawn FROM contacts"
            f" JOIN addresses ON addresses.contact_id = contacts.id"
            f" {members if sent.project_id else ''}"
            " ORDER BY addresses.channel, contacts.id LIMIT :most) AS copies"
        ),
        {
            "message": sent.alert.message_id,
            "at": stored(conn, sent.at),
            "most": max(0, most),
            **({"project": sent.project_id} if sent.project_id else {}),
        },
    ).rowcount
    _batches(conn, sent, on_its_way=on_its_way)
    return written


def _batches(conn: Connection, sent: Sent, *, on_its_way: bool) -> None:
    truth = ("1" if on_its_way else "0") if conn.dialect.name == "sqlite" else str(on_its_way)
    conn.execute(
        text(
            "INSERT INTO batches (message_id, channel, lo_id, hi_id, priority, open, next_at)"
            f" SELECT message_id, channel, min(id), max(id) + 1, 50, {truth}, :at FROM deliveries"
            f" WHERE message_id = :message GROUP BY message_id, channel, id / {BATCH}"
        ),
        {"message": sent.alert.message_id, "at": stored(conn, sent.at)},
    )


def _keep_counts(conn: Connection, history: Sequence[Sent], now: datetime) -> None:
    """What a sender adds up as it goes: counts, how many there are to be, doubts."""
    for sent in history:
        found = counts.counted(conn, sent.alert.message_id)
        counts.apply(conn, counts.Deltas(found))
        total = sum(found.values())
        running = any(each.status == Status.PENDING for each in found)
        values = {"expected": total, "confirmed": total // 2, "expanded_to": total}
        ended = {} if running else {"finished_at": sent.at + timedelta(hours=1)}
        this = Message.id == sent.alert.message_id
        conn.execute(update(Message).where(this).values(**values, **ended))
    lost = text(f"SELECT id FROM deliveries WHERE status = {int(Status.UNKNOWN)}")
    doubts.note_found(conn, list(conn.scalars(lost)), now=now)


def _receipts(conn: Connection, now: datetime) -> None:
    """A provider's receipts of the last month, one a copy, applied."""
    after = text(
        "SELECT id, provider_id FROM deliveries WHERE changed_at > :since AND status BETWEEN 30 AND 42"
    )
    since = {"since": stored(conn, now - RECEIPTS_KEPT)}
    for rows in conn.execute(after, since).partitions(10_000):
        conn.execute(insert(Event), [_receipt(row.id, row.provider_id, now) for row in rows])


def _receipt(delivery_id: int, sid: str, now: datetime) -> Mapping[str, Any]:
    payload = {"d": str(delivery_id), "a": "1", "MessageSid": sid, "MessageStatus": "delivered"}
    return {
        "provider": "twilio",
        "key": f"{sid}:{delivery_id}:delivered",
        "kind": "receipt",
        "payload": payload,
        "received_at": now,
        "applied_at": now,
    }


def stored(conn: Connection, at: datetime) -> object:
    """A time as each database keeps it, past the types that would see to it."""
    return at if conn.dialect.name != "sqlite" else f"{at:%Y-%m-%d %H:%M:%S.%f}"
