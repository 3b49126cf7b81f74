"""A month of what is ahead: emails that go by themselves, steps of series, last days of alerts, hearings, when offices answer.

Each kind of thing comes from one of ``SOURCES``, a function of the connection that gives entries by day; what
has days of its own joins by adding its function there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_time
from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from actions.models import Action
from actions.office_hours import Schedule, closes_at, opens_at
from alerts.follow_ups import stands_alone
from alerts.models import Alert, Case
from alerts.timing import schedules_of
from alerts.titles import titles_by_alert
from campaigns.clashes import doubled
from campaigns.models import RunStatus
from campaigns.series_ahead import step_days
from campaigns.upcoming import Occurrence, of_emails
from messages.models import Message, MessageStatus
from organizers.roles import Within, as_key, owned
from representatives.maps import begins, congress_at
from representatives.recesses import recesses
from web.console.hearings import hearings
from web.pages import eastern
from web.translations import REGIONS

MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
WEEK = 7
EMAILS = {
    RunStatus.PLANNED: "email",
    RunStatus.FIRED: "email_sent",
    RunStatus.HELD: "email_held",
    RunStatus.POSTPONED: "email_postponed",
    RunStatus.SKIPPED: "email_left_out",
}
LATEST = 10  # alerts whose offices' hours are told of today
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """The days that are asked for, and now; all of them Washington's."""

    first: date
    end: date  # the day after the last
    now: datetime
    language: str
    writes: Within  # where whoever looks may write

    @property
    def start(self) -> datetime:
        """Its first instant."""
        return datetime.combine(self.first, time(), eastern())

    @property
    def stop(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.end, time(), eastern())

    def clock(self, at: datetime) -> str:
        """An hour of the day as people write it."""
        locale = Locale.parse(REGIONS.get(self.language, self.language))
        return format_time(at.astimezone(eastern()), "short", locale=locale)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something on a day."""

    day: date
    kind: str  # the template has the words
    title: str = ""
    href: str = ""
    at: str = ""  # the hour, if it has one
    until: str = ""  # and its end
    number: int = 0
    last: date | None = None  # of what lasts for days
    days: int = 0  # after which a step of a series comes


# An alert, its action, the hour at which it begins, and its ends.
Launched = Row[int, int, datetime | None, datetime | None, datetime | None]
Source = Callable[[Connection, Within, Span], list[Entry]]


@dataclass(frozen=True)
class Told:
    """What the month says of an alert."""

    alert_id: int
    title: str
    schedule: Schedule | None  # of its offices, where their hours are known


@dataclass(frozen=True)
class Day:
    """A field of the grid."""

    day: date
    inside: bool  # of the month that is shown
    today: bool
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Month:
    """A month as a grid of weeks from Sunday, and as a list."""

    first: date
    weeks: Sequence[Sequence[Day]]
    entries: Sequence[Entry]

    @property
    def before(self) -> str:
        """The month before, as an address has it."""
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        """The month after."""
        return f"{self.first + timedelta(days=31):%Y-%m}"

    @property
    def has_series(self) -> bool:
        """Whether it counts people of series."""
        return any(each.kind.startswith("series_") for each in self.entries)


def month(
    conn: Connection,
    within: Within,
    *,
    writes: Within,
    wanted: str,
    language: str,
    now: datetime,
) -> Month:
    """The month that is wanted ("2026-12"), or the present one; ``writes`` is where whoever looks may write."""
    today = _day(now)
    found = MONTH.fullmatch(wanted)
    first = date(int(found[1]), int(found[2]), 1) if found else today.replace(day=1)
    end = (first + timedelta(days=31)).replace(day=1)
    opens = first - timedelta(days=(first.weekday() + 1) % WEEK)
    weeks = -(-(end - opens).days // WEEK)
    span = Span(first, end, now, language, writes)
    entries = sorted(
        (each for source in SOURCES for each in source(conn, within, span)),
        key=lambda each: (each.day, each.kind, each.at, each.title),
    )
    by_day: dict[date, list[Entry]] = {}
    for each in entries:
        by_day.setdefault(each.day, []).append(each)
    days = [opens + timedelta(days=each) for each in range(weeks * WEEK)]
    fields = [Day(day, first <= day < end, day == today, by_day.get(day, ())) for day in days]
    grid = [fields[at : at + WEEK] for at in range(0, len(fields), WEEK)]
    return Month(first, grid, entries)


def _emails(conn: Connection, within: Within, span: Span) -> list[Entry]:
    """Campaigns' emails, by date: what is planned, what went, what became of the others, and which of
    them goes to people who get another email within a day, also of the network or another committee.
    """
    found = of_emails(conn, within, start=span.start, stop=span.stop)
    return [
        *(_email(EMAILS[each.status], each, span) for each in found),
        *(_email("doubled", each, span) for each in doubled(conn, found, now=span.now)),
    ]


def _email(kind: str, each: Occurrence, span: Span) -> Entry:
    subjects = {code: words["subject"] for code, words in each.texts.items()}
    return Entry(
        day=_day(each.at),
        kind=kind,
        title=_words(subjects, span.language),
        href=f"/console/emails/{each.email_id}",
        at=span.clock(each.at),
    )


def _series(conn: Connection, within: Within, span: Span) -> list[Entry]:
    """How many people's step of a series comes on each day, and how many are held."""
    today = _day(span.now)
    return [
        Entry(
            day=each.day,
            kind=f"series_{each.stands}",
            title=each.series,
            href=f"/console/series/{each.series_id}",
            at=each.hour,
            number=each.people,
            days=each.days,
        )
        for each in step_days(conn, within, first=span.first, end=span.end, today=today)
    ]


def _alerts(conn: Connection, within: Within, span: Span) -> list[Entry]:
    """Alerts that begin at a chosen hour, the last days of alerts, and when the offices of those for which calls
    are wanted answer today; what they are called, and when their offices answer, is asked for all at once.
    """
    key, today = as_key(within), _day(span.now)
    times = {"start": span.start, "stop": span.stop, "now": span.now}
    begin = conn.execute(_beginning(key), times).all()
    end = [row for row in conn.execute(_ending(key), times) if span.start <= _end(row) < span.stop]
    wanted = conn.execute(_wanted(key), times).all() if span.first <= today < span.end else ()
    others = [row for row in wanted if _day(_end(row)) != today]
    told = _told(conn, [*begin, *end, *others], span.language)
    return [
        *(_first_hour(row, told[row.id], span) for row in begin),
        *(entry for row in end for entry in _last_day(row, told[row.id], span)),
        *(entry for row in others for entry in _answering(told[row.id], today, span)),
    ]


def _first_hour(row: Launched, told: Told, span: Span) -> Entry:
    return Entry(
        day=_day(row.begins_at),
        kind="first",
        title=told.title,
        href=f"/console/alerts/{row.id}",
        at=span.clock(row.begins_at),
    )


def _last_day(row: Launched, told: Told, span: Span) -> Iterator[Entry]:
    """The last day of an alert, and until when the offices answer on it."""
    ends = _end(row)
    day, href = _day(ends), f"/console/alerts/{row.id}"
    yield Entry(day=day, kind="last_day", title=told.title, href=href, at=span.clock(ends))
    yield from _answering(told, day, span)


def _hearings(conn: Connection, within: Within, span: Span) -> list[Entry]:
    """Hearings from today on."""
    first = max(span.first, _day(span.now))
    found = hearings(conn, within, span.writes, first=first, end=span.end, language=span.language)
    return [
        Entry(day=each.day, kind="hearing", title=each.words, href=f"/console/cases/{each.case_id}")
        for each in found
    ]


def _congress(_conn: Connection, _within: Within, span: Span) -> list[Entry]:
    """The first day of a new Congress: lines and members change at noon."""
    coming = congress_at(span.start) + 1
    at = begins(coming)
    if not span.start <= at < span.stop:
        return []
    day = _day(at)
    href = "/console/representatives"
    return [Entry(day=day, kind="congress", number=coming, href=href, at=span.clock(at))]


def _recesses(conn: Connection, _within: Within, span: Span) -> list[Entry]:
    """When a chamber goes into recess, and the last day of it; on the first of the month, what goes on."""
    found = []
    for each in recesses(conn, span.first, span.end - timedelta(days=1)):
        row: dict[str, Any] = {"title": str(each.chamber), "href": "/console/recesses"}
        first = max(each.first, span.first)
        found.append(Entry(day=first, kind="recess", last=each.last, **row))
        if first < each.last < span.end:
            found.append(Entry(day=each.last, kind="recess_ends", **row))
    return found


SOURCES: tuple[Source, ...] = (
    _emails,
    _series,
    _alerts,
    _hearings,
    _congress,
    _recesses,
)


@lru_cache
def _beginning(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    """Alerts that were launched, and begin at a chosen hour."""
    chosen = (Message.begins_at >= bindparam("start"), Message.begins_at < bindparam("stop"))
    ahead = (Message.begins_at > bindparam("now"), Message.status == MessageStatus.SENDING)
    return _launched(within).where(*chosen, *ahead)


@lru_cache
def _ending(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    """Alerts whose message or calls end between two instants; not what is over before."""
    inside = [
        (ends >= bindparam("start")) & (ends < bindparam("stop"))
        for ends in (Message.expires_at, Action.deadline)
    ]
    still_open = or_(Case.closed_at.is_(None), Case.closed_at > bindparam("now"))
    live = (Message.status != MessageStatus.STOPPED, still_open)
    return _launched(within).where(or_(*inside), *live)


@lru_cache
def _wanted(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    """The latest alerts for which calls are wanted."""
    wanted = [
        or_(ends.is_(None), ends > bindparam("now"))
        for ends in (Message.expires_at, Action.deadline, Case.closed_at)
    ]
    return _launched(within).where(*wanted).order_by(Alert.id.desc()).limit(LATEST)


def _launched(within: Within) -> Select[*tuple[Any, ...]]:
    """Launched alerts with a page of their own."""
    ends = (Message.expires_at, Action.deadline)
    return (
        select(Alert.id, Alert.action_id, Message.begins_at, *ends)
        .join(Message, Message.id == Alert.message_id)
        .join(Action, Action.id == Alert.action_id)
        .join(Case, Case.id == Alert.case_id)
        .where(Message.launched_at.is_not(None), stands_alone(), owned(Message.project_id, within))
    )


def _end(row: Launched) -> datetime:
    """When an alert ends, be it its message or its calls."""
    return min((each for each in (row.expires_at, row.deadline) if each is not None), default=NEVER)


def _told(conn: Connection, rows: Sequence[Launched], language: str) -> dict[int, Told]:
    """What these alerts are called, and when their offices answer; asked for all at once."""
    titles = titles_by_alert(conn, {row.id for row in rows})
    schedules = schedules_of(conn, {row.action_id for row in rows})
    return {
        row.id: Told(row.id, _words(titles.get(row.id, {}), language), schedules.get(row.action_id))
        for row in rows
    }


def _answering(told: Told, day: date, span: Span) -> Iterator[Entry]:
    """When the alert's offices answer on a day, or that they do not."""
    if told.schedule is None:
        return
    midnight = datetime.combine(day, time(), eastern())
    opens = opens_at(told.schedule, midnight)
    href, title = f"/console/alerts/{told.alert_id}/coverage", told.title
    if opens is None or _day(opens) > day:
        yield Entry(day=day, kind="closed", title=title, href=href)
        return
    closes = closes_at(told.schedule, opens)
    until = span.clock(closes) if closes else ""
    yield Entry(day=day, kind="hours", title=title, href=href, at=span.clock(opens), until=until)


def _day(at: datetime) -> date:
    return at.astimezone(eastern()).date()


def _words(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or next((each for each in words.values() if each), "")
