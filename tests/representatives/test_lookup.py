"""A ZIP tells the district, or says why it cannot; nobody is told the wrong name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert

from representatives.districts import District
from representatives.loading import load
from representatives.lookup import house_officials, official, officials, place, places
from representatives.models import Zip, ZipDistrict
from representatives.timezones import (
    US_ZONES,
    candidate_zones,
    zone_set,
    zones_in_us,
    zones_of_phone,
    zones_of_zip,
)

EXAMPLES = Path(__file__).parents[2] / "representatives" / "examples"
NOW = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)
MADISON_PHONE = "+16085550101"


@pytest.fixture
def geography(conn: Connection, now: datetime) -> Connection:
    load(conn, EXAMPLES, now)
    return conn


def add_zip(conn: Connection, zip_code: str, kind: str, *districts: District) -> None:
    state = districts[0].state if districts else ""
    row = {
        "zip": zip_code,
        "state": state,
        "zone": "America/Chicago",
        "near_zones": "",
        "kind": kind,
    }
    conn.execute(insert(Zip).values(row))
    for rank, each in enumerate(districts):
        conn.execute(
            insert(ZipDistrict).values(
                zip=zip_code, congress=119, state=each.state, district=each.number, rank=rank
            )
        )


def test_a_zip_in_one_district_settles_it(geography: Connection) -> None:
    found = place(geography, "53703", now=NOW)

    assert (found.state, found.district, found.how) == ("WI", 2, "zip_single")
    assert found.zones == {"America/Chicago"}
    assert found.candidates == ()


def test_a_split_zip_offers_its_candidates_likeliest_first(geography: Connection) -> None:
    found = place(geography, "02139", now=NOW)

    assert (found.state, found.district, found.how) == ("MA", None, "split")
    assert found.candidates == (District("MA", 7), District("MA", 5))


def test_a_zip_across_a_state_line_leaves_the_state_open(geography: Connection) -> None:
    add_zip(geography, "66101", "z", District("KS", 2), District("WI", 3))

    found = place(geography, "66101", now=NOW)
    asked = officials(geography, found.state, found.district, "66101", now=NOW)

    assert (found.state, found.district, found.how) == ("", None, "split")
    assert {each.state for each in asked} == {"KS", "WI"}
    assert {each.role for each in asked} == {"senator"}


def test_more_than_four_candidates_are_no_question_to_ask(geography: Connection) -> None:
    add_zip(geography, "60690", "p", *(District("IL", number) for number in (3, 4, 5, 7, 9)))

    found = place(geography, "60690", now=NOW)

    assert (found.state, found.how, found.candidates) == ("IL", "many", ())


@pytest.mark.parametrize(
    ("zip_code", "state", "district", "how"),
    [
        ("53799", "WI", None, "unknown"),  # its neighbours tell the state
        ("99999", "", None, "unknown"),
        ("", "", None, "unknown"),
        ("09012", "", None, "military"),
        ("34002", "", None, "military"),
        ("96350", "", None, "military"),
        ("96960", "", None, "associated"),
        ("96898", "", None, "associated"),
        ("00601", "PR", 0, "zip_single"),
        ("00802", "VI", 0, "zip_single"),
        ("96910", "GU", 0, "zip_single"),
        ("96950", "MP", 0, "zip_single"),
        ("96799", "AS", 0, "zip_single"),
    ],
)
def test_zips_we_do_not_have_say_what_their_first_digits_tell(
    geography: Connection, zip_code: str, state: str, district: int | None, how: str
) -> None:
    found = place(geography, zip_code, now=NOW)

    assert (found.state, found.district, found.how) == (state, district, how)


def test_many_places_are_found_at_once_as_one_by_one(geography: Connection) -> None:
    people = [("02139", None), ("53703", MADISON_PHONE), ("", MADISON_PHONE), ("99999", None)]

    found = places(geography, people, now=NOW)

    assert found == {each: place(geography, *each, now=NOW) for each in people}


def test_a_house_member_comes_before_the_senators(geography: Connection) -> None:
    found = officials(geography, "WI", 2, now=NOW)

    assert [each.role for each in found] == ["representative", "senator", "senator"]
    assert found[0].seat_id == "us:house:WI:2"
    assert found[0].name.endswith("(invented)")
    assert found[0].phone is not None
    assert found[0].phone.startswith("+120255501")
    assert [office.city for office in found[0].offices] == ["Madison"]


def test_an_open_district_leaves_the_senators(geography: Connection) -> None:
    assert [each.role for each in officials(geography, "MA", None, now=NOW)] == [
        "senator",
        "senator",
    ]


def test_a_vacant_seat_is_shown_as_vacant(geography: Connection) -> None:
    seat, *senators = officials(geography, "TX", 35, now=NOW)

    assert (seat.vacant, seat.name, seat.phone, seat.vacant_since) == (True, "", None, None)
    assert len(senators) == 2


def test_a_delegate_comes_without_senators(geography: Connection) -> None:
    (delegate,) = officials(geography, "DC", 0, now=NOW)

    assert (delegate.role, delegate.voting, delegate.vacant) == ("delegate", False, False)


def test_nobody_stands_for_an_unknown_place(geography: Connection) -> None:
    assert officials(geography, "", None, now=NOW) == []
    assert officials(geography, "", None, "99999", now=NOW) == []


def test_the_candidates_of_a_split_zip_have_names(geography: Connection) -> None:
    found = house_officials(geography, [("MA", 7), ("MA", 5), ("TX", 35)], now=NOW)

    assert not found["MA", 7].vacant
    assert found["TX", 35].vacant
    assert house_officials(geography, [], now=NOW) == {}


def test_a_seat_is_found_by_its_id(geography: Connection) -> None:
    found = official(geography, "us:senate:WI:1", now=NOW)

    assert found is not None
    assert found.state == "WI"
    assert official(geography, "us:house:WI:99", now=NOW) is None


def test_a_zip_tells_the_zone_before_the_area_code(geography: Connection) -> None:
    assert candidate_zones(geography, "02139", MADISON_PHONE) == {"America/New_York"}
    assert candidate_zones(geography, "", MADISON_PHONE) == {"America/Chicago"}
    assert candidate_zones(geography, "99999", MADISON_PHONE) == {"America/Chicago"}


@pytest.mark.parametrize("phone", [None, "", "+18005550100", "+15005550006", "+18885550100"])
def test_who_may_be_anywhere_is_in_every_zone(geography: Connection, phone: str | None) -> None:
    assert candidate_zones(geography, "", phone) == US_ZONES


@pytest.mark.parametrize(
    ("phone", "zones"),
    [
        ("+19075550100", {"America/Adak", "America/Anchorage"}),
        ("+50322223333", {"America/El_Salvador"}),
        ("+525555550100", {"America/Mexico_City"}),
        ("+14165550100", {"America/Toronto"}),
        ("+13405550100", {"America/St_Thomas"}),
        ("+16845550100", {"Pacific/Pago_Pago"}),
        ("+16715550100", {"Pacific/Guam"}),
        ("+16705550100", {"Pacific/Saipan"}),
        ("+17875550100", {"America/Puerto_Rico"}),
    ],
)
def test_an_area_code_tells_its_zones(phone: str, zones: set[str]) -> None:
    assert zones_of_phone(phone) == zones


def test_zones_across_the_national_border_are_left_aside() -> None:
    near = "America/Denver America/Tijuana America/Moncton"

    assert zones_of_zip("America/Phoenix", near) == {"America/Phoenix", "America/Denver"}


def test_the_unknown_zones_hold_every_offset_of_the_states_and_leave_an_hour_open() -> None:
    for month in (1, 7):
        noon = datetime(2026, month, 15, 21, 30, tzinfo=UTC)
        known = {noon.astimezone(ZoneInfo(zone)).utcoffset() for zone in US_ZONES}
        used = {noon.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones_in_us()}
        hours = {noon.astimezone(ZoneInfo(zone)).hour for zone in US_ZONES}
        assert used <= known
        assert min(hours) >= 10
        assert max(hours) < 20


def test_the_same_zones_are_one_set_in_any_order(conn: Connection) -> None:
    first = zone_set(conn, ["America/Denver", "America/Chicago"])

    assert zone_set(conn, ("America/Chicago", "America/Denver")) == first
    assert zone_set(conn, ["America/Chicago"]) != first
