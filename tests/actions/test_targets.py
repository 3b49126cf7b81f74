from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from actions.asks import OneAsk, read_action, simple_asks
from actions.models import AskMode, TargetRule
from actions.targets import SWITCHBOARD, Note, Role, Targets, targets_for
from actions.whereabouts import NotACandidate, pick_district, place_of_choice, place_of_contact
from contacts.models import Contact
from representatives.lookup import newest_dataset, place
from representatives.models import Member
from tests.builders import (
    SCRIPTS,
    load_invented_officials,
    make_action,
    make_contact,
    make_office,
)

NOW = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)
MADISON, SPLIT_CAMBRIDGE, VACANT_AUSTIN, WASHINGTON_DC = "53703", "02139", "78741", "20009"
WISCONSIN = ["us:senate:WI:1", "us:senate:WI:3"]
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def targets_at(
    conn: Connection,
    zip_code: str,
    rule: TargetRule = TargetRule.CONGRESS,
    *,
    unsure: bool = False,
    **action: Any,
) -> Targets:
    load_invented_officials(conn)
    action_id = make_action(conn, rule, **action)
    return targets_for(
        conn, read_action(conn, action_id), place(conn, zip_code, now=NOW), unsure=unsure, now=NOW
    )


def keys(targets: Targets) -> list[str]:
    return [target.key for target in targets.settled]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (TargetRule.REPRESENTATIVE, ["us:house:WI:2"]),
        (TargetRule.SENATORS, ["us:senate:WI:1", "us:senate:WI:3"]),
        (TargetRule.CONGRESS, ["us:house:WI:2", "us:senate:WI:1", "us:senate:WI:3"]),
    ],
)
def test_rule_decides_whom_a_settled_person_calls(
    conn: Connection, rule: TargetRule, expected: list[str]
) -> None:
    targets = targets_at(conn, MADISON, rule)

    assert keys(targets) == expected
    assert targets.choices == ()
    assert targets.note is Note.NONE


def test_target_carries_name_and_washington_line(conn: Connection) -> None:
    target = targets_at(conn, MADISON).settled[0]

    assert (target.role, target.family_name) == (Role.REPRESENTATIVE, "Encina")
    assert (target.phone, target.in_washington) == ("+12025550130", True)


def test_member_without_a_washington_line_is_reached_through_the_switchboard(
    conn: Connection,
) -> None:
    load_invented_officials(conn)
    conn.execute(update(Member).where(Member.family_name == "Guava").values(phone=None))

    targets = targets_for(
        conn,
        read_action(conn, make_action(conn, TargetRule.SENATORS)),
        place(conn, MADISON, now=NOW),
        now=NOW,
    )

    first = targets.settled[0]
    assert (first.family_name, first.in_washington) == ("Guava", False)
    assert first.phone


def test_split_zip_names_nobody_but_asks(conn: Connection) -> None:
    targets = targets_at(conn, SPLIT_CAMBRIDGE)

    assert targets.settled == ()
    assert [choice.code for choice in targets.choices] == ["MA-7", "MA-5"]
    assert targets.choices[0].name.startswith("Nora Nogal")
    assert targets.note is Note.SPLIT


def test_split_zip_is_no_question_for_senators(conn: Connection) -> None:
    targets = targets_at(conn, SPLIT_CAMBRIDGE, TargetRule.SENATORS)

    assert keys(targets) == ["us:senate:MA:1", "us:senate:MA:2"]
    assert targets.choices == ()


def test_whoever_is_not_sure_gets_the_switchboard_and_both_senators(conn: Connection) -> None:
    targets = targets_at(conn, SPLIT_CAMBRIDGE, TargetRule.REPRESENTATIVE, unsure=True)

    assert keys(targets) == [SWITCHBOARD, "us:senate:MA:1", "us:senate:MA:2"]
    assert targets.settled[0].phone == "+12022243121"
    assert targets.note is Note.UNSURE


def test_vacant_seat_is_shown_and_the_senators_called(conn: Connection) -> None:
    targets = targets_at(conn, VACANT_AUSTIN, TargetRule.REPRESENTATIVE)

    assert targets.note is Note.VACANT
    assert targets.settled[0].vacant
    assert [target.key for target in targets.with_phone] == ["us:senate:TX:1", "us:senate:TX:2"]


def test_where_there_are_no_senators_the_delegate_is_called(conn: Connection) -> None:
    targets = targets_at(conn, WASHINGTON_DC, TargetRule.SENATORS)

    assert [target.role for target in targets.settled] == [Role.DELEGATE]
    assert targets.note is Note.NO_SENATORS


def test_without_a_zip_the_page_must_ask(conn: Connection) -> None:
    targets = targets_at(conn, "")

    assert (targets.settled, targets.choices, targets.note) == ((), (), Note.UNKNOWN)


def test_unknown_zip_still_has_the_senators_of_its_prefix(conn: Connection) -> None:
    targets = targets_at(conn, "53799")

    assert keys(targets) == [SWITCHBOARD, "us:senate:WI:1", "us:senate:WI:3"]
    assert targets.note is Note.UNKNOWN


@pytest.mark.parametrize(("zip_code", "note"), [("09012", "military"), ("96960", "associated")])
def test_reason_for_naming_nobody_is_kept(conn: Connection, zip_code: str, note: str) -> None:
    targets = targets_at(conn, zip_code)

    assert (targets.settled, targets.note) == ((), note)


def test_named_office_comes_after_congress_and_tells_its_number_only_when_verified(
    conn: Connection,
) -> None:
    make_office(conn, "embassy")
    make_office(conn, "old-number", verified=False)

    targets = targets_at(
        conn, MADISON, TargetRule.REPRESENTATIVE, offices=["embassy", "old-number"]
    )

    assert keys(targets) == ["us:house:WI:2", "custom:embassy", "custom:old-number"]
    assert [each.key for each in targets.with_phone] == ["us:house:WI:2", "custom:embassy"]
    assert (targets.settled[2].lapsed, targets.settled[2].lines) == (True, ())


def test_named_offices_alone_need_no_zip(conn: Connection) -> None:
    make_office(conn, "embassy")

    targets = targets_at(conn, "", TargetRule.CUSTOM, offices=["embassy"])

    assert keys(targets) == ["custom:embassy"]
    assert targets.note is Note.NONE


@pytest.mark.parametrize(("zip_code", "others"), [("", []), (MADISON, WISCONSIN)])
def test_an_office_whose_number_has_lapsed_leaves_the_switchboard(
    conn: Connection, zip_code: str, others: list[str]
) -> None:
    make_office(conn, "embassy", verified_on=date(2026, 1, 1))

    targets = targets_at(conn, zip_code, TargetRule.CUSTOM, offices=["embassy"])

    assert targets.settled[0].lapsed
    assert [each.key for each in targets.with_phone] == [SWITCHBOARD, *others]


def committee(*codes: str, mode: AskMode = AskMode.ONLY_IF, **values: Any) -> OneAsk:
    return OneAsk(rule=TargetRule.COMMITTEE, committees=codes, mode=mode, **values)


def seat_on(conn: Connection, family_name: str, *codes: str) -> None:
    sits = update(Member).where(Member.family_name == family_name)
    conn.execute(sits.values(committees=" ".join(codes)))


def asked(conn: Connection, zip_code: str, *asks: OneAsk, unsure: bool = False) -> Targets:
    action_id = make_action(conn, asks=asks)
    return targets_for(
        conn, read_action(conn, action_id), place(conn, zip_code, now=NOW), now=NOW, unsure=unsure
    )


def test_only_those_of_their_members_who_sit_on_the_committee_are_called(conn: Connection) -> None:
    load_invented_officials(conn)
    conn.execute(update(Member).values(committees=""))
    seat_on(conn, "Guava", "SSFR", "SSFR06")

    found = asked(conn, MADISON, committee("HSFA"), committee("SSFR06", scripts=SCRIPTS))

    assert keys(found) == ["us:senate:WI:1"]
    assert found.settled[0].scripts == SCRIPTS


def test_the_first_of_several_asks_that_leads_to_somebody_is_shown(conn: Connection) -> None:
    load_invented_officials(conn)
    conn.execute(update(Member).values(committees=""))
    make_office(conn, "embassy")
    chain = [
        committee("HSFA", mode=AskMode.FIRST),
        OneAsk(rule=TargetRule.CUSTOM, office="embassy", mode=AskMode.FIRST),
        OneAsk(rule=TargetRule.SENATORS, mode=AskMode.FIRST),
    ]
    always = OneAsk(rule=TargetRule.REPRESENTATIVE)

    assert keys(asked(conn, MADISON, *chain, always)) == ["custom:embassy", "us:house:WI:2"]

    seat_on(conn, "Encina", "HSFA", "HSFA07")
    assert keys(asked(conn, MADISON, *chain)) == ["us:house:WI:2"]


def test_a_chain_goes_on_after_an_office_whose_number_has_lapsed(conn: Connection) -> None:
    load_invented_officials(conn)
    make_office(conn, "embassy", verified=False)
    chain = [
        OneAsk(rule=TargetRule.CUSTOM, office="embassy", mode=AskMode.FIRST),
        OneAsk(rule=TargetRule.REPRESENTATIVE, mode=AskMode.FIRST),
    ]

    found = asked(conn, MADISON, *chain)

    assert keys(found) == ["custom:embassy", "us:house:WI:2"]
    assert [each.key for each in found.with_phone] == ["us:house:WI:2"]


def test_a_committee_of_the_house_asks_for_the_district_first(conn: Connection) -> None:
    load_invented_officials(conn)

    found = asked(conn, SPLIT_CAMBRIDGE, committee("HSFA"))
    senate = asked(conn, SPLIT_CAMBRIDGE, committee("SSFR"))
    nowhere = asked(conn, "", committee("HSFA"))

    assert [each.code for each in found.choices] == ["MA-7", "MA-5"]
    assert not senate.choices
    assert nowhere.needs_place


def test_whoever_has_nobody_on_the_committee_still_gets_a_number(conn: Connection) -> None:
    load_invented_officials(conn)
    conn.execute(update(Member).values(committees=""))

    found = asked(conn, MADISON, committee("HSFA"))
    unsure = asked(conn, SPLIT_CAMBRIDGE, committee("HSFA"), unsure=True)

    assert [each.key for each in found.with_phone] == [SWITCHBOARD, *WISCONSIN]
    assert unsure.with_phone[0].key == SWITCHBOARD


def test_an_ask_that_is_over_is_no_longer_shown(conn: Connection) -> None:
    load_invented_officials(conn)
    over = OneAsk(rule=TargetRule.REPRESENTATIVE, expires_at=NOW)
    still = OneAsk(rule=TargetRule.SENATORS, expires_at=NOW + timedelta(hours=1))

    assert keys(asked(conn, MADISON, over, still)) == WISCONSIN


def test_an_office_asked_for_twice_is_called_once_with_the_first_script(conn: Connection) -> None:
    load_invented_officials(conn)
    first = OneAsk(rule=TargetRule.REPRESENTATIVE, scripts=SCRIPTS)

    found = asked(conn, MADISON, first, OneAsk(rule=TargetRule.CONGRESS))

    assert keys(found) == ["us:house:WI:2", *WISCONSIN]
    assert [bool(each.scripts) for each in found.settled] == [True, False, False]


ALL_ZIPS = ("", MADISON, SPLIT_CAMBRIDGE, VACANT_AUSTIN, WASHINGTON_DC, "53799", "00000", "09012")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_nobody_is_ever_left_without_a_number_or_a_question(
    conn: Connection, data: st.DataObject
) -> None:
    if not newest_dataset(conn):  # every example finds what the first one loaded
        load_invented_officials(conn)
    make_office(conn, "lapsed", verified_on=date(2026, 1, 1))
    make_office(conn, "embassy")
    one = st.builds(
        OneAsk,
        rule=st.sampled_from([*TargetRule][:3]),
        mode=st.sampled_from(AskMode),
        expires_at=st.sampled_from([None, NOW, NOW + timedelta(1)]),
    )
    sitting = st.builds(
        committee,
        st.sampled_from(["HSFA", "SSFR06", "HSAP04"]),
        mode=st.sampled_from([AskMode.ONLY_IF, AskMode.FIRST]),
    )
    office = st.sampled_from(simple_asks(TargetRule.CUSTOM, ["lapsed", "embassy"]))
    asks = data.draw(st.lists(one | sitting | office, min_size=1, max_size=4))
    zip_code = data.draw(st.sampled_from(ALL_ZIPS))

    found = asked(conn, zip_code, *asks)
    unsure = asked(conn, zip_code, *asks, unsure=True)

    assert found.leads_on
    assert unsure.with_phone


def test_picked_district_is_remembered(conn: Connection) -> None:
    load_invented_officials(conn)
    amina = make_contact(conn, zip="02139", state="MA", district=None, district_how="split")

    pick_district(conn, amina, "MA", 5, now=NOW)

    where = place_of_contact(conn, amina, now=NOW)
    assert (where.state, where.district, where.how) == ("MA", 5, "picked")


def test_district_elsewhere_cannot_be_picked(conn: Connection) -> None:
    load_invented_officials(conn)
    amina = make_contact(conn, zip="02139", state="MA", district=None, district_how="split")

    with pytest.raises(NotACandidate, match="choose one of those shown"):
        pick_district(conn, amina, "WI", 2, now=NOW)
    with pytest.raises(NotACandidate):
        place_of_choice(conn, "02139", "WI", 2, now=NOW)


def test_organizers_correction_wins_over_a_pick(conn: Connection) -> None:
    load_invented_officials(conn)
    amina = make_contact(conn, zip="02139", state="MA", district=7, district_how="organizer")

    pick_district(conn, amina, "MA", 5, now=NOW)

    assert conn.scalar(select(Contact.district).where(Contact.id == amina)) == 7


def test_state_on_the_contact_counts_where_there_is_no_zip(conn: Connection) -> None:
    load_invented_officials(conn)
    ben = make_contact(conn, "Ben", zip="", state="ME", district=None, district_how="unknown")

    targets = targets_for(
        conn, read_action(conn, make_action(conn)), place_of_contact(conn, ben, now=NOW), now=NOW
    )

    assert keys(targets) == [SWITCHBOARD, "us:senate:ME:1", "us:senate:ME:2"]
