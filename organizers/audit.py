"""Who did what, when: a record that is only added to, each entry's hash covering the one before.

Whoever can write to the database can still write the whole chain anew. So its head, a hash that stands
for everything up to it, is told to the log every hour and may be noted anywhere else; a chain that no
longer contains a noted head was tampered with. An entry holds numbers, statuses and the names of what
changed, never a person's name, address or words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, or_, select, update

from database.upserts import insert_or
from organizers.models import AuditEntry, AuditHead
from organizers.roles import Within, owned

GENESIS = "0" * 64
HEAD = 1  # the only row of its table
SLICE = 1_000  # entries read at once

State = Mapping[str, Any]  # what an object was like, as far as it may be told: JSON values by name


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: it stands for everything before it."""

    entries: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the whole chain found."""

    head: Head
    wrong: Sequence[str] = ()  # sentences; none when every link holds


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record."""

    id: int
    at: datetime
    actor: str
    act: str
    project_id: int | None
    object: str
    before: State
    after: State
    hash: str


_KEPT = tuple(getattr(AuditEntry, each.name) for each in fields(Entry))


def note(
    conn: Connection,
    act: str,
    *,
    actor: str,
    about: str,
    now: datetime,
    project_id: int | None = None,
    before: State | None = None,
    after: State | None = None,
) -> int:
    """Add an entry in the transaction of what it tells of; return its number.

    ``about`` names the object, as in ``alert:12``. Of two states only what differs is kept.
    """
    was, became = _difference(before or {}, after or {})
    head = _locked_head(conn)
    number: int = head.last_id + 1
    entry = {
        "id": number,
        "at": now,
        "actor": actor,
        "act": act,
        "project_id": project_id,
        "object": about,
        "before": _json(was),
        "after": _json(became),
        "previous": head.hash,
    }
    digest = _hash(entry)
    conn.execute(insert(AuditEntry).values(**entry, hash=digest))
    conn.execute(update(AuditHead).where(AuditHead.id == HEAD).values(last_id=number, hash=digest))
    return number


def head_of(conn: Connection) -> Head:
    """The end of the chain as it is now."""
    row = conn.execute(select(AuditHead).where(AuditHead.id == HEAD)).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.last_id, row.hash)


def verify(conn: Connection, *, noted: str = "") -> Verdict:
    """Walk along the chain from its first entry and tell the first thing that is wrong with it.

    ``noted`` is a head written down elsewhere: it must be one of the chain's hashes.
    """
    head = head_of(conn)
    last, previous = 0, GENESIS
    found = noted in ("", GENESIS)
    for row in _walk(conn):
        wrong = _broken(row, last, previous)
        if wrong:
            return Verdict(head, [wrong])
        last, previous = row.id, row.hash
        found = found or row.hash == noted
    wrong_end = _wrong_end(head, last, previous)
    lost = [] if found else ["the noted head is not in this chain: entries were written anew"]
    return Verdict(head, [*wrong_end, *lost])


def entries(
    conn: Connection,
    within: Within,
    *,
    act: str = "",
    actor: str = "",
    project_id: int | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[Entry]:
    """The newest entries about these projects (None: all, and the network's), newest first.

    ``act`` is one act, or with a dot at its end all acts on a kind of object: ``alert.``
    """
    chosen = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    chosen = chosen.where(owned(AuditEntry.project_id, within))
    if act:
        alike = AuditEntry.act.startswith(act, autoescape=True) if act.endswith(".") else None
        chosen = chosen.where(AuditEntry.act == act if alike is None else alike)
    if actor:
        chosen = chosen.where(or_(AuditEntry.actor == actor, AuditEntry.object == actor))
    if project_id is not None:
        chosen = chosen.where(AuditEntry.project_id == project_id)
    if before_id is not None:
        chosen = chosen.where(AuditEntry.id < before_id)
    return [_entry(row) for row in conn.execute(chosen)]


def kept(conn: Connection, within: Within, *, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """The newest entries about these projects (None: all, and the network's), newest first, as they are kept.

    They have the names of ``Entry``; what an object was like is JSON, "" for nothing.
    """
    chosen = select(*_KEPT).order_by(AuditEntry.id.desc()).limit(limit)
    return conn.execute(chosen.where(owned(AuditEntry.project_id, within))).all()


def _walk(conn: Connection) -> Iterator[Row[AuditEntry]]:
    after = 0
    while True:
        rows = conn.execute(
            select(AuditEntry).where(AuditEntry.id > after).order_by(AuditEntry.id).limit(SLICE)
        ).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].id


def _broken(row: Row[AuditEntry], last: int, previous: str) -> str:
    if row.id > last + 1:
        return f"entry {last + 1} is missing"
    if row.previous != previous:
        return f"entry {row.id} does not follow from the one before it"
    if row.hash != _hash(row._asdict()):
        return f"entry {row.id} was changed"
    return ""


def _wrong_end(head: Head, last: int, previous: str) -> list[str]:
    if last < head.entries:
        return [f"entry {last + 1} is missing, and all after it"]
    if (last, previous) != (head.entries, head.hash):
        return ["the chain goes on beyond its head"]
    return []


def _hash(entry: Mapping[str, Any]) -> str:
    told = [entry["id"], entry["at"].isoformat(timespec="microseconds")]
    names = ("actor", "act", "project_id", "object", "before", "after", "previous")
    return hashlib.sha256(orjson.dumps([*told, *(entry[name] for name in names)])).hexdigest()


def _locked_head(conn: Connection) -> Row[AuditHead]:
    conn.execute(
        insert_or(conn, AuditHead).values(id=HEAD, last_id=0, hash=GENESIS).on_conflict_do_nothing()
    )
    return conn.execute(select(AuditHead).where(AuditHead.id == HEAD).with_for_update()).one()


def _difference(before: State, after: State) -> tuple[State, State]:
    """What changed, with what it was; of something new or gone, everything."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def _json(state: State) -> str:
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(state, option=options).decode() if state else ""


def _entry(row: Row[AuditEntry]) -> Entry:
    return Entry(
        row.id,
        row.at,
        row.actor,
        row.act,
        row.project_id,
        row.object,
        orjson.loads(row.before) if row.before else {},
        orjson.loads(row.after) if row.after else {},
        row.hash,
    )
