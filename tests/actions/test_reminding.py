"""Times to be reminded at lie inside the office's hours and the person's day, before the action ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actions.office_hours import CONGRESS, Schedule, is_open, parse_hours
from actions.reminding import Awake, slots
from messages import hours
from messages.hours import DEFAULT

SATURDAY = datetime(2026, 11, 21, 17, tzinfo=UTC)
ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles", "Pacific/Honolulu")
OFFICES = (CONGRESS, Schedule(hours=parse_hours("24h"), zone="America/El_Salvador"))


def awake(*zones: str) -> Awake:
    def at(instant: datetime) -> datetime | None:
        return hours.opens_at(zones, DEFAULT, instant)

    return at


def anytime(at: datetime) -> datetime | None:
    return at


def test_first_time_is_five_past_the_opening_of_office_or_day() -> None:
    by_email = slots(CONGRESS, anytime, SATURDAY)
    in_new_york = slots(CONGRESS, awake("America/New_York"), SATURDAY)
    in_los_angeles = slots(CONGRESS, awake("America/Los_Angeles"), SATURDAY)

    assert by_email[0].at == datetime(2026, 11, 23, 14, 5, tzinfo=UTC)  # 9:05 in Washington
    assert in_new_york[0].at == datetime(2026, 11, 23, 15, 5, tzinfo=UTC)  # texts begin at 10
    assert in_los_angeles[0].at == datetime(2026, 11, 23, 18, 5, tzinfo=UTC)


def test_a_later_time_and_the_next_day_are_offered_too() -> None:
    found = slots(CONGRESS, awake("America/New_York"), SATURDAY)

    assert [each.at.day for each in found] == [23, 23, 24]
    assert found[1].at - found[0].at == timedelta(hours=2)


def test_nothing_is_offered_after_the_end_or_where_no_hour_suits_both() -> None:
    ends = datetime(2026, 11, 23, 15, 10, tzinfo=UTC)
    night = Schedule(hours=parse_hours("mon-fri 02:00-05:00"), zone="America/New_York")

    assert slots(CONGRESS, awake("America/New_York"), SATURDAY, ends=ends) == []
    assert slots(night, awake("America/New_York"), SATURDAY) == []


@given(
    minutes=st.integers(0, 60 * 24 * 400),
    zone=st.sampled_from(ZONES),
    office=st.sampled_from(OFFICES),
    lasts=st.integers(1, 24 * 9),
)
def test_every_time_suits_office_person_and_action(
    minutes: int, zone: str, office: Schedule, lasts: int
) -> None:
    now = SATURDAY + timedelta(minutes=minutes)
    ends = now + timedelta(hours=lasts)

    for each in slots(office, awake(zone), now, ends=ends):
        assert now < each.at < each.until <= ends
        assert is_open(office, each.at)
        assert hours.is_open([zone], DEFAULT, each.at)
        assert each.at.minute % 5 == each.at.second == 0
