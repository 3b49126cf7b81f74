from __future__ import annotations

import pytest

from actions.addressing import STATES, official, official_named, official_short, state_name
from actions.targets import Role, Target


def make_target(role: Role, name: str = "Alma Rivera") -> Target:
    return Target(key="seat", role=role, name=name, family_name=name.rpartition(" ")[2])


@pytest.mark.parametrize(
    ("role", "language", "full", "short"),
    [
        (Role.REPRESENTATIVE, "en", "Representative Rivera", "Rep. Rivera"),
        (Role.SENATOR, "en", "Senator Rivera", "Sen. Rivera"),
        (Role.DELEGATE, "en", "Delegate Rivera", "Del. Rivera"),
        (Role.REPRESENTATIVE, "es", "Congresista Rivera", "Congresista Rivera"),
    ],
)
def test_member_is_addressed_by_title_and_family_name(
    role: Role, language: str, full: str, short: str
) -> None:
    target = make_target(role)

    assert official(target, language) == full
    assert official_short(target, language) == short


def test_whole_name_is_for_reading() -> None:
    assert official_named(make_target(Role.SENATOR), "en") == "Sen. Alma Rivera"


def test_nameless_switchboard_leads_to_my_representative() -> None:
    switchboard = make_target(Role.SWITCHBOARD, name="")

    assert official(switchboard, "en") == "my representative"
    assert official(switchboard, "es") == "mi representante"
    assert official_named(switchboard, "en") == ""


def test_senator_whose_name_is_not_known_is_my_senator() -> None:
    newly_elected = make_target(Role.SENATOR, name="")

    assert official(newly_elected, "en") == "my senator"
    assert official(newly_elected, "es") == "mi senador o senadora"


def test_office_outside_congress_has_its_own_name() -> None:
    assert official(make_target(Role.CUSTOM, "The Embassy"), "es") == "The Embassy"


def test_states_are_named_in_both_languages() -> None:
    assert len(STATES) == 56
    assert state_name("NY", "en") == "New York"
    assert state_name("NY", "es") == "Nueva York"
    assert state_name("WI", "es") == "Wisconsin"
    assert state_name("", "en") == ""
