"""What providers tell us afterwards: stored once before they are answered, and applied.

Receipts come late, twice, forty-six times, in any order, and sometimes before our own request has
been answered. So each is kept raw under a key that makes a copy recognisable; statuses only move
up; and a receipt counts only for the attempt whose token it carries.

Locks are taken in one order, here and wherever deliveries move: events by key, deliveries by id,
addresses, counts by key. So two processes may apply at once without a deadlock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import orjson
import structlog
from sqlalchemy import (
    Connection,
    Executable,
    SmallInteger,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from contacts.models import Channel
from database.handing import Handed, among, ids
from database.tables import Id
from database.upserts import insert_for
from messages import complaints, counts, followed, links, mail_gates, troubles
from messages.calling_off import LIVE, call_off
from messages.models import Delivery, Event, Message, Status
from messages.outcomes import Next, advanced
from messages.providers import sendgrid, sendgrid_events, twilio
from messages.providers.provider import Harm, Receipt, Trouble
from messages.recording import suppress

log = structlog.get_logger("messages")

RECEIPT = "receipt"
INBOUND = "inbound"
APPLY = 500  # events a transaction: on SQLite, who sends waits for it
WIDEST_KEY = 160
LOCK_PATIENCE = "1s"  # for rows that somebody else holds, before receipts are only stored

READERS: Mapping[str, tuple[Channel, Callable[[Mapping[str, Any]], Receipt | None]]] = {
    twilio.NAME: (Channel.SMS, twilio.read_status),
    sendgrid.NAME: (Channel.EMAIL, sendgrid_events.read_event),
}

NEW_EVENTS = Handed("new", {"provider": Text(), "key": Text(), "kind": Text(), "payload": Text()})
STEPS = Handed("new", {"id": Id, "status": SmallInteger(), "reason": Text(), "provider_id": Text()})

Marked = tuple[Channel, Receipt]


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A webhook's event as it came in. Raises TypeError for a payload that no JSON can hold."""

    provider: str
    key: str  # the same for every copy of it
    kind: str  # RECEIPT or INBOUND
    payload: Mapping[str, Any]
    text: str = field(init=False, repr=False)  # the payload as it is stored

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.key[:WIDEST_KEY])
        object.__setattr__(self, "text", orjson.dumps(self.payload).decode())


def store(conn: Connection, events: Sequence[RawEvent], *, now: datetime) -> list[int]:
    """Keep events, each once, to be applied later; return the ids of those that were new."""
    return sorted(event_id for event_id, _, _ in _keep(conn, events, received_at=now))


def take_in(conn: Connection, events: Sequence[RawEvent], *, secret: str, now: datetime) -> None:
    """Keep receipts, each once, and apply those that were new, in their order, at once.

    On PostgreSQL this fails rather than wait long for rows that somebody else holds.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.set_config("lock_timeout", LOCK_PATIENCE, True)))
    kept = _keep(conn, events, received_at=now, applied_at=now)
    fresh = {(provider, key) for _, provider, key in kept}
    apply(conn, _read(_first(events, fresh)), secret=secret, now=now)


def _first(events: Iterable[RawEvent], fresh: set[tuple[str, str]]) -> Iterator[RawEvent]:
    """The first copy of each event whose provider and key are among the fresh ones."""
    for event in events:
        name = (event.provider, event.key)
        if name in fresh:
            fresh.remove(name)
            yield event


def _keep(
    conn: Connection,
    events: Sequence[RawEvent],
    *,
    received_at: datetime,
    applied_at: datetime | None = None,
) -> list[tuple[int, str, str]]:
    """Insert what is new, in the order of keys, so that two processes with the same copies do not
    wait for each other in a circle; return its ids, providers and keys.
    """
    if not events:
        return []
    dialect = conn.dialect.name
    ordered = sorted(events, key=lambda event: (event.provider, event.key))
    rows = [(event.provider, event.key, event.kind, event.text) for event in ordered]
    times = {"at": received_at, "applied": applied_at}
    found = conn.execute(_insertion(dialect), {**NEW_EVENTS.values(rows), **times})
    return [(row.id, row.provider, row.key) for row in found]


@cache
def _insertion(dialect: str) -> Executable:
    new = NEW_EVENTS.table(dialect).c
    rows = select(
        new.provider,
        new.key,
        new.kind,
        cast(new.payload, JSONB) if dialect == "postgresql" else new.payload,
        bindparam("at", type_=Event.received_at.type),
        bindparam("applied", type_=Event.applied_at.type),
    ).where(literal(True))  # SQLite would take ON CONFLICT for the end of a join
    names = ["provider", "key", "kind", "payload", "received_at", "applied_at"]
    insert = insert_for(dialect, Event).from_select(names, rows).on_conflict_do_nothing()
    return insert.returning(Event.id, Event.provider, Event.key)


def mark_applied(conn: Connection, event_ids: Sequence[int], *, now: datetime) -> None:
    """Note that events have had their effect."""
    dialect = conn.dialect.name
    these = update(Event).where(among(dialect, Event.id.expression))
    conn.execute(these.values(applied_at=now), ids(dialect, event_ids))


def apply_waiting(conn: Connection, *, secret: str, now: datetime, limit: int = APPLY) -> int:
    """Apply the oldest receipts that wait; return how many there were.

    Two processes may do so at once: neither waits for events that the other is applying.
    """
    waiting = (
        select(Event.id, Event.provider, Event.key, Event.payload)
        .where(Event.applied_at.is_(None), Event.kind == RECEIPT)
        .order_by(Event.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = conn.execute(waiting).all()
    if taken:
        mark_applied(conn, [event.id for event in taken], now=now)
        apply(conn, _read(taken), secret=secret, now=now)
    return len(taken)


def _read(events: Iterable[Any]) -> list[Marked]:
    """What events say, in their providers' tongues."""
    found = []
    for event in events:
        channel, read = READERS[event.provider]
        receipt = read(event.payload)
        if receipt is not None:
            found.append((channel, receipt))
    return found


def apply(conn: Connection, receipts: Sequence[Marked], *, secret: str, now: datetime) -> None:
    """Move deliveries up, and record what receipts say about addresses."""
    proven = [(channel, receipt) for channel, receipt in receipts if _is_ours(receipt, secret)]
    deltas: counts.Deltas = Counter()
    mail_gates.note(conn, [(each.address, each.deferral) for _, each in proven], now=now)
    rows = _advance(conn, [receipt for _, receipt in proven], deltas, now)
    addresses = {row.id: row.address for row in rows.values() if row.address}
    _harm(conn, proven, addresses, deltas, now)
    _note_troubles(conn, proven, rows, now)
    counts.apply(conn, deltas)


def _is_ours(receipt: Receipt, secret: str) -> bool:
    """Whether its marks were issued by us. Without marks it can only speak of an address.

    Its signature has been checked at the door; the token also keeps a callback meant for another
    installation, or another attempt, from moving our rows.
    """
    if receipt.delivery_id is None or receipt.attempt is None:
        return receipt.delivery_id is None and bool(receipt.address)
    return links.check_receipt(secret, receipt.delivery_id, receipt.attempt, receipt.token)


def _advance(
    conn: Connection, receipts: Sequence[Receipt], deltas: counts.Deltas, now: datetime
) -> Mapping[int, Any]:
    """Apply status changes in order of arrival; return the rows of the deliveries named, as they were."""
    named = sorted({receipt.delivery_id for receipt in receipts if receipt.delivery_id is not None})
    if not named:
        return {}
    rows = _locked(conn, named)
    reached: dict[int, Next] = {}
    for receipt in receipts:
        row = rows.get(receipt.delivery_id or 0)
        if row is None:
            continue
        before = reached.get(row.id)
        current = before.status if before else row.status
        step = advanced(current, attempt=row.attempt, receipt=receipt)
        if step is not None:
            reached[row.id] = step
    _write(conn, rows, reached, deltas, now)
    return rows


def _locked(conn: Connection, delivery_ids: Sequence[int]) -> dict[int, Any]:
    dialect = conn.dialect.name
    found = conn.execute(_locking(dialect), ids(dialect, delivery_ids))
    return {row.id: row for row in found}


@cache
def _locking(dialect: str) -> Executable:
    return (
        select(
            Delivery.id,
            Delivery.message_id,
            Delivery.channel,
            Delivery.address,
            Delivery.status,
            Delivery.reason,
            Delivery.attempt,
            Delivery.zone_set_id,
        )
        .where(among(dialect, Delivery.id.expression))
        .order_by(Delivery.id)
        .with_for_update()
    )


def _write(
    conn: Connection,
    rows: Mapping[int, Any],
    reached: Mapping[int, Next],
    deltas: counts.Deltas,
    now: datetime,
) -> None:
    if not reached:
        return
    for delivery_id, step in reached.items():
        row = rows[delivery_id]
        counts.moved(
            deltas,
            counts.place(row.message_id, row.channel, row.status, row.reason, row.zone_set_id),
            counts.place(row.message_id, row.channel, step.status, step.reason, None),
        )
    dialect = conn.dialect.name
    steps = [(key, int(to.status), to.reason, to.provider_id) for key, to in reached.items()]
    conn.execute(_moving(dialect), {**STEPS.values(steps), "now": now})
    back = [key for key, to in reached.items() if to.status >= Status.UNDELIVERED]
    if back:
        followed.unsettle(conn, back)


@cache
def _moving(dialect: str) -> Executable:
    new = STEPS.table(dialect).c
    return (
        update(Delivery)
        .where(Delivery.id == new.id)
        .values(
            status=new.status,
            reason=new.reason,
            provider_id=func.coalesce(new.provider_id, Delivery.provider_id),
            not_before=None,
            changed_at=bindparam("now", type_=Delivery.changed_at.type),
        )
    )


def _harm(
    conn: Connection,
    receipts: Sequence[Marked],
    addresses: Mapping[int, str],
    deltas: counts.Deltas,
    now: datetime,
) -> None:
    """Remember what was said against addresses, and call off the copies that wait for them."""
    said: dict[tuple[Channel, str, Harm], str] = {}
    for channel, receipt in receipts:
        address = addresses.get(receipt.delivery_id or 0) or receipt.address
        if receipt.harm is not None and address:
            said.setdefault((channel, address, receipt.harm), receipt.code)
    harmed: defaultdict[tuple[Channel, Harm], list[str]] = defaultdict(list)
    for (channel, address, harm), code in sorted(said.items()):
        suppress(conn, channel, address, harm, evidence=code, now=now)
        harmed[channel, harm].append(address)
    live = list(conn.scalars(select(Message.id).where(Message.status.in_(LIVE)))) if harmed else []
    for (channel, harm), these in harmed.items():
        waiting = (
            Delivery.message_id.in_(live),
            Delivery.channel == channel,
            Delivery.address.in_(these),
        )
        call_off(conn, waiting, Status.SKIPPED, harm.value, deltas, now)


def _note_troubles(
    conn: Connection, receipts: Sequence[Marked], rows: Mapping[int, Any], now: datetime
) -> None:
    """Keep which copies bounced or were marked as spam, and pause what too many complain of."""
    found: dict[tuple[int, str], troubles.Noted] = {}
    for _, receipt in receipts:
        row = rows.get(receipt.delivery_id or 0)
        if receipt.trouble is None or row is None or row.address is None:
            continue
        noted = troubles.Noted(row.id, row.message_id, row.address, receipt.trouble, receipt.code)
        found.setdefault((row.id, receipt.trouble.value), noted)
    new = troubles.note(conn, list(found.values()), now=now)
    complained = {message_id for message_id, kind in new if kind == Trouble.COMPLAINT}
    if complained:
        for message_id in complaints.judge(conn, complained, now=now):
            log.warning("paused for complaints", message=message_id)
