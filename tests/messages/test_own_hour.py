"""At nine o'clock where each person lives: nobody earlier, everybody once, and those too late are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, select

from campaigns import calendar, firing
from messages import own_hour
from messages.expanding import expand_chunk
from messages.models import Delivery
from messages.own_hour import OwnHour
from messages.zones import Waits, Zones
from representatives.models import ZoneSet
from representatives.timezones import US_ZONES
from tests.builders import make_contact, make_zone_set
from tests.campaigns.test_firing import HOUSE, schedule
from tests.doubles import NoJobs

NINE = OwnHour("2027-03-14T09:00", "America/Chicago", 60)  # on the day on which clocks go forward
EAST = datetime(2027, 3, 14, 13, 0, tzinfo=UTC)
GUAM = datetime(2027, 3, 13, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zones", "hours"),
    [
        (["America/New_York"], 0),
        (["America/Chicago"], 1),
        (["America/Chicago", "America/Denver"], 2),  # when it has come in both
        (["America/Phoenix"], 3),
        (["Pacific/Honolulu"], 6),
        (["America/El_Salvador"], 2),
        (sorted(US_ZONES), 1),  # nobody knows: the plan's zone
        ([], 1),
    ],
)
def test_the_hour_comes_to_each_where_they_live(zones: list[str], hours: int) -> None:
    assert own_hour.instant(NINE, tuple(zones)) == EAST + timedelta(hours=hours)


def test_in_a_gap_it_is_the_first_instant_after_it() -> None:
    half_past_two = OwnHour("2027-03-14T02:30", "America/Chicago", 60)

    assert own_hour.instant(half_past_two, ("America/New_York",)) == datetime(2027, 3, 14, 7, tzinfo=UTC)  # fmt: skip
    assert own_hour.instant(half_past_two, ("America/Phoenix",)) == datetime(2027, 3, 14, 9, 30, tzinfo=UTC)  # fmt: skip


def test_copies_wait_for_it_and_those_of_whom_nobody_knows_for_the_plans(conn: Connection) -> None:
    east, west = make_zone_set(conn, ["America/New_York"]), make_zone_set(conn, ["America/Denver"])
    zones, waits = Zones(), Waits(own_hour=NINE)

    assert zones.open_at(conn, waits, EAST - timedelta(seconds=1)) == []
    assert zones.open_at(conn, waits, EAST) == [east]
    assert zones.ready(conn, west, waits, EAST) == EAST + timedelta(hours=2)
    assert zones.ready(conn, None, waits, EAST) == EAST + timedelta(hours=1)


def test_zones_that_were_committed_after_others_with_higher_numbers_are_known(
    conn: Connection,
) -> None:
    """As PostgreSQL shows them of two imports at once: else nobody would ever write to their people."""
    high = make_zone_set(conn, ["America/New_York"])
    zones, waits = Zones(), Waits(own_hour=NINE)
    zones.open_at(conn, waits, EAST)
    conn.execute(insert(ZoneSet).values(id=high - 1_000, zones="America/Detroit"))

    assert set(zones.open_at(conn, waits, EAST) or ()) == {high - 1_000, high}


def test_it_is_due_when_the_hour_comes_to_the_first_also_to_one_who_joined_since(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, zones=["America/New_York"])
    email_id = schedule(conn, now, local_time=NINE.local, zone=NINE.zone, own_zone=True)
    assert calendar.upcoming(conn) == {email_id: EAST}

    make_contact(conn, zones=["Pacific/Guam"])

    assert calendar.upcoming(conn) == {email_id: GUAM}


def test_whoever_is_written_down_long_after_their_hour_gets_none_and_it_says_so(
    conn: Connection, now: datetime
) -> None:
    guam = make_contact(conn, zones=["Pacific/Guam"])
    east = make_contact(conn, zones=["America/New_York"])
    email_id = schedule(conn, now, local_time=NINE.local, zone=NINE.zone, own_zone=True)
    jobs = NoJobs()
    (fired,) = firing.fire(conn, jobs, email_id, house=HOUSE, now=GUAM + timedelta(minutes=10))
    assert fired.message_id is not None

    expand_chunk(conn, jobs, fired.message_id, now=GUAM + timedelta(hours=2))

    rows = conn.execute(select(Delivery.contact_id, Delivery.reason)).all()
    assert {row.contact_id: row.reason for row in rows} == {guam: own_hour.PAST, east: ""}
