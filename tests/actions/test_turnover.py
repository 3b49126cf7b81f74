"""Whom supporters call around noon on 3 January 2027: what they told us lapses where lines moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from actions.models import TargetRule
from actions.targets import SWITCHBOARD, Note, Targets, of_congress
from actions.whereabouts import NotACandidate, pick_district, place_by_address, place_of_contact
from contacts.models import Contact
from contacts.places import settle_some
from tests.builders import load_invented_officials, make_contact

TURN = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)
BEFORE, AFTER = TURN - timedelta(minutes=1), TURN + timedelta(minutes=1)
HOWS = ["zip_single", "picked", "address", "organizer"]


@pytest.fixture
def old(conn: Connection) -> Connection:
    load_invented_officials(conn)
    return conn


def targets_of(conn: Connection, contact_id: int, now: datetime) -> Targets:
    where = place_of_contact(conn, contact_id, now=now)
    return of_congress(conn, TargetRule.CONGRESS, where, now=now)


@pytest.mark.parametrize("how", HOWS)
def test_districts_lapse_in_redrawn_states_however_they_are_known(
    old: Connection, how: str
) -> None:
    amina = make_contact(old, zip="78704", state="TX", district=37, district_how=how)

    before = targets_of(old, amina, BEFORE)
    after = targets_of(old, amina, TURN)

    assert before.settled[0].key == "us:house:TX:37"
    assert after.note is Note.LAPSED
    assert [each.key for each in after.settled] == [
        SWITCHBOARD,
        "us:senate:TX:1",
        "us:senate:TX:2",
    ]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    ("zip_code", "state", "district"), [("02139", "MA", 7), ("53703", "WI", 2), ("20009", "DC", 0)]
)
def test_districts_elsewhere_stay(
    old: Connection, how: str, zip_code: str, state: str, district: int
) -> None:
    ben = make_contact(old, zip=zip_code, state=state, district=district, district_how=how)

    where = place_of_contact(old, ben, now=AFTER)

    assert (where.state, where.district, where.how) == (state, district, how)


def test_newly_elected_member_is_called_by_way_of_the_switchboard(old: Connection) -> None:
    ben = make_contact(old, zip="53703", state="WI", district=2)

    house, *_ = targets_of(old, ben, AFTER).settled

    assert (house.name, house.unnamed, house.phone) == ("", True, "+12022243121")
    assert house.in_washington is False


def test_answer_given_after_the_turn_holds(old: Connection) -> None:
    amina = make_contact(old, zip="78704", state="TX", district=None, district_how="lapsed")

    place_by_address(old, amina, "TX", 35, now=AFTER)

    where = place_of_contact(old, amina, now=AFTER)
    assert (where.state, where.district, where.how) == ("TX", 35, "address")
    assert old.scalar(select(Contact.district_congress).where(Contact.id == amina)) == 120


def test_nothing_can_be_picked_from_lapsed_lines(old: Connection) -> None:
    amina = make_contact(old, zip="78704", state="TX", district=None, district_how="lapsed")

    with pytest.raises(NotACandidate):
        pick_district(old, amina, "TX", 37, now=AFTER)


def test_address_in_another_state_than_the_zip_is_not_kept(old: Connection) -> None:
    amina = make_contact(old, zip="02139", state="MA", district=None, district_how="split")

    with pytest.raises(NotACandidate):
        place_by_address(old, amina, "WI", 2, now=BEFORE)
    with pytest.raises(NotACandidate):
        place_by_address(old, amina, "MA", 99, now=BEFORE)


def test_address_outside_the_candidates_of_a_zip_is_believed(old: Connection) -> None:
    amina = make_contact(old, zip="02141", state="MA", district=7)

    place_by_address(old, amina, "MA", 5, now=BEFORE)

    assert place_of_contact(old, amina, now=BEFORE).district == 5


def test_organizers_word_stands_against_an_address_while_its_lines_hold(old: Connection) -> None:
    amina = make_contact(old, zip="78704", state="TX", district=37, district_how="organizer")

    place_by_address(old, amina, "TX", 35, now=BEFORE)
    assert place_of_contact(old, amina, now=BEFORE).district == 37

    place_by_address(old, amina, "TX", 35, now=AFTER)
    assert place_of_contact(old, amina, now=AFTER).district == 35


def test_settling_after_the_turn_opens_what_lapsed_and_keeps_the_rest(old: Connection) -> None:
    amina = make_contact(old, zip="78704", state="TX", district=37, district_how="picked")
    ben = make_contact(old, zip="02139", state="MA", district=5, district_how="picked")

    settle_some(old, 0, AFTER)

    columns = select(Contact.state, Contact.district, Contact.district_how)
    rows = [tuple(old.execute(columns.where(Contact.id == each)).one()) for each in (amina, ben)]
    assert rows == [("TX", None, "lapsed"), ("MA", 5, "picked")]
