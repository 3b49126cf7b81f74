"""Quiet hours around every change of clocks of the next five years, reckoned a second time by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from messages.hours import DEFAULT, is_open, opens_at
from representatives.timezones import US_ZONES, zones_in_us

FIRST, LAST = datetime(2026, 11, 1, tzinfo=UTC), datetime(2031, 12, 31, tzinfo=UTC)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
ABROAD = {
    "America/El_Salvador", "America/Puerto_Rico", "America/St_Thomas", "America/Toronto",
    "Pacific/Guam", "Pacific/Saipan", "Pacific/Pago_Pago", "Pacific/Palau", "Europe/Berlin",
    "Asia/Tokyo", "Asia/Seoul",
}  # fmt: skip
IN_USE = sorted(US_ZONES | zones_in_us() | ABROAD)
DAY = 24 * 3600
OPENS, SUNDAY_OPENS, CLOSES = 10 * 3600, 12 * 3600, 20 * 3600


def offset(zone: str, instant: datetime) -> int:
    """Seconds east of Greenwich."""
    found = instant.astimezone(ZoneInfo(zone)).utcoffset()
    assert found is not None
    return int(found.total_seconds())


@cache
def turns() -> list[tuple[str, datetime]]:
    """Every change of an offset of these zones, to the hour, found by walking through the years."""
    found = []
    for zone in IN_USE:
        day, known = FIRST, offset(zone, FIRST)
        while day < LAST:
            after = offset(zone, day + timedelta(days=1))
            if after != known:
                found.append((zone, _hour_of_change(zone, day, known)))
            day, known = day + timedelta(days=1), after
    return found


def _hour_of_change(zone: str, day: datetime, before: int) -> datetime:
    return next(
        day + number * HOUR
        for number in range(1, 25)
        if offset(zone, day + number * HOUR) != before
    )


def allowed(zone: str, instant: datetime) -> bool:
    """Ten to eight, Sundays from noon, by plain arithmetic on seconds since 1970 (a Thursday)."""
    local = int(instant.timestamp()) + offset(zone, instant)
    day, second = divmod(local, DAY)
    sunday = (day + 4) % 7 == 0
    return (SUNDAY_OPENS if sunday else OPENS) <= second < CLOSES


def test_clocks_change_twice_a_year_where_they_do() -> None:
    by_zone = [instant.year for zone, instant in turns() if zone == "America/New_York"]

    assert by_zone == sorted([2026, *(year for year in range(2027, 2032) for _ in range(2))])
    still = {zone for zone in IN_USE if zone not in {each for each, _ in turns()}}
    assert {"America/Phoenix", "Pacific/Honolulu", "America/El_Salvador"} <= still


@given(turn=st.sampled_from(turns()), minutes=st.integers(-36 * 60, 36 * 60))
def test_window_is_right_around_every_change_of_clocks(
    turn: tuple[str, datetime], minutes: int
) -> None:
    zone, instant = turn
    now = instant + timedelta(minutes=minutes)

    assert is_open([zone], DEFAULT, now) is allowed(zone, now)


@given(
    turn=st.sampled_from(turns()),
    others=st.sets(st.sampled_from(sorted(US_ZONES)), max_size=3),
    minutes=st.integers(-36 * 60, 36 * 60),
)
def test_held_text_leaves_at_the_first_quarter_that_suits_every_zone(
    turn: tuple[str, datetime], others: set[str], minutes: int
) -> None:
    own, instant = turn
    zones = sorted({own, *others} if own in US_ZONES else {own})
    now = instant + timedelta(minutes=minutes)

    leaves = opens_at(zones, DEFAULT, now)

    assert leaves >= now
    assert all(allowed(zone, leaves) for zone in zones)
    before = leaves - QUARTER
    while before >= now:
        assert not all(allowed(zone, before) for zone in zones)
        before -= QUARTER
