"""What an organizer's own calendar program subscribes to: the secret address, its planned mail, and how it is written.

The address is a secret: whoever has it reads titles and times, and nothing else. Of it only the SHA-256 is kept;
a new one ends the old. What it shows is asked anew each time, so that it shrinks with what they may see. The dates
of hearings and alerts are added by ``alerts/calendar_feed.py``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from icalendar import Calendar, Event
from sqlalchemy import Connection, delete, select

from campaigns.feed_models import CalendarFeed
from campaigns.models import RunStatus
from campaigns.upcoming import Occurrence, of_emails
from database.upserts import insert_or
from organizers.models import Organizer
from organizers.roles import May, Within, allowed
from organizers.sessions import grants_of

BEFORE = timedelta(days=90)
AHEAD = timedelta(days=400)
SHOWN = timedelta(minutes=15)  # how long an entry looks
CONFIRMED, TENTATIVE, CANCELLED = "CONFIRMED", "TENTATIVE", "CANCELLED"  # RFC 5545, 3.8.1.11
STATUS = {RunStatus.HELD: TENTATIVE, RunStatus.POSTPONED: TENTATIVE, RunStatus.SKIPPED: CANCELLED}
SAID = {
    RunStatus.HELD: {"en": "Held: %s", "es": "Retenido: %s"},
    RunStatus.POSTPONED: {"en": "Postponed: %s", "es": "Aplazado: %s"},
    RunStatus.SKIPPED: {"en": "Left out: %s", "es": "Omitido: %s"},
}
UNNAMED = {"en": "an email", "es": "un correo"}
Span = TypeVar("Span", date, datetime)


class NoSuchFeed(LookupError):
    """There is no calendar at this address, or it was ended."""


@dataclass(frozen=True)
class Subscriber:
    """Whose calendar an address is."""

    organizer_id: int
    language: str
    within: Within  # the projects of which they may see everything that is not kept from anybody


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something in the calendar: at an hour, or on days, of which the end is the first that is not of it any more."""

    key: str  # its own for good, whatever changes about it
    start: date | datetime
    end: date | datetime
    words: str  # with one %s for the title
    title: str
    unnamed: str = ""  # instead of a title that must not be read
    project_id: int | None = None
    status: str = CONFIRMED
    sequence: int = 0  # how often it was changed, where that is known
    path: str = ""  # of its page in the console


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


def subscriber(conn: Connection, token: str) -> Subscriber:
    """Whose calendar is at an address, and what they may see now. Raises NoSuchFeed."""
    mine = (
        select(Organizer.id, Organizer.language)
        .join(CalendarFeed, CalendarFeed.organizer_id == Organizer.id)
        .where(CalendarFeed.token_hash == _hash(token), Organizer.disabled_at.is_(None))
    )
    found = conn.execute(mine).one_or_none()
    if found is None:
        raise NoSuchFeed(NoSuchFeed.__doc__)
    within = allowed(grants_of(conn, found.id), May.SEE)
    return Subscriber(found.id, found.language, within)


def mail(conn: Connection, reader: Subscriber, *, now: datetime) -> list[Entry]:
    """The dates of the planned mail that somebody may see."""
    found = of_emails(conn, reader.within, start=now - BEFORE, stop=now + AHEAD)
    return [_email(each, reader.language) for each in found]


def write(entries: Iterable[Entry], *, site: str, name: str, now: datetime) -> bytes:
    """A calendar (RFC 5545); ``site`` is our own host, for what is unique."""
    book = Calendar()
    book.add("prodid", "-//Llamado//Planned mail//EN")
    book.add("version", "2.0")
    book.add("x-wr-calname", name)
    for each in entries:
        book.add_component(_event(each, site, now))
    return bytes(book.to_ical())


def _email(each: Occurrence, language: str) -> Entry:
    words: Mapping[str, Any] = each.texts.get(language) or next(iter(each.texts.values()), {})
    return Entry(
        key=f"email-{each.email_id}-{each.local_time}",
        start=each.at,
        end=each.at + SHOWN,
        words=SAID.get(each.status, {}).get(language, "%s"),
        title=words.get("subject", ""),
        unnamed=UNNAMED[language],
        project_id=each.project_id,
        status=STATUS.get(each.status, CONFIRMED),
        path=f"/console/emails/{each.email_id}",
    )


def _event(each: Entry, site: str, now: datetime) -> Event:
    """Titles only: the calendar is copied to machines that we know nothing of."""
    event = Event()
    event.add("uid", f"{each.key}@{site}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", _in_utc(each.start))
    event.add("dtend", _in_utc(each.end))
    event.add("summary", each.words % each.title)
    event.add("status", each.status)
    event.add("sequence", each.sequence)
    event.add("transp", "TRANSPARENT")
    event.add("url", f"https://{site}{each.path}")
    return event


def _in_utc(at: Span) -> Span:
    """An instant as every program knows it; a day is a day wherever it is read."""
    return at.astimezone(UTC) if isinstance(at, datetime) else at


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
