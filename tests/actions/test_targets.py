from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from actions.asks import NamedOffice, save_office
from actions.models import TargetRule
from actions.targets import (
    SWITCHBOARD,
    NotACandidate,
    Note,
    Role,
    Targets,
    pick_district,
    place_of_choice,
    place_of_contact,
    targets_for,
)
from contacts.models import Contact
from representatives.lookup import place
from representatives.models import Member
from tests.builders import load_invented_officials, make_action, make_contact

MADISON, SPLIT_CAMBRIDGE, VACANT_AUSTIN, WASHINGTON_DC = "53703", "02139", "78741", "20009"


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
    return targets_for(conn, action_id, place(conn, zip_code), unsure=unsure)


def keys(targets: Targets) -> list[str]:
    return [target.key for target in targets.settled]


def make_office(key: str, *, verified: bool = True) -> NamedOffice:
    return NamedOffice(
        key=key,
        name="The Embassy",
        phone="+12025550199",
        verified_on=date(2026, 11, 1) if verified else None,
    )


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

    targets = targets_for(conn, make_action(conn, TargetRule.SENATORS), place(conn, MADISON))

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


def test_named_office_comes_after_congress_and_only_when_verified(conn: Connection) -> None:
    save_office(conn, make_office("embassy"))
    save_office(conn, make_office("old-number", verified=False))

    targets = targets_at(
        conn, MADISON, TargetRule.REPRESENTATIVE, custom_targets=["embassy", "old-number"]
    )

    assert keys(targets) == ["us:house:WI:2", "custom:embassy"]


def test_named_offices_alone_need_no_zip(conn: Connection) -> None:
    save_office(conn, make_office("embassy"))

    targets = targets_at(conn, "", TargetRule.CUSTOM, custom_targets=["embassy"])

    assert keys(targets) == ["custom:embassy"]
    assert targets.note is Note.NONE


def test_picked_district_is_remembered(conn: Connection) -> None:
    load_invented_officials(conn)
    amina = make_contact(conn, zip="02139", state="MA", district=None, district_how="split")

    pick_district(conn, amina, "MA", 5)

    where = place_of_contact(conn, amina)
    assert (where.state, where.district, where.how) == ("MA", 5, "picked")


def test_district_elsewhere_cannot_be_picked(conn: Connection) -> None:
    load_invented_officials(conn)
    amina = make_contact(conn, zip="02139", state="MA", district=None, district_how="split")

    with pytest.raises(NotACandidate, match="choose one of those shown"):
        pick_district(conn, amina, "WI", 2)
    with pytest.raises(NotACandidate):
        place_of_choice(conn, "02139", "WI", 2)


def test_organizers_correction_wins_over_a_pick(conn: Connection) -> None:
    load_invented_officials(conn)
    amina = make_contact(conn, zip="02139", state="MA", district=7, district_how="organizer")

    pick_district(conn, amina, "MA", 5)

    assert conn.scalar(select(Contact.district).where(Contact.id == amina)) == 7


def test_state_on_the_contact_counts_where_there_is_no_zip(conn: Connection) -> None:
    load_invented_officials(conn)
    ben = make_contact(conn, "Ben", zip="", state="ME", district=None, district_how="unknown")

    targets = targets_for(conn, make_action(conn), place_of_contact(conn, ben))

    assert keys(targets) == [SWITCHBOARD, "us:senate:ME:1", "us:senate:ME:2"]
