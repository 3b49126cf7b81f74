"""When an office answers, held against zoneinfo itself over every change of clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.office_hours import (
    CONGRESS,
    BadHours,
    Schedule,
    closes_at,
    federal_holidays,
    is_open,
    opens_at,
    parse_hours,
)

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/El_Salvador",
    "America/Havana",  # changes at midnight
    "Europe/Madrid",
    "Australia/Lord_Howe",  # by half an hour
)
YEARS = range(2024, 2029)


def transitions(zone: str) -> Iterator[datetime]:
    """The hours of five years after which a zone's clocks have been moved."""
    at, end = datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC)
    there = ZoneInfo(zone)
    while at < end:
        after = at + timedelta(hours=1)
        if at.astimezone(there).utcoffset() != after.astimezone(there).utcoffset():
            yield at
        at = after


MOMENTS = [
    (zone, at)
    for zone in ZONES
    for at in [*transitions(zone), datetime(2026, 6, 15, 12, tzinfo=UTC)]
]
minutes = st.integers(0, 24 * 60)


@st.composite
def written_hours(draw: st.DrawFn) -> str:
    parts = []
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        opens, closes = sorted(draw(st.lists(minutes, min_size=2, max_size=2, unique=True)))
        if draw(st.booleans()):
            span = f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"
            parts.append(f"{day} {span}")
    return "; ".join(parts) or "wed 09:00-17:00"


def by_the_wall(schedule: Schedule, at: datetime) -> bool:
    """Open, as a clock on the office's wall would say."""
    local = at.astimezone(ZoneInfo(schedule.zone))
    spans = schedule.hours.days[local.weekday()]
    minute = local.hour * 60 + local.minute
    return not schedule.is_closed(local.date()) and any(a <= minute < b for a, b in spans)


def shown_twice(at: datetime, zone: str) -> bool:
    """Whether the clocks show the same day's hour twice around an instant."""
    there = ZoneInfo(zone)
    wall = at.astimezone(there).replace(tzinfo=None)
    walls = [(wall + timedelta(hours=step)).replace(tzinfo=there) for step in (-1, 0, 1)]
    return any(each.astimezone(UTC) < each.replace(fold=1).astimezone(UTC) for each in walls)


@settings(max_examples=120, deadline=None)
@given(
    moment=st.sampled_from(MOMENTS),
    text=written_hours(),
    shift=st.integers(-2 * 24 * 60, 2 * 24 * 60),
)
def test_an_office_is_open_when_the_clock_on_its_wall_says_so(
    moment: tuple[str, datetime], text: str, shift: int
) -> None:
    zone, around = moment
    at = around + timedelta(minutes=shift)
    schedule = Schedule(hours=parse_hours(text), zone=zone)

    opens, closes = opens_at(schedule, at), closes_at(schedule, at)

    assert opens is not None
    assert opens >= at
    assert is_open(schedule, opens)
    assert (closes is not None) == (opens == at)
    if not shown_twice(at, zone):
        assert is_open(schedule, at) is by_the_wall(schedule, at)
    if opens > at:
        assert not is_open(schedule, opens - timedelta(seconds=1))
        waiting = (at + (opens - at) * part / 7 for part in range(7))
        assert not any(is_open(schedule, each) for each in waiting)
    if closes is not None:
        assert is_open(schedule, closes - timedelta(seconds=1))
        assert not is_open(schedule, closes) or closes - at > timedelta(30)


@given(written_hours())
def test_hours_are_kept_in_one_spelling(text: str) -> None:
    hours = parse_hours(text)

    assert parse_hours(hours.text) == hours


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Mon–Fri 9:00-17:00", "mon-fri 09:00-17:00"),
        ("lun-vie 08:00-12:00, 13:00-16:00; sáb cerrado", "mon-fri 08:00-12:00, 13:00-16:00"),
        ("24h", "24h"),
        ("24h line", "24h"),
        ("24/7", "24h"),
        ("sat-mon 10:00-24:00; tue-fri closed", "mon 10:00-24:00; sat-sun 10:00-24:00"),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, kept: str) -> None:
    assert parse_hours(typed).text == kept


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("M-F 9-5", "“9-5” cannot be read; write mon-fri 09:00-17:00"),
        ("mon-fri", "cannot be read"),
        ("mon-frid 09:00-17:00", "“frid” is not a day"),
        ("mon 09:00-05:00", "ends before it begins"),
        ("mon 09:00-25:00", "no such time"),
        ("mon 09:61-10:00", "no such time"),
        ("mon 09:00-12:00, 11:00-13:00", "overlap"),
        ("mon closed", "never be open"),
        ("", "cannot be read"),
    ],
)
def test_hours_nobody_can_read_are_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(BadHours, match=sentence):
        parse_hours(typed)


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"),
        (2027, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"),
        (2028, "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25"),
    ],
)
def test_federal_holidays_are_those_the_government_publishes(year: int, days: str) -> None:
    assert federal_holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in days.split()}


@pytest.mark.parametrize(
    ("instant", "open_then", "next_opening"),
    [
        ("2026-11-19T14:00+00:00", True, "2026-11-19T14:00+00:00"),  # Thursday, 9:00
        ("2026-11-19T13:59+00:00", False, "2026-11-19T14:00+00:00"),
        ("2026-11-19T22:00+00:00", False, "2026-11-20T14:00+00:00"),
        ("2026-11-21T17:00+00:00", False, "2026-11-23T14:00+00:00"),  # Saturday
        ("2026-11-26T15:00+00:00", False, "2026-11-27T14:00+00:00"),  # Thanksgiving
        ("2026-07-16T13:00+00:00", True, "2026-07-16T13:00+00:00"),  # 9:00 in summer
    ],
)
def test_offices_in_washington_keep_its_days(
    instant: str, *, open_then: bool, next_opening: str
) -> None:
    at = datetime.fromisoformat(instant)

    assert is_open(CONGRESS, at) is open_then
    assert opens_at(CONGRESS, at) == datetime.fromisoformat(next_opening)


def test_an_office_keeps_its_own_days_off_and_its_own_clock() -> None:
    closed = Schedule(
        hours=parse_hours("mon-fri 08:00-16:00"),
        zone="America/El_Salvador",
        closed_on=frozenset({date(2026, 9, 15)}),
    )

    assert not is_open(closed, datetime(2026, 9, 15, 16, tzinfo=UTC))
    assert is_open(closed, datetime(2026, 11, 26, 16, tzinfo=UTC))  # Thanksgiving is not theirs
    assert opens_at(closed, datetime(2026, 9, 15, 16, tzinfo=UTC)) == datetime(
        2026, 9, 16, 14, tzinfo=UTC
    )


def test_an_office_that_never_opens_soon_opens_never() -> None:
    days = frozenset(date(2026, 1, 1) + timedelta(each) for each in range(60))
    closed = Schedule(hours=parse_hours("24h"), zone="America/New_York", closed_on=days)

    assert opens_at(closed, datetime(2026, 1, 2, tzinfo=UTC)) is None
    assert closes_at(closed, datetime(2026, 1, 2, tzinfo=UTC)) is None
