"""When does an office answer? Weekly hours, holidays, and the clock of the office's own zone; pure.

Hours are written as people write them, ``mon-fri 09:00-17:00``, and kept in that one spelling. An
office that has opened stays open until it closes, also on the night on which clocks go back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

WASHINGTON = "America/New_York"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPANISH_DAYS = ("lun", "mar", "mie", "jue", "vie", "sab", "dom")
DAY_NUMBERS = {
    **{name: number for number, name in enumerate(SPANISH_DAYS)},
    **{name: number for number, name in enumerate(DAYS)},
    "mié": 2,
    "sáb": 5,
}
WHOLE_DAY = 24 * 60  # minutes
ALWAYS = "24h"
ROUND_THE_CLOCK = re.compile(r"24 ?(?:h|hours|horas|/ ?7)(?: line)?")
CLOSED = ("closed", "cerrado")
PART = re.compile(r"([a-zéá]+)(?:-([a-zéá]+))?\s+(.+)")
SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
LOOK_AHEAD = 35  # days: no office is closed for longer and still asks to be called
EXAMPLE = "write mon-fri 09:00-17:00, or mon-thu 08:00-12:00, 13:00-16:00; sat closed; or 24h"


class BadHours(ValueError):
    """Hours nobody can tell; the message says which part and how to write it."""


@dataclass(frozen=True)
class Hours:
    """Minutes since midnight at which an office opens and closes, per day from Monday."""

    days: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def text(self) -> str:
        """As it is kept: days with the same hours together."""
        if all(spans == ((0, WHOLE_DAY),) for spans in self.days):
            return ALWAYS
        runs: list[list[int]] = []
        for day, spans in enumerate(self.days):
            if runs and self.days[runs[-1][-1]] == spans:
                runs[-1].append(day)
            else:
                runs.append([day])
        return "; ".join(self._spelt(run) for run in runs if self.days[run[0]])

    def _spelt(self, run: Sequence[int]) -> str:
        days = DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
        spans = (f"{_clock(opens)}-{_clock(closes)}" for opens, closes in self.days[run[0]])
        return f"{days} {', '.join(spans)}"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """An office's hours, where its clock stands, and the days on which it is closed besides."""

    hours: Hours
    zone: str
    closed_on: frozenset[date] = frozenset()
    federal: bool = False  # it keeps the holidays of the United States' government

    def is_closed(self, day: date) -> bool:
        """Whether it is closed on a day on which it would else be open."""
        return day in self.closed_on or (self.federal and day in federal_holidays(day.year))


def parse_hours(text: str) -> Hours:
    """Understand weekly hours, in English or Spanish day names. Raises BadHours."""
    typed = " ".join(text.lower().replace("–", "-").split())
    if ROUND_THE_CLOCK.fullmatch(typed):
        return Hours((((0, WHOLE_DAY),),) * 7)
    days: list[tuple[tuple[int, int], ...]] = [()] * 7
    for part in typed.split(";"):
        found = PART.fullmatch(part.strip())
        if not found:
            raise BadHours(f"the hours “{part.strip()}” cannot be read; {EXAMPLE}")
        first, last, times = found.groups()
        spans = _spans(times)
        for day in _run(first, last or first):
            days[day] = spans
    if not any(days):
        raise BadHours(f"the office would never be open; {EXAMPLE}")
    return Hours(tuple(days))


def is_open(schedule: Schedule, at: datetime) -> bool:
    """Whether somebody likely answers at an instant."""
    return closes_at(schedule, at) is not None


def closes_at(schedule: Schedule, at: datetime) -> datetime | None:
    """When an office that is open at an instant closes (UTC); None while it is closed.

    An office that never closes is said to close at the end of what is looked at.
    """
    end = at
    for opens, closes in _openings(schedule, at, days=LOOK_AHEAD):
        if opens > end:
            break
        end = max(end, closes)
    return end if end > at else None


def opens_at(schedule: Schedule, at: datetime) -> datetime | None:
    """When an office opens next (UTC); the instant itself while it is open, None if never soon."""
    spans = _openings(schedule, at, days=LOOK_AHEAD)
    return next((max(opens, at) for opens, closes in spans if closes > at), None)


@lru_cache(maxsize=64)
def federal_holidays(year: int) -> frozenset[date]:
    """The legal public holidays of the United States as they are observed: 5 U.S.C. 6103(a) and (b).

    One that falls on a Saturday is kept on Friday (6103(b)), on a Sunday on Monday (Executive Order
    11582). New Year's Day of the next year may so be kept in this one.
    """
    fixed = [
        date(year, 1, 1),
        date(year, 6, 19),
        date(year, 7, 4),
        date(year, 11, 11),
        date(year, 12, 25),
        date(year + 1, 1, 1),
    ]
    moving = [
        _nth(year, 1, 0, 3),  # Martin Luther King, Jr.
        _nth(year, 2, 0, 3),  # Washington
        _nth(year, 6, 0, 1) - timedelta(7),  # Memorial Day: the last Monday of May
        _nth(year, 9, 0, 1),  # Labor Day
        _nth(year, 10, 0, 2),  # Columbus Day
        _nth(year, 11, 3, 4),  # Thanksgiving
    ]
    kept = [*(_observed(day) for day in fixed), *moving]
    return frozenset(day for day in kept if day.year == year)


def _spans(times: str) -> tuple[tuple[int, int], ...]:
    if times in CLOSED:
        return ()
    if times == ALWAYS:
        return ((0, WHOLE_DAY),)
    spans = [_span(each.strip()) for each in times.split(",")]
    for (_, closes), (opens, _) in pairwise(spans):
        if opens < closes:
            raise BadHours(f"the hours “{times}” overlap; write them one after the other")
    return tuple(spans)


def _span(text: str) -> tuple[int, int]:
    found = SPAN.fullmatch(text)
    if not found:
        raise BadHours(f"the hours “{text}” cannot be read; {EXAMPLE}")
    from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
    opens, closes = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if max(from_minute, to_minute) > 59 or closes > WHOLE_DAY:  # noqa: PLR2004 - of a clock
        raise BadHours(f"there is no such time as in “{text}”; write hours from 00:00 to 24:00")
    if opens >= closes:
        raise BadHours(f"“{text}” ends before it begins; write 17:00 for five in the afternoon")
    return opens, closes


def _run(first: str, last: str) -> list[int]:
    """The days from one to another, also over the end of the week."""
    for name in (first, last):
        if name not in DAY_NUMBERS:
            raise BadHours(f"“{name}” is not a day; write mon, tue, wed, thu, fri, sat or sun")
    start, end = DAY_NUMBERS[first], DAY_NUMBERS[last]
    return [(start + each) % 7 for each in range((end - start) % 7 + 1)]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _openings(
    schedule: Schedule, at: datetime, *, days: int
) -> Iterator[tuple[datetime, datetime]]:
    """When it is open from the day before an instant on, in UTC, in order."""
    zone = ZoneInfo(schedule.zone)
    today = at.astimezone(zone).date()
    for ahead in range(-1, days):
        day = today + timedelta(ahead)
        if schedule.is_closed(day):
            continue
        for span in schedule.hours.days[day.weekday()]:
            opens, closes = (_instant(day, minutes, zone) for minutes in span)
            if opens < closes:
                yield opens, closes


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first instant at which a clock shows a time, or is past one that it skips."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    late = wall.replace(tzinfo=zone).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == wall:
        return late
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The n-th such day of a month."""
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: date) -> date:
    shift = {5: -1, 6: 1}
    return day + timedelta(shift.get(day.weekday(), 0))


OFFICE_DAY = parse_hours("mon-fri 09:00-17:00")  # by convention, of members' offices
CONGRESS = Schedule(hours=OFFICE_DAY, zone=WASHINGTON, federal=True)
