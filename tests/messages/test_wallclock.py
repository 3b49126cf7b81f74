"""Wall-clock times, also in the two odd nights of the year."""

from __future__ import annotations

import pytest

from messages.wallclock import BadTime, Oddity, moment


@pytest.mark.parametrize(
    ("local", "zone", "instant", "oddity"),
    [
        ("2026-12-01T09:00", "America/New_York", "2026-12-01T14:00:00+00:00", Oddity.NONE),
        ("2026-07-01 09:00", "America/Chicago", "2026-07-01T14:00:00+00:00", Oddity.NONE),
        # Clocks go forward at 02:00: 02:30 does not exist, and means 03:00.
        ("2027-03-14T02:30", "America/New_York", "2027-03-14T07:00:00+00:00", Oddity.SKIPPED),
        # Clocks go back at 02:00: 01:30 comes twice, and means the first.
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00+00:00", Oddity.TWICE),
        ("2026-11-01T02:00", "America/New_York", "2026-11-01T07:00:00+00:00", Oddity.NONE),
        ("2027-03-14T02:30", "America/Phoenix", "2027-03-14T09:30:00+00:00", Oddity.NONE),
        ("2026-06-01T09:00", "America/El_Salvador", "2026-06-01T15:00:00+00:00", Oddity.NONE),
    ],
)
def test_a_time_on_the_wall_is_one_instant(
    local: str, zone: str, instant: str, oddity: Oddity
) -> None:
    found = moment(local, zone)

    assert (found.instant.isoformat(), found.oddity) == (instant, oddity)


@pytest.mark.parametrize(
    ("local", "zone", "wanted"),
    [
        ("tomorrow", "America/New_York", "is not a date and time"),
        ("2026-12-01T09:00-05:00", "America/New_York", "has an offset"),
        ("2026-12-01T09:00", "Eastern", "is not a time zone we know"),
        ("2026-12-01T09:00", "", "is not a time zone we know"),
        ("2026-12-01T09:00", "../etc/passwd", "is not a time zone we know"),
    ],
)
def test_what_is_no_time_is_told(local: str, zone: str, wanted: str) -> None:
    with pytest.raises(BadTime, match=wanted):
        moment(local, zone)
