"""An organizer's planned mail as a calendar that their own program subscribes to.

The address is a secret: whoever has it reads titles and times, and nothing else. Of it only the SHA-256 is kept;
a new one ends the old. What it shows is asked anew each time, so that it shrinks with what they may see.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from icalendar import Calendar, Event
from sqlalchemy import Connection, Row, delete, select

from campaigns.feed_models import CalendarFeed
from campaigns.models import RunStatus
from campaigns.upcoming import Occurrence, of_emails
from database.upserts import insert_or
from organizers.models import Organizer
from organizers.roles import May, allowed
from organizers.sessions import grants_of

BEFORE = timedelta(days=90)
AHEAD = timedelta(days=400)
SHOWN = timedelta(minutes=15)  # how long an entry looks
STATUS = {RunStatus.HELD: "TENTATIVE", RunStatus.POSTPONED: "TENTATIVE", RunStatus.SKIPPED: "CANCELLED"}  # fmt: skip
SAID = {
    RunStatus.HELD: {"en": "Held", "es": "Retenido"},
    RunStatus.POSTPONED: {"en": "Postponed", "es": "Aplazado"},
    RunStatus.SKIPPED: {"en": "Left out", "es": "Omitido"},
}


class NoSuchFeed(LookupError):
    """There is no calendar at this address, or it was ended."""


def make(conn: Connection, organizer_id: int, *, now: datetime) -> str:
    """A new address for an organizer, which ends the one before; return its secret part, told once."""
    token = secrets.token_urlsafe(32)
    values = {"token_hash": _hash(token), "made_at": now}
    row = insert_or(conn, CalendarFeed).values(organizer_id=organizer_id, **values)
    conn.execute(row.on_conflict_do_update(index_elements=["organizer_id"], set_=values))
    return token


def end(conn: Connection, organizer_id: int) -> None:
    """From now on nobody reads it."""
    conn.execute(delete(CalendarFeed).where(CalendarFeed.organizer_id == organizer_id))


def made_at(conn: Connection, organizer_id: int) -> datetime | None:
    """Since when an organizer has a feed; None = they have none."""
    mine = select(CalendarFeed.made_at).where(CalendarFeed.organizer_id == organizer_id)
    return conn.scalar(mine)


def calendar(conn: Connection, token: str, *, site: str, name: str, now: datetime) -> bytes:
    """The calendar at an address (RFC 5545). Raises NoSuchFeed. ``site`` is our own host, for what is unique."""
    owner = _owner(conn, token)
    within = allowed(grants_of(conn, owner.id), May.SEE)
    found = of_emails(conn, within, start=now - BEFORE, stop=now + AHEAD)
    return _written(found, owner.language, site=site, name=name, now=now)


def _owner(conn: Connection, token: str) -> Row[int, str]:
    mine = (
        select(Organizer.id, Organizer.language)
        .join(CalendarFeed, CalendarFeed.organizer_id == Organizer.id)
        .where(CalendarFeed.token_hash == _hash(token), Organizer.disabled_at.is_(None))
    )
    found = conn.execute(mine).all()
    if not found:
        raise NoSuchFeed(NoSuchFeed.__doc__)
    return found[0]


def _written(
    found: Iterable[Occurrence], language: str, *, site: str, name: str, now: datetime
) -> bytes:
    book = Calendar()
    book.add("prodid", "-//Llamado//Planned mail//EN")
    book.add("version", "2.0")
    book.add("x-wr-calname", name)
    for each in found:
        book.add_component(_event(each, language, site, now))
    return bytes(book.to_ical())


def _event(each: Occurrence, language: str, site: str, now: datetime) -> Event:
    """Titles only: the calendar is copied to machines that we know nothing of."""
    event, at = Event(), each.at.astimezone(UTC)
    event.add("uid", f"email-{each.email_id}-{each.local_time}@{site}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", at)
    event.add("dtend", at + SHOWN)
    event.add("summary", _title(each, language))
    event.add("status", STATUS.get(each.status, "CONFIRMED"))
    event.add("transp", "TRANSPARENT")
    event.add("url", f"https://{site}/console/emails/{each.email_id}")
    return event


def _title(each: Occurrence, language: str) -> str:
    words: Mapping[str, Any] = each.texts.get(language) or next(iter(each.texts.values()), {})
    said = SAID.get(each.status, {}).get(language, "")
    subject = words.get("subject", "")
    return f"{said}: {subject}" if said else subject


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
