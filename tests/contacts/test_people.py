"""One contact at a time: adding, changing, projects, tags and search."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from contacts.addresses import BadPhone, BadZip
from contacts.models import Contact
from contacts.people import (
    NoSuchContact,
    Person,
    Unreachable,
    choose_district,
    contact,
    contacts_at,
    create_contact,
    join_projects,
    leave_project,
    set_language,
    update_contact,
)
from contacts.projects import (
    BadProject,
    NoSuchProject,
    ProjectDraft,
    ProjectExists,
    add_project,
    project_by_slug,
    projects,
)
from contacts.scope import networks_own
from contacts.search import count, search
from contacts.tags import add_tags
from organizers.roles import NETWORKS
from representatives.loading import load
from tests.builders import make_contact, make_project

GEOGRAPHY = Path(__file__).parents[2] / "representatives" / "examples"
ROSA = Person(
    "Rosa", "Menjívar", "es", "02139-4307", "Cambridge", "(617) 555-0101", "ROSA@example.org"
)


def test_a_contact_is_stored_in_our_spelling_and_found_in_any(
    conn: Connection, now: datetime
) -> None:
    load(conn, GEOGRAPHY, now)

    contact_id = create_contact(conn, ROSA, now=now, tags=["Teléfonos"])

    row = contact(conn, contact_id)
    assert (row.person.phone, row.person.email) == ("+16175550101", "rosa@example.org")
    assert (row.person.zip, row.state, row.district, row.district_how) == (
        "02139",
        "MA",
        None,
        "split",
    )
    for text in ("menjivar", "ROSA MENJÍVAR", "555-0101", "(617) 555", "rosa@ex", "02139"):
        assert [found.id for found in search(conn, text, within=None)] == [contact_id]


def test_a_contact_needs_an_address(conn: Connection, now: datetime) -> None:
    with pytest.raises(Unreachable, match="email address or a phone"):
        create_contact(conn, Person("Rosa"), now=now)


@pytest.mark.parametrize(
    ("wrong", "error"), [({"phone": "12"}, BadPhone), ({"zip": "2139"}, BadZip)]
)
def test_a_bad_field_is_refused(
    conn: Connection, now: datetime, wrong: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        create_contact(conn, replace(ROSA, **wrong), now=now)


def test_a_changed_zip_moves_a_person_and_a_choice_by_hand_stays_with_the_zip(
    conn: Connection, now: datetime
) -> None:
    load(conn, GEOGRAPHY, now)
    contact_id = create_contact(conn, ROSA, now=now)
    choose_district(conn, contact_id, "MA", 7, now=now)

    update_contact(conn, contact_id, replace(ROSA, given_name="Rosario"), now=now)
    assert contact(conn, contact_id).district == 7
    update_contact(conn, contact_id, replace(ROSA, zip="04401"), now=now)

    assert (contact(conn, contact_id).state, contact(conn, contact_id).district) == ("ME", 2)


def test_an_organizers_blank_clears(conn: Connection, now: datetime) -> None:
    contact_id = create_contact(conn, ROSA, now=now)

    update_contact(conn, contact_id, replace(ROSA, phone="", city=""), now=now)

    assert contact(conn, contact_id).phones == ()
    assert contacts_at(conn, "sms", "+16175550101") == []
    assert search(conn, "555-0101", within=None) == []


def test_a_removed_contact_is_named(conn: Connection) -> None:
    with pytest.raises(NoSuchContact, match="no contact 99"):
        contact(conn, 99)


def test_language_projects_and_tags_are_kept(conn: Connection, now: datetime) -> None:
    madison, bangor = make_project(conn), make_project(conn)
    contact_id = create_contact(conn, ROSA, now=now, projects=[madison, bangor, madison])

    set_language(conn, contact_id, "en")
    leave_project(conn, contact_id, madison)
    join_projects(conn, contact_id, [bangor], now=now)
    add_tags(conn, contact_id, ["Café", "CAFE", " "])

    row = contact(conn, contact_id)
    assert (row.person.language, row.projects, len(row.tags)) == ("en", (bangor,), 1)


def test_organizers_see_only_their_projects_people(conn: Connection) -> None:
    madison, bangor = make_project(conn), make_project(conn)
    amina = make_contact(conn, "Amina", projects=[madison])
    make_contact(conn, "Ben", projects=[bangor])

    assert [found.id for found in search(conn, "", within=[madison])] == [amina]
    assert search(conn, "Ben", within=[madison]) == []
    assert count(conn, "", within=[madison, bangor]) == 2
    assert count(conn, "", within=None) == 2
    assert search(conn, "", within=[]) == []


def test_the_office_sees_who_is_in_no_project_or_in_one_that_it_is_shown(conn: Connection) -> None:
    of = [make_project(conn, shares_list=shares) for shares in (True, False, False)]
    sharing, madison, bangor = of
    some = [chosen for size in range(4) for chosen in combinations(of, size)]
    lists = {make_contact(conn, "Ben", projects=chosen): set(chosen) for chosen in some}

    def seen(*within: int) -> set[int]:
        found = {each.id for each in search(conn, "", within=within)}
        assert count(conn, "", within=within) == len(found)
        return found

    for mine in ((), (madison,), (madison, bangor)):
        shown = {sharing, *mine}
        expected = {each for each, theirs in lists.items() if not theirs or theirs & shown}
        assert seen(NETWORKS, *mine) == expected
        assert seen(*mine) == {each for each, theirs in lists.items() if theirs & set(mine)}
    own = conn.scalars(select(Contact.id).where(networks_own()))
    assert set(own) == seen(NETWORKS)


def test_search_takes_wildcards_as_they_stand(conn: Connection) -> None:
    make_contact(conn, "Amina")

    assert count(conn, "%", within=None) == 0
    assert count(conn, "_mina", within=None) == 0
    assert count(conn, "\\", within=None) == 0


def test_pages_of_a_search_follow_each_other_newest_first(conn: Connection) -> None:
    ids = [make_contact(conn, f"Person {n}") for n in range(5)]

    first = search(conn, "person", within=None, limit=2)
    second = search(conn, "person", within=None, limit=2, offset=2)

    assert [found.id for found in [*first, *second]] == ids[:0:-1]


def test_a_project_is_added_listed_and_found_by_name(conn: Connection, now: datetime) -> None:
    draft = ProjectDraft("Binghamton – El Charcón", "Binghamton", "ny", "El Charcón", since=1992)
    project_id = add_project(conn, draft, now)
    make_contact(conn, projects=[project_id])

    found = project_by_slug(conn, "Binghamton El Charcon")

    assert (found.id, found.slug, found.us_state) == (project_id, "binghamton-el-charcon", "NY")
    assert [(row.id, row.people) for row in projects(conn, [project_id])] == [(project_id, 1)]
    assert projects(conn, []) == []


def test_a_misspelt_project_is_answered_with_the_near_miss(conn: Connection, now: datetime) -> None:
    add_project(conn, ProjectDraft("Bangor – Carasque"), now)

    with pytest.raises(NoSuchProject, match="did you mean bangor-carasque"):
        project_by_slug(conn, "bangor-carasqe")


def test_a_project_needs_a_name_of_its_own(conn: Connection, now: datetime) -> None:
    add_project(conn, ProjectDraft("Bangor – Carasque"), now)

    with pytest.raises(ProjectExists, match="choose another name"):
        add_project(conn, ProjectDraft("Bangor Carasque"), now)
    with pytest.raises(BadProject, match="needs a name"):
        add_project(conn, ProjectDraft(" – "), now)
