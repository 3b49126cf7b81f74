"""Where mail is collected from: whose turn it is, how far they got, and what somebody has to look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, or_, select, update

from database.upserts import insert_or
from messages.mail_models import MailSource, MailTally
from messages.mailroom import NAME, Kind, tally
from messages.receipts import RawEvent, mark_applied, store

SET_ASIDE = "set_aside"  # the kind of an event that nobody could read
LEASE = timedelta(minutes=5)
LATELY = timedelta(days=7)

_NEW = {"validity": 0, "read_to": 0, "trouble": "", "set_aside": 0, "set_aside_because": ""}


def begin(conn: Connection, name: str, owner: str, *, now: datetime) -> Row[MailSource] | None:
    """Take the turn to collect from a source, or go on with it; None while another process has it."""
    row = insert_or(conn, MailSource).values(name=name, **_NEW)
    conn.execute(row.on_conflict_do_nothing())
    free = or_(MailSource.owner.is_(None), MailSource.owner == owner, MailSource.lease_until < now)
    taken = update(MailSource).where(MailSource.name == name, free)
    leased = {"owner": owner, "lease_until": now + LEASE}
    if not conn.execute(taken.values(leased)).rowcount:
        return None
    return conn.execute(select(MailSource).where(MailSource.name == name)).one()


def reached(
    conn: Connection, name: str, owner: str, *, validity: int, read_to: int, now: datetime
) -> bool:
    """Note how far everything is taken in; whether it is still this process's turn."""
    mine = update(MailSource).where(MailSource.name == name, MailSource.owner == owner)
    values = {"validity": validity, "read_to": read_to, "lease_until": now + LEASE}
    return bool(conn.execute(mine.values(values)).rowcount)


def end(conn: Connection, name: str, owner: str, *, trouble: str, now: datetime) -> None:
    """Give the turn back, with a sentence on what stood in the way; "" if nothing did."""
    mine = update(MailSource).where(MailSource.name == name, MailSource.owner == owner)
    free = {"owner": None, "lease_until": None, "trouble": trouble}
    conn.execute(mine.values(free if trouble else {**free, "looked_at": now}))


def note_set_aside(conn: Connection, name: str, sentence: str, *, now: datetime) -> None:
    """Note that an email waits at its source for a person, and why."""
    row = insert_or(conn, MailSource).values(
        name=name, **{**_NEW, "set_aside": 1, "set_aside_because": sentence}
    )
    more = {"set_aside": MailSource.set_aside + 1, "set_aside_because": sentence}
    conn.execute(row.on_conflict_do_update(index_elements=["name"], set_=more))
    tally(conn, {Kind.UNREADABLE: 1}, now=now)


def keep_unreadable(
    conn: Connection, name: str, payload: Mapping[str, Any], sentence: str, *, now: datetime
) -> None:
    """Set aside what lies nowhere else: its beginning is kept among the events, once."""
    key = sha256(orjson.dumps(payload)).hexdigest()[:40]
    new = store(conn, [RawEvent(NAME, key, SET_ASIDE, {**payload, "why": sentence})], now=now)
    if new:
        mark_applied(conn, new, now=now)
        note_set_aside(conn, name, sentence, now=now)


def sources(conn: Connection) -> list[Row[MailSource]]:
    """Each source that was ever looked into."""
    return list(conn.execute(select(MailSource).order_by(MailSource.name)))


def lately(conn: Connection, *, now: datetime) -> dict[str, int]:
    """How many emails of each kind came within the last seven days."""
    these = select(MailTally.kind, func.sum(MailTally.count)).group_by(MailTally.kind)
    rows = conn.execute(these.where(MailTally.day > (now - LATELY).date()))
    return {kind: int(count) for kind, count in rows}
