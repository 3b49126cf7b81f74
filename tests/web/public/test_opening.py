"""An office's hours, told by the clock of whoever calls."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from babel import Locale

from actions.office_hours import CONGRESS, Schedule, parse_hours
from web.public.opening import Opening, one_clock, opening

ENGLISH, SPANISH = Locale.parse("en"), Locale.parse("es_419")
EAST, CENTRAL = {"America/New_York"}, {"America/Chicago", "America/Menominee"}
BORDER = {"America/Chicago", "America/Denver"}
THURSDAY = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)  # 16:30 in Washington
SATURDAY = datetime(2026, 11, 21, 17, tzinfo=UTC)


def tell(
    zones: set[str], now: datetime = THURSDAY, locale: Locale = ENGLISH, at: Schedule = CONGRESS
) -> Opening:
    told = opening(at, zones, now, locale)
    spaces = {"\u202f": " ", "\xa0": " "}
    return Opening(
        is_open=told.is_open,
        **{
            name: getattr(told, name).translate(str.maketrans(spaces))
            for name in ("day", "time", "yours", "zone")
        },
    )


@pytest.mark.parametrize(
    ("zones", "time", "zone"),
    [
        (EAST, "5:00 PM", ""),
        (CENTRAL, "4:00 PM", ""),
        (BORDER, "5:00 PM", "Eastern Time"),
        (set(), "5:00 PM", "Eastern Time"),
        ({"America/Metropolis"}, "5:00 PM", "Eastern Time"),
    ],
)
def test_an_open_office_says_until_when(zones: set[str], time: str, zone: str) -> None:
    assert tell(zones) == Opening(is_open=True, time=time, zone=zone)


@pytest.mark.parametrize(
    ("zones", "yours", "zone"),
    [
        (EAST, "", ""),
        (CENTRAL, "8:00 AM", ""),
        ({"Pacific/Honolulu"}, "4:00 AM", ""),
        ({"Asia/Tokyo"}, "11:00 PM", ""),
        ({"Pacific/Kiritimati"}, "Tuesday 4:00 AM", ""),
        (BORDER, "", "Eastern Time"),
    ],
)
def test_a_closed_office_says_when_it_opens(zones: set[str], yours: str, zone: str) -> None:
    told = tell(zones, SATURDAY)

    assert told == Opening(is_open=False, day="Monday", time="9:00 AM", yours=yours, zone=zone)


def test_hours_are_told_in_spanish() -> None:
    told = tell(CENTRAL, SATURDAY, SPANISH)

    assert (told.day, told.time, told.yours) == ("lunes", "9:00 a.m.", "8:00 a.m.")
    assert tell(BORDER, locale=SPANISH).zone == "hora oriental"


def test_a_day_more_than_a_week_away_is_a_date() -> None:
    closed = frozenset(date(2026, 12, 21) + timedelta(each) for each in range(14))
    away = Schedule(hours=parse_hours("mon-fri 09:00-17:00"), zone="UTC", closed_on=closed)
    now = datetime(2026, 12, 21, 12, tzinfo=UTC)

    assert tell({"UTC"}, now, at=away).day == "January 4"
    assert tell({"UTC"}, now, SPANISH, at=away).day == "4 de enero"


def test_an_office_that_never_closes_says_no_time() -> None:
    always = Schedule(hours=parse_hours("24h"), zone="America/El_Salvador")
    never = Schedule(
        hours=parse_hours("mon 09:00-17:00"),
        zone="UTC",
        closed_on=frozenset(date(2026, 11, 1) + timedelta(each) for each in range(90)),
    )

    assert tell(EAST, at=always) == Opening(is_open=True)
    assert tell(EAST, at=never) == Opening(is_open=False)


def test_zones_that_part_by_the_season_are_no_clock() -> None:
    phoenix = {"America/Phoenix", "America/Denver"}

    assert one_clock(phoenix, datetime(2026, 1, 15, tzinfo=UTC))
    assert one_clock(phoenix, datetime(2026, 7, 15, tzinfo=UTC)) is None
