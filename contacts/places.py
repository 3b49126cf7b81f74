"""Settle contacts anew when the geography has changed, or a Congress has: districts follow from ZIPs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, true, update

from contacts.merging import PLACE, facts_of, places_of_people, stays
from contacts.models import Contact
from database.engine import Database
from representatives.maps import congress_at, moved_states

CHUNK = 1000  # contacts per transaction


async def settle_everybody(database: Database, now: datetime) -> int:
    """Settle all contacts, a transaction's worth at a time; return how many moved."""
    moved, after = 0, 0
    while True:
        some, last = await database.write(settle_some, after, now)
        moved += some
        if last is None:
            return moved
        after = last


async def settle_lapsed(database: Database, now: datetime) -> int:
    """Settle all contacts if a district of somebody's has lapsed, as on a Congress's first day.

    Whoever is asked for by district is then found, or not, by what counts today.
    """
    if not await database.read(anybody_lapsed, now):
        return 0
    return await settle_everybody(database, now)


def anybody_lapsed(conn: Connection, now: datetime) -> bool:
    """Whether a contact has a district whose lines have moved since it was told us."""
    moved = moved_states(now)
    if moved is not None and not moved:
        return False
    older = (Contact.district > 0) & (Contact.district_congress < congress_at(now))
    anywhere = true() if moved is None else Contact.state.in_(sorted(moved))
    return conn.scalar(select(Contact.id).where(older, anywhere).limit(1)) is not None


def settle_some(conn: Connection, after: int, now: datetime) -> tuple[int, int | None]:
    """Settle the next contacts above an id; return how many moved, and the last id if there are more.

    A district that a person or an organizer told us of stays while its lines hold; only its time
    zones follow the data.
    """
    columns = [getattr(Contact, name) for name in PLACE]
    chosen = select(Contact.id, Contact.zone_set_id, *columns).where(Contact.id > after)
    rows = conn.execute(chosen.order_by(Contact.id).limit(CHUNK)).mappings().all()
    facts = facts_of(conn, [row["id"] for row in rows])
    found = places_of_people(conn, [facts[row["id"]] for row in rows], now=now)
    changes = []
    for row, place in zip(rows, found, strict=True):
        kept = {name: row[name] for name in PLACE} if stays(dict(row), now) else {}
        wanted = {**place, **kept}
        if any(row[name] != value for name, value in wanted.items()):
            changes.append({**wanted, "the_id": row["id"]})
    if changes:
        conn.execute(update(Contact).where(Contact.id == bindparam("the_id")), changes)
    return len(changes), rows[-1]["id"] if len(rows) == CHUNK else None
