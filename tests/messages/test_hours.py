"""Texts arrive between ten and eight where their person lives, whatever the calendar does."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.hours import (
    DEFAULT,
    BadHours,
    Hours,
    NeverOpen,
    is_open,
    opens_at,
    parse,
    read,
    write,
)

EAST, CENTRAL, HAWAII = "America/New_York", "America/Chicago", "Pacific/Honolulu"
ZONES = [EAST, CENTRAL, "America/Denver", "America/Phoenix", "America/Los_Angeles", HAWAII]


def at(text: str, zone: str = EAST) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-19T09:59", False),
        ("2026-11-19T10:00", True),
        ("2026-11-19T19:59", True),
        ("2026-11-19T20:00", False),
        ("2026-11-22T11:59", False),  # a Sunday
        ("2026-11-22T12:00", True),
        ("2026-11-21T10:00", True),  # a Saturday
    ],
)
def test_window_opens_and_closes_on_the_minute(local: str, expected: bool) -> None:
    assert is_open([EAST], DEFAULT, at(local)) is expected


def test_every_candidate_zone_must_be_inside_the_window() -> None:
    ten_in_the_east = at("2026-11-19T10:30")

    assert is_open([EAST], DEFAULT, ten_in_the_east)
    assert not is_open([EAST, CENTRAL], DEFAULT, ten_in_the_east)


def test_unknown_place_waits_for_hawaii_and_stops_with_the_east() -> None:
    everywhere = [EAST, CENTRAL, "America/Denver", "America/Los_Angeles", HAWAII]

    opening = opens_at(everywhere, DEFAULT, at("2026-11-19T08:00"))

    assert opening == at("2026-11-19T10:00", HAWAII) == at("2026-11-19T15:00")


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        ("2026-03-07T21:00", "2026-03-08T12:00"),  # the night the clocks go forward, a Sunday
        ("2026-10-31T21:00", "2026-11-01T12:00"),  # the night they go back, a Sunday
        ("2028-02-28T20:00", "2028-02-29T10:00"),  # a leap day
        ("2026-12-31T22:00", "2027-01-01T10:00"),
        ("2026-11-21T20:00", "2026-11-22T12:00"),  # Saturday evening waits for Sunday noon
    ],
)
def test_held_text_goes_at_its_own_next_opening(asked: str, opens: str) -> None:
    assert opens_at([EAST], DEFAULT, at(asked)) == at(opens)


def test_zones_too_far_apart_never_open_and_say_so() -> None:
    narrow = Hours(time(10), time(11), time(10))

    with pytest.raises(NeverOpen, match="Pacific/Honolulu"):
        opens_at([EAST, HAWAII], narrow, at("2026-11-19T10:00"))


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC)),
    zones=st.sets(st.sampled_from(ZONES), min_size=1),
)
def test_opening_is_the_first_quarter_hour_inside_every_window(
    now: datetime, zones: set[str]
) -> None:
    opening = opens_at(zones, DEFAULT, now)

    assert is_open(zones, DEFAULT, opening)
    if opening > now:
        assert not is_open(zones, DEFAULT, opening - timedelta(minutes=15)) or (
            opening - timedelta(minutes=15) < now
        )


def test_stored_hours_read_back_as_they_were() -> None:
    midnight = parse("00:00", "24:00", "00:00")

    assert read(write(DEFAULT)) == DEFAULT
    assert read(write(midnight)) == midnight
    assert read(write(None)) is None


@pytest.mark.parametrize("hours", [("20:00", "10:00", "12:00"), ("ten", "20:00", "12:00")])
def test_hours_that_cannot_be_are_refused(hours: tuple[str, str, str]) -> None:
    with pytest.raises(BadHours, match="hours must"):
        parse(*hours)
