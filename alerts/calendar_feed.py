"""All that an organizer's own calendar shows: planned mail, hearings, how long alerts go on, recesses, a new Congress.

Its address is copied to machines of which nobody knows who reads them. So of hearings and alerts it tells only what
everybody may know by then, to whomever it belongs; and of whatever names somebody who must not be named, only that
it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from actions.models import Action
from alerts.at_risk import Lists
from alerts.follow_ups import stands_alone
from alerts.hearings import hearings_between
from alerts.models import Alert, Case
from alerts.timeline import KnownFact
from alerts.titles import titles_by_alert
from campaigns import feeds
from campaigns.feeds import AHEAD, BEFORE, CANCELLED, CONFIRMED, SHOWN, Entry, Subscriber
from messages.calling_off import taken_back
from messages.models import Message, MessageStatus
from organizers.roles import Within, owned
from representatives.maps import begins, congress_at
from representatives.recesses import Chamber, recesses

Dated = tuple[Entry, int | None]  # with the case that it is about
DAY = timedelta(days=1)
HEARING = {"en": "Hearing: %s", "es": "Audiencia: %s"}
NO_HEARING = {"en": "Not so any more: hearing: %s", "es": "Ya no es así: audiencia: %s"}
OF_A_CASE = {"en": "of one of your cases", "es": "de uno de sus casos"}
BEGINS = {"en": "Alert begins: %s", "es": "Empieza la alerta: %s"}
ENDS = {"en": "Alert ends: %s", "es": "Termina la alerta: %s"}
ENDED = {"en": "Ended earlier: %s", "es": "Terminó antes: %s"}
AN_ALERT = {"en": "one of yours", "es": "una de las suyas"}
RECESS = {
    Chamber.HOUSE: {"en": "House in recess", "es": "Receso de la Cámara"},
    Chamber.SENATE: {"en": "Senate in recess", "es": "Receso del Senado"},
}
CONGRESS = {"en": "The %sth Congress begins", "es": "Empieza el Congreso n.º %s"}


def calendar(conn: Connection, token: str, *, site: str, name: str, now: datetime) -> bytes:
    """The calendar at an address (RFC 5545). Raises NoSuchFeed. ``site`` is our own host, for what is unique."""
    reader = feeds.subscriber(conn, token)
    dated = [
        *((each, None) for each in feeds.mail(conn, reader, now=now)),
        *_hearings(conn, reader, now),
        *_alerts(conn, reader, now),
    ]
    found = [*_discreet(conn, dated), *_recesses(conn, reader.language, now)]
    found += _congresses(reader.language, now)
    return feeds.write(found, site=site, name=name, now=now)


def _hearings(conn: Connection, reader: Subscriber, now: datetime) -> Iterator[Dated]:
    """Hearings that everybody may know of; what turned out false is called off, where everybody could read of it."""
    first, end = (now - BEFORE).date(), (now + AHEAD).date()
    for fact, project_id in hearings_between(conn, reader.within, first, end):
        current = fact.current
        unheard_of = current.withdrawn and len(fact.published(now)) == 1
        if current.is_released(now) and not unheard_of:
            yield _hearing(fact, project_id, reader.language), fact.case_id


def _hearing(fact: KnownFact, project_id: int | None, language: str) -> Entry:
    current = fact.current
    said = current.words
    return Entry(
        key=f"hearing-{fact.id}",
        start=current.happened_on,
        end=current.happened_on + DAY,
        words=(NO_HEARING if current.withdrawn else HEARING)[language],
        title=said.get(language) or next(iter(said.values()), ""),
        unnamed=OF_A_CASE[language],
        project_id=project_id,
        status=CANCELLED if current.withdrawn else CONFIRMED,
        sequence=current.number,
        path=f"/console/cases/{fact.case_id}",
    )


def _alerts(conn: Connection, reader: Subscriber, now: datetime) -> Iterator[Dated]:
    """When launched alerts begin, where an hour was chosen, and when they end."""
    rows = _launched(conn, reader.within, now)
    titles = titles_by_alert(conn, [row.id for row in rows])
    for row in rows:
        for each in _window(row, titles.get(row.id, {}), reader.language, now):
            yield each, row.case_id


def _launched(conn: Connection, within: Within, now: datetime) -> Sequence[Row[Any]]:
    first, end = now - BEFORE, now + AHEAD
    dated = (Message.begins_at, Message.expires_at, Action.deadline)
    rows: Any = (
        select(
            *(Alert.id, Alert.case_id, Message.project_id, Message.status, Case.closed_at),
            *(Message.starts_at, taken_back().label("taken_back"), *dated),
        )
        .join(Message, Message.id == Alert.message_id)
        .join(Action, Action.id == Alert.action_id)
        .join(Case, Case.id == Alert.case_id)
        .where(Message.launched_at.is_not(None), stands_alone(), owned(Message.project_id, within))
        .where(or_(*((at >= first) & (at < end) for at in dated)))
        .order_by(Alert.id)
    )
    return conn.execute(rows).all()


def _window(row: Row[Any], titles: dict[str, str], language: str, now: datetime) -> Iterator[Entry]:
    begun = not row.taken_back and (row.starts_at is None or row.starts_at <= now)
    title = titles.get(language) or next((each for each in titles.values() if each), "")
    known: dict[str, Any] = {
        "title": title if begun else AN_ALERT[language],  # of which nobody has got anything
        "unnamed": AN_ALERT[language],
        "project_id": row.project_id,
        "path": f"/console/alerts/{row.id}",
    }
    off = row.status == MessageStatus.STOPPED
    if row.begins_at is not None:
        at, status = row.begins_at, CANCELLED if row.taken_back else CONFIRMED
        yield _at(f"alert-{row.id}-begins", at, at + SHOWN, BEGINS[language], status, known)
    ends = [each for each in (row.expires_at, row.deadline) if each is not None]
    if ends:
        at = min(ends)
        off = off or (row.closed_at is not None and row.closed_at < at)
        words, status = (ENDED, CANCELLED) if off else (ENDS, CONFIRMED)
        yield _at(f"alert-{row.id}-ends", at - SHOWN, at, words[language], status, known)


def _at(
    key: str, start: datetime, end: datetime, words: str, status: str, known: dict[str, Any]
) -> Entry:
    return Entry(key=key, start=start, end=end, words=words, status=status, **known)


def _recesses(conn: Connection, language: str, now: datetime) -> list[Entry]:
    """When a chamber does not sit, as the network has noted it."""
    return [
        Entry(
            key=f"recess-{each.id}",
            start=each.first,
            end=each.last + DAY,
            words="%s",
            title=RECESS[each.chamber][language],
            path="/console/recesses",
        )
        for each in recesses(conn, (now - BEFORE).date(), (now + AHEAD).date())
    ]


def _congresses(language: str, now: datetime) -> Iterator[Entry]:
    """A new Congress, whose members and lines are others."""
    first = congress_at(now - BEFORE) + 1
    for each in range(first, congress_at(now + AHEAD) + 1):
        at = begins(each)
        yield Entry(
            key=f"congress-{each}",
            start=at,
            end=at + SHOWN,
            words=CONGRESS[language],
            title=str(each),
            path="/console/representatives",
        )


def _discreet(conn: Connection, dated: Iterable[Dated]) -> Iterator[Entry]:
    """Without the titles that name somebody who must not be named, by the lists as they are now."""
    lists = Lists(conn)
    for entry, case_id in dated:
        told = lists.is_told(entry.title, case_id=case_id, owner=entry.project_id)
        yield entry if told else replace(entry, title=entry.unnamed)
