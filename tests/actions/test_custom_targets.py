"""Offices outside Congress: kept, verified, trusted for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from actions.custom_targets import (
    VALID,
    BadTarget,
    Line,
    NamedOffice,
    NoSuchTarget,
    Standing,
    find_office,
    offices,
    save_office,
    verify,
)
from actions.models import CustomTarget, TargetKind
from organizers.roles import NETWORKS
from tests.builders import make_office, make_project

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)  # still the 23rd in Washington
WHOLE = NamedOffice(
    key="sv-embassy",
    name="The Embassy",
    kind=TargetKind.SV_EMBASSY,
    title="Ambassador",
    salutation="Excellency:",
    institution="Ministry",
    phones=(Line("+12025550199", "switchboard"), Line("+12025550198", "night line")),
    email="desk@example.org",
    fax="+12025550197",
    address="1 First St\nWashington",
    languages=("es", "en"),
    hours="mon-fri 09:00-17:00",
    closed_on=(date(2026, 9, 15), date(2026, 12, 24)),
    note="Ask for the duty officer.",
    source="https://example.org",
    verified_on=date(2026, 11, 1),
    verified_by="Amina",
    expires_on=date(2027, 1, 31),
)


def test_office_is_read_as_it_was_written(conn: Connection) -> None:
    assert find_office(conn, save_office(conn, WHOLE)).office == WHOLE


def test_office_is_corrected_under_its_key(conn: Connection) -> None:
    first = save_office(conn, WHOLE)

    again = save_office(conn, replace(WHOLE, name="Embassy of El Salvador"))

    assert first == again
    assert conn.scalar(select(func.count()).select_from(CustomTarget)) == 1


def test_office_without_a_key_gets_one_of_its_own(conn: Connection) -> None:
    named = NamedOffice(name="Fiscalía General")

    keys = [find_office(conn, save_office(conn, named)).office.key for _ in range(3)]

    assert keys == ["fiscalia-general", "fiscalia-general-2", "fiscalia-general-3"]


def test_numbers_are_kept_in_one_spelling(conn: Connection) -> None:
    typed = NamedOffice(name="Desk", phones=[Line("(202) 555-0147")], hours="lun-vie 9:00-17:00")

    kept = find_office(conn, save_office(conn, typed)).office

    assert kept.phones == (Line("+12025550147"),)
    assert kept.hours == "mon-fri 09:00-17:00"


def test_a_number_that_pays_for_its_callers_is_kept(conn: Connection) -> None:
    typed = replace(WHOLE, phones=[Line("(800) 555-0199")])

    assert find_office(conn, save_office(conn, typed)).office.phones == (Line("+18005550199"),)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": " "}, "the office has no name"),
        ({"key": "SV Embassy"}, "must be small letters"),
        ({"phones": [Line("12")]}, "“12” is not a number that any country hands out"),
        ({"fax": "none"}, "not a phone number"),
        ({"phones": [Line("+1 900 234 5678")]}, "“\\+1 900 234 5678” charges whoever calls it"),
        ({"phones": [Line("+44 909 879 0000")]}, "charges whoever calls it"),
        ({"fax": "900-234-5678"}, "charges whoever calls it"),
        ({"email": "nobody"}, "email"),
        ({"time_zone": "America/Metropolis"}, "America/Metropolis.* is not known; write one such"),
        ({"languages": ["Spanish"]}, "Spanish is not a language"),
        ({"hours": "9 to 5"}, "cannot be read; write mon-fri"),
        ({"expires_on": date(2026, 10, 31)}, "cannot be trusted until 2026-10-31"),
        ({"expires_on": date(2029, 1, 1)}, "choose a day within a year"),
    ],
)
def test_an_office_that_cannot_be_kept_is_refused_with_a_sentence(
    conn: Connection, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadTarget, match=sentence):
        save_office(conn, replace(WHOLE, **changed))


@pytest.mark.parametrize(
    ("expires", "standing"),
    [
        (date(2026, 11, 22), Standing.EXPIRED),
        (TODAY, Standing.SOON),
        (TODAY + timedelta(21), Standing.VERIFIED),
    ],
)
def test_a_number_is_trusted_until_its_last_day(expires: date, standing: Standing) -> None:
    assert replace(WHOLE, expires_on=expires).standing(TODAY) is standing


def test_a_check_that_is_yet_to_come_is_none() -> None:
    tomorrow = replace(WHOLE, verified_on=TODAY + timedelta(1))

    assert tomorrow.standing(TODAY) is Standing.NEVER


@pytest.mark.parametrize(
    "missing", [{"verified_on": None}, {"phones": (), "email": "", "fax": "", "address": ""}]
)
def test_what_nobody_checked_or_can_reach_is_never_trusted(missing: dict[str, Any]) -> None:
    assert replace(WHOLE, **missing).standing(TODAY) is Standing.NEVER


def test_office_that_is_only_written_to_is_trusted_like_any_other(conn: Connection) -> None:
    written_to = replace(WHOLE, phones=())
    target_id = save_office(conn, written_to)

    save_office(conn, replace(written_to, email="other@example.org", verified_on=None))

    assert written_to.standing(TODAY) is Standing.VERIFIED
    assert find_office(conn, target_id).office.standing(TODAY) is Standing.NEVER


def test_whoever_checked_a_number_is_noted_and_it_is_trusted_for_half_a_year(
    conn: Connection,
) -> None:
    target_id = make_office(conn, verified=False)

    verify(conn, target_id, by="Ben", now=NOW)

    office = find_office(conn, target_id).office
    assert (office.verified_on, office.verified_by) == (TODAY, "Ben")
    assert office.expires_on == TODAY + VALID


def test_an_office_without_a_number_cannot_be_checked(conn: Connection) -> None:
    with pytest.raises(BadTarget, match="add one first"):
        verify(conn, save_office(conn, NamedOffice(name="Desk")), by="Ben", now=NOW)
    with pytest.raises(NoSuchTarget):
        verify(conn, 999, by="Ben", now=NOW)


@pytest.mark.parametrize(
    "lines",
    [
        [Line("+12025550111")],
        [Line("+12025550198"), Line("+12025550199")],
        [*WHOLE.phones, Line("+12025550111")],
        [],
    ],
)
def test_another_number_voids_the_verification(conn: Connection, lines: list[Line]) -> None:
    target_id = save_office(conn, WHOLE)

    save_office(conn, replace(WHOLE, phones=lines, verified_on=None), target_id=target_id)

    office = find_office(conn, target_id).office
    assert (office.verified_on, office.verified_by, office.expires_on) == (None, "", None)


def test_other_changes_leave_the_verification(conn: Connection) -> None:
    target_id = save_office(conn, WHOLE)
    relabelled = [replace(each, label="line") for each in WHOLE.phones]
    changed = replace(WHOLE, phones=relabelled, verified_on=None, verified_by="", expires_on=None)

    save_office(conn, changed, target_id=target_id)

    office = find_office(conn, target_id).office
    assert (office.verified_on, office.expires_on) == (WHOLE.verified_on, WHOLE.expires_on)
    assert office.phones[0].label == "line"


def test_a_project_sees_its_own_offices_and_the_networks(conn: Connection) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    make_office(conn, "networks")
    make_office(conn, "madisons", project_id=madison)
    make_office(conn, "bangors", project_id=bangor)

    def seen(*within: int) -> set[str]:
        return {each.office.key for each in offices(conn, within)}

    assert seen(madison) == {"networks", "madisons"}
    assert seen(bangor) == {"networks", "bangors"}
    assert seen(NETWORKS) == {"networks", "madisons", "bangors"}


def test_a_key_of_another_project_is_not_taken_over(conn: Connection) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    make_office(conn, "desk", project_id=bangor)

    with pytest.raises(BadTarget, match="belongs to another project"):
        make_office(conn, "desk", project_id=madison)
