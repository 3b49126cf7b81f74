"""State legislators from openstates.org's files become offices that somebody has yet to check."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, insert

from actions.custom_targets import Line, NamedOffice, Standing, offices, verify
from actions.models import TargetKind
from actions.state_legislators import Legislators, read_legislators
from actions.target_files import BadTargetFile, import_offices
from contacts.reading import BadFile
from representatives.models import Zip

NOW = datetime(2026, 11, 28, 18, tzinfo=UTC)
TODAY = date(2026, 11, 28)
HEADINGS = (
    "id,name,current_party,current_district,current_chamber,given_name,family_name,gender,email,biography,"
    "birth_date,death_date,image,links,sources,capitol_address,capitol_voice,capitol_fax,district_address,"
    "district_voice,district_fax,twitter,youtube,instagram,facebook,wikidata"
)
ANA = (
    "ocd-person/8ab9ed0e-64ea-43f1-a4d8-22bbd06a6d60,Ana Peña,Democratic,12,upper,Ana,Peña,Female,"
    'ana@senate.state.md.us,,,,,,,"11 Bladen St.;Annapolis, MD 21401",410-841-3653,410-841-3750,,'
    "443-555-0142,,,,,,"
)
BEN = (
    "ocd-person/11111111-64ea-43f1-a4d8-22bbd06a6d60,Ben Cho,Republican,9A,lower,Ben,Cho,Male,"
    "https://example.org/write,,,,,,,,410-841-3653 ask for Ben,,,,,,,,,"
)


def read(conn: Connection, *rows: str, headings: str = HEADINGS, state: str = "MD") -> Legislators:
    return read_legislators(conn, "\n".join([headings, *rows]).encode(), state, now=NOW)


def office_of(found: Legislators, number: int = 0) -> NamedOffice:
    return found.rows[number][1]


def test_a_legislator_is_an_office_with_numbers_in_order(conn: Connection) -> None:
    ana = office_of(read(conn, ANA))

    assert (ana.key, ana.name) == ("md-ana-pena-8ab9ed0e", "Ana Peña")
    assert (ana.kind, ana.title) == (TargetKind.LEGISLATOR, "State senator, district 12")
    assert ana.phones == (Line("+14108413653", "capitol"), Line("+14435550142", "district office"))
    assert (ana.email, ana.fax) == ("ana@senate.state.md.us", "+14108413750")
    assert ana.address == "11 Bladen St., Annapolis, MD 21401"


def test_one_number_for_both_offices_is_told_once(conn: Connection) -> None:
    same = ANA.replace("443-555-0142", "410-841-3653")

    assert office_of(read(conn, same)).phones == (Line("+14108413653", "capitol"),)


def test_what_cannot_be_read_is_left_out_and_told(conn: Connection) -> None:
    found = read(conn, ANA, BEN)

    assert office_of(found, 1).phones == ()
    assert office_of(found, 1).email == ""  # an address of a form, not of a mailbox
    assert [each.partition(":")[0] for each in found.unread] == ["row 3, capitol_voice"]


def test_the_clock_is_that_of_the_office_where_the_zip_code_is_known(conn: Connection) -> None:
    hutchinson = {"zip": "67501", "state": "KS", "zone": "America/Chicago", "near_zones": ""}
    conn.execute(insert(Zip).values(**hutchinson, kind="z"))
    kansas = ANA.replace("Annapolis, MD 21401", "Hutchinson, KS 67501-1234")

    assert office_of(read(conn, kansas, state="ks")).time_zone == "America/Chicago"
    assert office_of(read(conn, ANA)).time_zone == "America/New_York"


def test_nobody_has_checked_them_and_a_newer_file_keeps_what_somebody_checked(
    conn: Connection,
) -> None:
    brought = import_offices(conn, read(conn, ANA).rows, today=TODAY)
    assert (brought.added, brought.unverified) == (1, 1)
    (kept,) = offices(conn)
    verify(conn, kept.id, by="Amina", now=NOW)

    again = import_offices(conn, read(conn, ANA.replace("ana@", "pena@")).rows, today=TODAY)

    (kept,) = offices(conn)
    assert (again.changed, again.unverified) == (1, 0)
    assert kept.office.email == "pena@senate.state.md.us"
    assert kept.office.standing(TODAY) is Standing.VERIFIED


@pytest.mark.parametrize(
    ("rows", "headings", "state", "says"),
    [
        ((ANA,), HEADINGS, "Maryland", "Maryland is no state"),
        ((ANA,), HEADINGS.replace("capitol_voice", "phone"), "MD", "row 1: capitol_voice missing"),
        ((ANA.replace("ocd-person/", ""),), HEADINGS, "MD", "row 2, id: empty or cut short"),
        ((ANA, ANA.replace("Ana Peña,", ",")), HEADINGS, "MD", "row 3, name: empty or cut short"),
    ],
)
def test_another_file_is_refused_in_a_sentence(
    conn: Connection, rows: tuple[str, ...], headings: str, state: str, says: str
) -> None:
    with pytest.raises(BadTargetFile, match=says):
        read(conn, *rows, headings=headings, state=state)


def test_what_is_no_table_is_refused(conn: Connection) -> None:
    with pytest.raises(BadFile):
        read_legislators(conn, b"", "MD", now=NOW)
