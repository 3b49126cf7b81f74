"""An import says what it will do, does just that, and can be taken back; it resurrects nobody."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, literal, select

from contacts import consent, imports
from contacts.chunking import CHUNK
from contacts.imports import ImportReport
from contacts.models import (
    Address,
    Contact,
    ContactTag,
    Import,
    Membership,
    Standing,
    project_scope,
)
from contacts.people import choose_district, contact, contacts_at
from contacts.scanning import ConsentMissing, ImportOptions, Scan, check, scan, write_problems
from contacts.tags import add_tags
from contacts.undoing import AlreadyUndone, NoSuchImport, undo
from database.opening import Opened
from representatives.loading import load
from tests.builders import make_contact, make_delivery, make_message, make_project

EXAMPLES = Path(__file__).parents[2] / "contacts" / "examples"
GEOGRAPHY = Path(__file__).parents[2] / "representatives" / "examples"
HEAD = "first_name,last_name,email,can2_phone,zip_code,language,can2_user_tags\n"


def scanned(text: str, consent: str = "signed our sheet", **options: Any) -> Scan:
    return scan(text.encode(), options=ImportOptions(consent=consent, **options))


def bring(conn: Connection, now: datetime, text: str, **options: Any) -> ImportReport:
    return imports.run(conn, scanned(text, **options), actor="organizer:1", now=now)


def reason(conn: Connection, channel: str, address: str, *scopes: str) -> str:
    return conn.scalar(select(consent.suppression(channel, literal(address), scopes))) or ""


def people(conn: Connection) -> int:
    return conn.scalar(select(func.count()).select_from(Contact)) or 0


def test_a_batch_without_a_consent_statement_is_refused() -> None:
    with pytest.raises(ConsentMissing, match="how these people agreed"):
        scanned(HEAD + "Amina,,amina@example.org,,,,\n", consent=" ")


def test_people_arrive_with_place_project_tags_and_consent(conn: Connection, now: datetime) -> None:
    load(conn, GEOGRAPHY, now)
    project = make_project(conn)

    report = bring(
        conn,
        now,
        HEAD + 'Amina,Rivas,AMINA@Example.org,(608) 555-0101,53703,English,"phones, Teachers"\n',
        project_id=project,
        tags=("2026",),
    )

    (contact_id,) = contacts_at(conn, "sms", "+16085550101")
    amina = contact(conn, contact_id)
    assert (amina.person.email, amina.state, amina.district) == ("amina@example.org", "WI", 2)
    assert amina.tags == ("2026", "phones", "Teachers")
    assert amina.projects == (project,)
    assert (report.created, report.consents) == (1, 2)
    assert reason(conn, "sms", "+16085550101") == ""


@pytest.mark.parametrize("said", ["Unknown", "desconocido"])
def test_unknown_consent_stores_people_who_are_not_written_to(
    conn: Connection, now: datetime, said: str
) -> None:
    report = bring(conn, now, HEAD + "Amina,,amina@example.org,,,,\n", consent=said)

    assert (report.created, report.consents) == (1, 0)
    assert reason(conn, "email", "amina@example.org") == "no_consent"


def test_consent_to_one_project_opens_no_other(conn: Connection, now: datetime) -> None:
    project = make_project(conn)

    bring(
        conn,
        now,
        HEAD + "Amina,,amina@example.org,,,,\n",
        project_id=project,
        project_only=True,
    )

    assert reason(conn, "email", "amina@example.org") == "no_consent"
    assert reason(conn, "email", "amina@example.org", project_scope(project)) == ""


@pytest.mark.parametrize(
    ("phone", "email"),
    [
        ("(608) 555-0109", "Chloe@Example.ORG"),
        ("+1 608-555-0109", " chloe@example.org "),
        ("1.608.555.0109", "CHLOE@EXAMPLE.ORG"),
        ("6085550109", "chloe@EXAMPLE.org"),
        ("'+16085550109", "chloe@example.org"),
    ],
)
def test_no_spelling_brings_an_opt_out_back(
    conn: Connection, now: datetime, phone: str, email: str
) -> None:
    for channel, address in (("sms", "+16085550109"), ("email", "chloe@example.org")):
        consent.refuse(
            conn,
            channel,
            address,
            standing=Standing.OPTED_OUT,
            source="sms",
            evidence="STOP",
            actor="supporter",
            now=now,
        )

    report = bring(conn, now, HEAD + f"Chloe,,{email},{phone},,,\n")

    assert (report.created, report.consents, report.opted_out_kept) == (1, 0, 2)
    assert reason(conn, "sms", "+16085550109") == "opted_out"
    assert reason(conn, "email", "chloe@example.org") == "opted_out"


def test_blanks_overwrite_nothing_and_news_is_reported(conn: Connection, now: datetime) -> None:
    contact_id = make_contact(conn, "Amina", email="amina@example.org", phone="+16085550101")

    report = bring(conn, now, HEAD + "Amina,Guardado,amina@example.org,,,,\n")

    person = contact(conn, contact_id).person
    assert (person.family_name, person.phone, person.zip) == ("Guardado", "+16085550101", "53703")
    assert report.updated == 1
    assert report.changed_fields == {"family_name": 1}


def test_the_same_file_again_changes_nothing(conn: Connection, now: datetime) -> None:
    text = (EXAMPLES / "supporters.csv").read_text("utf-8")
    first = bring(conn, now, text)

    again = bring(conn, now, text)

    assert (first.created, again.created, again.updated) == (5, 0, 0)
    assert again.unchanged == 5
    assert again.consents == 0


def test_a_household_phone_with_two_names_stays_two_people(conn: Connection, now: datetime) -> None:
    rows = "Amina,,,608-555-0101,,,\nLuis,,,608-555-0101,,,\n,Rivas,,608-555-0101,,,\n"

    report = bring(conn, now, HEAD + rows)

    assert (report.created, report.merged) == (2, 1)
    assert len(contacts_at(conn, "sms", "+16085550101")) == 2


def test_rows_of_one_person_are_merged_by_email(conn: Connection, now: datetime) -> None:
    rows = "Amina,,amina@example.org,,,,\nAmina,Rivas,AMINA@example.org,608-555-0101,,,\n"

    report = bring(conn, now, HEAD + rows)

    assert (report.created, report.merged) == (1, 1)
    (contact_id,) = contacts_at(conn, "sms", "+16085550101")
    assert contact(conn, contact_id).person.family_name == "Rivas"


def test_a_new_phone_goes_first_and_the_old_one_still_identifies(
    conn: Connection, now: datetime
) -> None:
    contact_id = make_contact(conn, "Amina", email="amina@example.org", phone="+16085550101")

    bring(conn, now, HEAD + "Amina,,amina@example.org,608-555-0102,,,\n")

    assert contact(conn, contact_id).phones == ("+16085550102", "+16085550101")


def test_a_district_chosen_by_hand_outlives_an_import_that_leaves_the_zip(
    conn: Connection, now: datetime
) -> None:
    load(conn, GEOGRAPHY, now)
    contact_id = make_contact(conn, "Amina", email="amina@example.org", zip="02139")
    choose_district(conn, contact_id, "MA", 7, now=now)

    bring(conn, now, HEAD + "Amina,Rosa,amina@example.org,617-555-0102,02139,,\n")

    assert contact(conn, contact_id).district == 7


def test_what_the_file_says_of_unsubscribed_people_is_heeded(
    conn: Connection, now: datetime
) -> None:
    head = "email,phone,email_status,sms_status\n"
    rows = (
        "amina@example.org,608-555-0101,subscribed,unsubscribed\n"
        "ben@example.org,,bouncing,\n"
        "chloe@example.org,,quizás,\n"
    )

    report = bring(conn, now, head + rows)

    assert reason(conn, "email", "amina@example.org") == ""
    assert reason(conn, "sms", "+16085550101") == "opted_out"
    assert reason(conn, "email", "ben@example.org") == "bounced"
    assert reason(conn, "email", "chloe@example.org") == "no_consent"
    assert report.opted_out_there == 3


def test_a_forecast_is_what_then_happens(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Amina", email="amina@example.org", phone="+16085550101")
    consent.refuse(
        conn,
        "email",
        "chloe@example.org",
        standing=Standing.COMPLAINED,
        source="provider",
        evidence="spamreport",
        actor="provider:sendgrid",
        now=now,
    )
    rows = "".join(
        f"Person {n % 1500},Rivas,person{n % 1500}@example.org,,53703,es,\n" for n in range(2500)
    )
    rows += "Amina,Orellana,amina@example.org,,,,\nChloe,,chloe@example.org,,,,\nDina,,,555,,,\n"
    file = scanned(HEAD + rows)

    forecast = imports.preview(conn, file)
    before = people(conn)
    done = imports.run(conn, file, actor="organizer:1", now=now)

    assert before == 1
    assert {**vars(done), "import_id": None} == vars(forecast)
    assert done.rows == done.created + done.updated + done.unchanged + done.merged + 1
    assert (done.created, done.merged, done.opted_out_kept, done.refused_rows) == (
        1501,
        1000,
        1,
        1,
    )


def test_undo_removes_what_came_and_restores_what_changed(conn: Connection, now: datetime) -> None:
    known = make_contact(
        conn, "Amina", email="amina@example.org", phone="+16085550101", consent=None
    )
    project = make_project(conn)
    before = contact(conn, known)
    report = bring(
        conn,
        now,
        HEAD
        + "Ana,Lima,amina@example.org,608-555-0102,53711,es,phones\nBen,,ben@example.org,,,,\n",
        project_id=project,
    )

    undone = undo(conn, report.import_id or 0, now)

    assert (undone.removed, undone.kept, undone.restored, undone.consents) == (1, 0, 1, 3)
    after = contact(conn, known)
    assert (after.person, after.phones, after.projects, after.tags) == (
        before.person,
        before.phones,
        (),
        (),
    )
    assert people(conn) == 1
    assert reason(conn, "email", "ben@example.org") == "no_consent"
    assert conn.scalar(select(func.count()).select_from(Membership)) == 0
    assert conn.scalar(select(func.count()).select_from(ContactTag)) == 0
    assert conn.scalar(select(Import.undone_at)) == now


def test_undo_leaves_what_somebody_changed_since(conn: Connection, now: datetime) -> None:
    known = make_contact(conn, "Amina", email="amina@example.org", family_name="Rivas")
    first = bring(conn, now, HEAD + "Amina,Lima,amina@example.org,,,,\n")
    bring(conn, now, HEAD + "Amina,Orellana,amina@example.org,,,,\n")

    undo(conn, first.import_id or 0, now)

    assert contact(conn, known).person.family_name == "Orellana"


def test_undo_keeps_people_who_were_written_to(conn: Connection, now: datetime) -> None:
    report = bring(conn, now, HEAD + "Ben,,ben@example.org,,,,\nDina,,dina@example.org,,,,\n")
    (ben,) = contacts_at(conn, "email", "ben@example.org")
    make_delivery(conn, make_message(conn), ben, address="ben@example.org", channel="email")

    undone = undo(conn, report.import_id or 0, now)

    assert (undone.removed, undone.kept) == (1, 1)
    assert contacts_at(conn, "email", "ben@example.org") == [ben]


def test_undo_takes_back_only_the_consent_that_rests_on_it_alone(
    conn: Connection, now: datetime
) -> None:
    consent.grant(
        conn,
        "email",
        "ben@example.org",
        source="form",
        evidence="ticked the box",
        actor="supporter",
        now=now,
    )
    rows = "Ben,,ben@example.org,,,,\nDina,,dina@example.org,,,,\nElsa,,elsa@example.org,,,,\n"
    first = bring(conn, now, HEAD + rows)
    bring(conn, now, HEAD + "Dina,,dina@example.org,,,,\n")

    undone = undo(conn, first.import_id or 0, now)

    assert undone.consents == 1
    assert reason(conn, "email", "ben@example.org") == ""
    assert reason(conn, "email", "dina@example.org") == ""
    assert reason(conn, "email", "elsa@example.org") == "no_consent"
    assert len(contacts_at(conn, "email", "dina@example.org")) == 1


def test_undo_forgets_no_opt_out(conn: Connection, now: datetime) -> None:
    report = bring(conn, now, HEAD + "Ben,,ben@example.org,,,,\n")
    consent.refuse(
        conn,
        "email",
        "ben@example.org",
        standing=Standing.OPTED_OUT,
        source="one_click",
        evidence="List-Unsubscribe",
        actor="supporter",
        now=now,
    )

    undo(conn, report.import_id or 0, now)

    assert reason(conn, "email", "ben@example.org") == "opted_out"
    assert bring(conn, now, HEAD + "Ben,,ben@example.org,,,,\n").consents == 0


def test_an_import_is_undone_once(conn: Connection, now: datetime) -> None:
    report = bring(conn, now, HEAD + "Ben,,ben@example.org,,,,\n")
    undo(conn, report.import_id or 0, now)

    with pytest.raises(AlreadyUndone):
        undo(conn, report.import_id or 0, now)
    with pytest.raises(NoSuchImport):
        undo(conn, 9999, now)


def test_after_an_undo_the_file_can_be_imported_again(conn: Connection, now: datetime) -> None:
    text = HEAD + "Ben,,ben@example.org,,,,\n"
    undo(conn, bring(conn, now, text).import_id or 0, now)

    report = bring(conn, now, text)

    assert (report.created, report.consents) == (1, 1)
    assert reason(conn, "email", "ben@example.org") == ""
    assert undo(conn, report.import_id or 0, now).consents == 1


def test_tags_and_projects_that_were_there_survive_an_undo(conn: Connection, now: datetime) -> None:
    project = make_project(conn)
    known = make_contact(conn, "Amina", email="amina@example.org", projects=[project])
    add_tags(conn, known, ["phones"])
    report = bring(conn, now, HEAD + "Amina,,amina@example.org,,,,PHONES\n", project_id=project)

    undo(conn, report.import_id or 0, now)

    assert contact(conn, known).projects == (project,)
    assert contact(conn, known).tags == ("phones",)


def test_the_error_file_names_rows_and_reasons_and_defuses_formulas() -> None:
    file = scanned(
        HEAD
        + "=1+1,Rivas,not an address,,,,\nBen,,ben@example.org,123,,,\nDina,,d@example.org,,,,\n"
    )
    written = io.StringIO()

    count = write_problems(file, written)

    rows = list(csv.DictReader(io.StringIO(written.getvalue())))
    assert count == 2
    assert rows[0]["first_name"] == "'=1+1"
    assert (rows[0]["line"], rows[0]["imported"]) == ("2", "no")
    assert rows[0]["reason"].startswith("email: “not an address” is not an email address")
    assert rows[1]["imported"] == "yes, without it"
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


async def test_a_file_is_imported_in_chunks_with_progress(opened: Opened, now: datetime) -> None:
    people = 2 * CHUNK + 300
    rows = "".join(f"P{n},,p{n}@example.org,,,,\n" for n in range(people))
    told: list[int] = []

    report = await imports.import_file(
        opened.database,
        (HEAD + rows).encode(),
        options=ImportOptions(consent="signed"),
        actor="organizer:1",
        now=now,
        progress=told.append,
    )

    assert report.created == people
    assert told == [CHUNK, 2 * CHUNK, people]
    counts = await opened.database.read(lambda conn: conn.scalars(select(Import.counts)).one())
    assert counts["finished"] is True
    assert counts["created"] == people


async def test_a_failure_half_way_leaves_nothing_behind(
    opened: Opened, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    rows = "".join(f"P{n},,p{n}@example.org,,,,\n" for n in range(40_000))
    path.write_text(HEAD + rows)
    file = check(path, options=ImportOptions(consent="signed"))
    path.write_text(HEAD + rows[: len(rows) // 8] + '\n"never closed')

    with pytest.raises(ValueError, match="quotation mark"):
        await imports.import_table(opened.database, file, actor="organizer:1", now=now)

    assert await opened.database.read(people) == 0
    assert await opened.database.read(lambda conn: conn.scalar(select(Import.undone_at))) == now
    assert await opened.database.read(addresses) == 0


def addresses(conn: Connection) -> int:
    return conn.scalar(select(func.count()).select_from(Address)) or 0


SPELLINGS = st.sampled_from(["{}", "+1{}", "1-{}", " {} "])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Ana", "Luis", ""]),
        st.sampled_from(["a@example.org", "A@EXAMPLE.ORG", "b@example.org", "", "nonsense"]),
        st.builds(
            str.format, SPELLINGS, st.sampled_from(["6085550101", "6085550102", "6085550103"])
        ),
        st.sampled_from(["", "subscribed", "unsubscribed", "active"]),
    ),
    max_size=12,
    min_size=1,
)


@given(ROWS, st.sampled_from(["signed", "unknown"]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_whatever_opens_a_closed_address_and_every_row_has_a_fate(
    conn: Connection, now: datetime, rows: list[tuple[str, ...]], statement: str
) -> None:
    text = "first_name,email,phone,sms_status\n" + "\n".join(map(",".join, rows)) + "\n"
    with conn.begin_nested() as savepoint:
        for channel, address in (("email", "a@example.org"), ("sms", "+16085550101")):
            consent.refuse(
                conn,
                channel,
                address,
                standing=Standing.OPTED_OUT,
                source="sms",
                evidence="BASTA",
                actor="supporter",
                now=now,
            )

        report = bring(conn, now, text, consent=statement)
        undone = undo(conn, report.import_id or 0, now)

        fates = report.created + report.updated + report.unchanged + report.merged
        assert report.rows == len(rows) == fates + report.refused_rows
        assert reason(conn, "email", "a@example.org") == "opted_out"
        assert reason(conn, "sms", "+16085550101") == "opted_out"
        assert reason(conn, "email", "b@example.org") == "no_consent"
        assert (undone.removed, undone.consents) == (report.created, report.consents)
        savepoint.rollback()


def test_undo_gives_back_a_district_chosen_by_hand(conn: Connection, now: datetime) -> None:
    load(conn, GEOGRAPHY, now)
    known = make_contact(conn, "Amina", email="amina@example.org", zip="02139", state="MA")
    choose_district(conn, known, "MA", 5, now=now)
    report = bring(conn, now, HEAD + "Amina,,amina@example.org,,53703,,\n")
    assert contact(conn, known).state == "WI"

    undo(conn, report.import_id or 0, now)

    row = contact(conn, known)
    assert (row.person.zip, row.state, row.district, row.district_how) == (
        "02139",
        "MA",
        5,
        "picked",
    )


def test_who_is_on_another_committees_list_is_neither_changed_nor_shown(
    conn: Connection, now: datetime
) -> None:
    bangor, boston = make_project(conn, "Bangor"), make_project(conn, "Boston")
    row = HEAD + "Amina,Rivas,amina@example.org,(608) 555-0101,53703,English,\n"
    bring(conn, now, row, project_id=bangor, within=(bangor,))

    other = row.replace("Amina,Rivas", "Eva,Perez")
    report = bring(conn, now, other, project_id=boston, within=(boston,))
    again = bring(conn, now, other, project_id=boston, within=(boston,))

    theirs, own = contacts_at(conn, "email", "amina@example.org")
    assert contact(conn, theirs).person.given_name == "Amina"
    assert (contact(conn, theirs).projects, contact(conn, own).projects) == ((bangor,), (boston,))
    assert (report.created, again.created, again.unchanged) == (1, 0, 1)


def test_who_sees_both_lists_imports_one_person_once(conn: Connection, now: datetime) -> None:
    bangor, boston = make_project(conn, "Bangor"), make_project(conn, "Boston")
    row = HEAD + "Amina,Rivas,amina@example.org,(608) 555-0101,53703,English,\n"
    for project in (bangor, boston):
        bring(conn, now, row, project_id=project, within=(bangor, boston))

    (amina,) = contacts_at(conn, "email", "amina@example.org")
    assert set(contact(conn, amina).projects) == {bangor, boston}
