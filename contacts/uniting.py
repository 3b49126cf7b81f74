"""Make one contact of two whose owners have said that they are one person.

The older one stays and is completed by the other: addresses, projects, tags, and of their wishes the stricter.
What an address says, yes or no, is kept by address and does not change. Other rooms give their own rows over
before: see ``messages.uniting``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from contacts.matching import TEXTS, Facts
from contacts.merging import facts_of, rewrite
from contacts.models import Channel, Contact, ContactTag, Membership, Preference, SignUp
from contacts.preferences import Preferences, prefer, preferences_of
from representatives.districts import BY_HAND


def absorb(
    conn: Connection, keep: int, gone: int, *, first: Mapping[str, int], now: datetime
) -> None:
    """Give all that hangs on a contact in this room to another one, and remove it.

    ``first`` says by channel whose address we write to from now on; the other's further identify the person.
    """
    facts = facts_of(conn, [keep, gone])
    placed = _placed(conn, keep, gone)
    for table, key in ((Membership, "project_id"), (ContactTag, "tag_id")):
        _give(conn, table, key, keep, gone)
    _prefer_the_stricter(conn, keep, gone)
    conn.execute(update(SignUp).where(SignUp.contact_id == gone).values(contact_id=keep))
    conn.execute(delete(Contact).where(Contact.id == gone))
    united = _united(facts[keep], facts[gone], first, gone)
    rewrite(conn, {keep: (facts[keep], united)}, now=now)
    if placed:
        conn.execute(update(Contact).where(Contact.id == keep).values(**placed))


def _placed(conn: Connection, keep: int, gone: int) -> dict[str, Any]:
    """What the one who stays takes over unseen: the earlier day of joining, a district chosen by hand."""
    rows = conn.execute(select(Contact.__table__).where(Contact.id.in_([keep, gone]))).all()
    kept, other = sorted(rows, key=lambda row: row.id == gone)
    found: dict[str, Any] = {"joined_on": min(kept.joined_on, other.joined_on)}
    if not kept.zip and kept.district is None and other.district_how in BY_HAND:
        names = ("state", "district", "district_how", "district_congress")
        found |= {name: getattr(other, name) for name in names}
    return found


def _united(kept: Facts, other: Facts, first: Mapping[str, int], gone: int) -> Facts:
    """What is known of both; where both tell, the one who stays is believed."""
    texts = {name: getattr(kept, name) or getattr(other, name) for name in TEXTS}
    phones, emails = (kept.phones, other.phones), (kept.emails, other.emails)
    if first[Channel.SMS.value] == gone:
        phones = phones[::-1]
    if first[Channel.EMAIL.value] == gone:
        emails = emails[::-1]
    return replace(kept, **texts, phones=_each_once(*phones), emails=_each_once(*emails))


def _each_once(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*before, *after]))


def _give(conn: Connection, table: Any, key: str, keep: int, gone: int) -> None:
    """Give over what a contact belongs to; an import that is undone takes back only what it alone told."""
    column = getattr(table, key)
    told: dict[int, dict[int, dict[str, Any]]] = {}
    for owner in (keep, gone):
        rows = conn.execute(select(table.__table__).where(table.contact_id == owner)).mappings()
        told[owner] = {row[key]: dict(row) for row in rows}
    for each, row in told[gone].items():
        if each not in told[keep]:
            conn.execute(insert(table).values({**row, "contact_id": keep}))
        elif row["import_id"] is None:
            own = (column == each, table.contact_id == keep)
            conn.execute(update(table).where(*own).values(import_id=None))


def _prefer_the_stricter(conn: Connection, keep: int, gone: int) -> None:
    wishes = [preferences_of(conn, each) for each in (keep, gone)]
    if wishes[1] == Preferences():
        return
    ends = [each.paused_until for each in wishes if each.paused_until is not None]
    until: date | None = max(ends, default=None)
    urgent = any(each.urgent_only for each in wishes)
    conn.execute(delete(Preference).where(Preference.contact_id == gone))
    prefer(conn, keep, Preferences(urgent_only=urgent, paused_until=until))
