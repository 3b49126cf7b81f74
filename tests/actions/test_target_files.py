"""Offices from a CSV file: all of it, or nothing and why."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, func, select

from actions.custom_targets import Line, NamedOffice, Standing, offices
from actions.models import CustomTarget, TargetKind
from actions.target_files import BadTargetFile, import_offices, read_target_file
from contacts.reading import BadFile
from tests.builders import make_office, make_project

TODAY = date(2026, 11, 23)
HEADINGS = (
    "key,kind,name,title,institution,phone,email,fax,address,languages,time_zone,office_hours,"
    "source,source_date,verified_on,verified_by,expires_on,status,note"
)
DESK = (
    'desk,us_state,El Salvador desk,Desk officer,State,(202) 555-0147 [desk]; +12025550148,,,"1 C'
    ' St, Washington",es;en,America/New_York,mon-fri 09:00-17:00,call,2026-11,2026-11-01,Amina,'
    "2027-02-01,usable,Ask for the officer"
)
BARE = "fgr,sv_official,Fiscalía,,FGR,,,,,es,America/El_Salvador,24h line,,2007,,,,stale,"


def read(*rows: str, headings: str = HEADINGS) -> list[tuple[int, NamedOffice]]:
    return read_target_file("\n".join([headings, *rows]).encode())


def problems_of(*rows: str, headings: str = HEADINGS) -> list[str]:
    with pytest.raises(BadTargetFile) as found:
        read(*rows, headings=headings)
    return list(found.value.problems)


def test_offices_of_a_file_are_stored_as_it_says(conn: Connection) -> None:
    brought = import_offices(conn, read(DESK, BARE), today=TODAY)

    desk, fgr = (each.office for each in offices(conn))
    assert (brought.added, brought.changed, brought.unverified) == (2, 0, 1)
    assert desk.phones == (Line("+12025550147", "desk"), Line("+12025550148"))
    assert (desk.kind, desk.languages) == (TargetKind.STATE, ("es", "en"))
    assert (desk.verified_by, desk.expires_on) == ("Amina", date(2027, 2, 1))
    assert desk.source == "call (2026-11)"
    assert (fgr.standing(TODAY), fgr.hours, fgr.phones) == (Standing.NEVER, "24h", ())


def test_a_file_read_again_changes_what_is_there(conn: Connection) -> None:
    import_offices(conn, read(DESK), today=TODAY)

    brought = import_offices(conn, read(DESK.replace("0147", "0149")), today=TODAY)

    assert (brought.added, brought.changed) == (0, 1)
    assert conn.scalar(select(func.count()).select_from(CustomTarget)) == 1


def test_columns_that_are_not_known_are_told_in_one_sentence() -> None:
    (problem,) = problems_of("a,b,c,d", headings="key,name,gender,wikidata")
    assert problem.startswith("row 1, column gender, wikidata: nothing is called that; known are")


def test_a_file_of_legislators_is_known_for_one() -> None:
    (problem,) = problems_of("a,b,c", headings="id,name,capitol_voice")
    assert problem.endswith("bring it in with --state MD")


def test_a_file_does_not_call_a_number_checked_that_nobody_checked() -> None:
    (row,) = read(DESK.replace("2026-11-01,Amina,2027-02-01", ",,2027-02-01"))

    assert (row[1].verified_on, row[1].expires_on) == (None, None)


def test_a_number_that_was_checked_in_the_console_stays_so(conn: Connection) -> None:
    make_office(conn, "desk", phone="+12025550147", verified_on=date(2026, 11, 20))
    plain = read("desk,Desk,202-555-0147", headings="key,name,phone")

    brought = import_offices(conn, plain, today=TODAY)

    assert (brought.changed, brought.unverified) == (1, 0)


def test_a_check_that_is_yet_to_come_is_refused(conn: Connection) -> None:
    rows = read(DESK.replace("2026-11-01", "2026-11-24"))

    with pytest.raises(BadTargetFile, match="row 2, verified_on: lies in the future"):
        import_offices(conn, rows, today=TODAY)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("desk,us_state", ",us_state", "row 2, key: empty"),
        ("desk,us_state", "The Desk,us_state", "row 2, key: the key The Desk must be small letters"),
        ("us_state", "mayor", "row 2, kind: mayor is not known; write one of us_congress"),
        ("El Salvador desk", " ", "row 2, name: empty"),
        ("(202) 555-0147", "12", "row 2, phone: “12” is not a number"),
        ("[desk]", "[desk", "row 2, phone: write numbers as"),
        ("es;en", "Spanish", "row 2, languages: Spanish is not a language"),
        ("America/New_York", "Metropolis", "row 2, time_zone: the time zone 'Metropolis'"),
        ("mon-fri 09:00-17:00", "9 to 5", "row 2, office_hours: the hours “9 to 5” cannot be"),
        ("2026-11-01", "last week", "row 2, verified_on: last week is not a date"),
        ("Amina", "", "row 2, verified_by: empty; say who checked"),
        ("2026-11-01", "", "row 2, verified_on: empty; say who checked"),
        ("2027-02-01", "2030-01-01", "row 2, expires_on: the number was checked on 2026-11-01"),
    ],
)  # fmt: skip
def test_bad_input_is_told_by_row_and_column(before: str, after: str, problem: str) -> None:
    found = problems_of(DESK.replace(before, after, 1))

    assert any(each.startswith(problem) for each in found), found


def test_every_problem_is_told_at_once() -> None:
    found = problems_of(DESK.replace("us_state", "mayor"), DESK, BARE.replace("fgr", "", 1))

    assert [each.partition(":")[0] for each in found] == ["row 2, kind", "row 3, key", "row 4, key"]


@pytest.mark.parametrize(
    ("headings", "problem"),
    [
        ("key,name,fone", "row 1, column fone: nothing is called that; did you mean phone?"),
        ("key,name,name", "row 1, column name: stands there twice"),
        ("name", "row 1, column key: missing"),
    ],
)
def test_headings_are_looked_at_first(headings: str, problem: str) -> None:
    assert any(each.startswith(problem) for each in problems_of("a,b,c", headings=headings))


def test_what_is_no_table_is_told_in_a_sentence() -> None:
    with pytest.raises(BadFile):
        read_target_file(b"PK\x03\x04")


def test_a_key_of_another_project_is_told_by_its_row(conn: Connection) -> None:
    make_office(conn, "desk", project_id=make_project(conn, "Bangor"))

    with pytest.raises(BadTargetFile, match="row 2, key: the office desk belongs to another"):
        import_offices(conn, read(DESK), today=TODAY)
