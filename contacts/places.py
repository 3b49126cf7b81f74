"""Settle contacts anew after the geography has changed: districts and time zones follow from ZIPs."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from contacts.merging import PLACE, facts_of, places_of_people
from contacts.models import Contact
from contacts.people import BY_HAND
from database.engine import Database

CHUNK = 1000  # contacts per transaction


async def settle_everybody(database: Database) -> int:
    """Settle all contacts, a transaction's worth at a time; return how many moved."""
    moved, after = 0, 0
    while True:
        some, last = await database.write(settle_some, after)
        moved += some
        if last is None:
            return moved
        after = last


def settle_some(conn: Connection, after: int) -> tuple[int, int | None]:
    """Settle the next contacts above an id; return how many moved, and the last id if there are more.

    A district that a person or an organizer chose stays; only its time zones follow the data.
    """
    columns = [getattr(Contact, name) for name in PLACE]
    chosen = select(Contact.id, Contact.zone_set_id, *columns).where(Contact.id > after)
    rows = conn.execute(chosen.order_by(Contact.id).limit(CHUNK)).mappings().all()
    facts = facts_of(conn, [row["id"] for row in rows])
    found = places_of_people(conn, [facts[row["id"]] for row in rows])
    changes = []
    for row, place in zip(rows, found, strict=True):
        kept = {name: row[name] for name in PLACE} if row["district_how"] in BY_HAND else {}
        wanted = {**place, **kept}
        if any(row[name] != value for name, value in wanted.items()):
            changes.append({**wanted, "the_id": row["id"]})
    if changes:
        conn.execute(update(Contact).where(Contact.id == bindparam("the_id")), changes)
    return len(changes), rows[-1]["id"] if len(rows) == CHUNK else None
