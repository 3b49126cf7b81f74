"""An audience is what its lines say, on both databases, and never more."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, insert

from actions.models import Action, Outcome, Response
from messages.audience import (
    Audience,
    BadAudience,
    Filter,
    consent_scopes,
    contact_ids,
    of_project,
    read,
    seen_by,
    write,
)
from tests.builders import LONG_AGO, make_contact, make_project


def who(conn: Connection, audience: Audience) -> set[int]:
    return set(conn.scalars(contact_ids(audience)))


def test_any_value_of_a_line_fits_and_all_lines_must(conn: Connection) -> None:
    madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
    amina = make_contact(conn, "Amina", projects=[madison], language="es")
    ben = make_contact(conn, "Ben", projects=[bangor], language="en")
    make_contact(conn, "Chloe", language="es")

    either = who(conn, Audience(Filter(projects=(madison, bangor))))
    spanish = who(conn, Audience(Filter(projects=(madison, bangor), languages=("es",))))

    assert either == {amina, ben}
    assert spanish == {amina}


def test_excluding_a_district_keeps_people_whose_district_is_open(conn: Connection) -> None:
    make_contact(conn, "Amina", state="WI", district=2)
    split = make_contact(conn, "Ben", state="WI", district=None)

    left = who(conn, Audience(exclude=Filter(districts=("WI-2",))))

    assert split in left
    assert len(left) == 1


def test_tags_ignore_case_and_accents(conn: Connection) -> None:
    amina = make_contact(conn, "Amina", tags=["Delegación 2025"])

    found = who(conn, Audience(Filter(tags=("delegacion 2025",))))

    assert found == {amina}


def test_whoever_skipped_has_not_acted(conn: Connection) -> None:
    action = conn.execute(insert(Action).values(goal=None).returning(Action.id)).scalar_one()
    caller, skipper, silent = (make_contact(conn, name) for name in ("Amina", "Ben", "Chloe"))
    for contact, outcome in ((caller, Outcome.SPOKE), (skipper, Outcome.SKIPPED)):
        conn.execute(
            insert(Response).values(
                action_id=action,
                contact_id=contact,
                who=f"contact:{contact}",
                target="us:house:WI:2",
                outcome=outcome,
                channel="sms",
                note="",
                at=LONG_AGO,
            )
        )

    acted = who(conn, Audience(Filter(acted=action)))
    not_acted = who(conn, Audience(Filter(not_acted=action)))

    assert acted == {caller}
    assert not_acted == {skipper, silent}


def test_joined_since_counts_the_day_itself(conn: Connection) -> None:
    new = make_contact(conn, "Amina", joined_on=date(2026, 6, 1))
    make_contact(conn, "Ben", joined_on=date(2026, 5, 31))

    assert who(conn, Audience(Filter(joined_since=date(2026, 6, 1)))) == {new}


def test_narrowing_to_no_project_reaches_nobody(conn: Connection) -> None:
    madison = make_project(conn)
    make_contact(conn, "Amina", projects=[madison])

    assert len(who(conn, of_project(Audience(), madison))) == 1
    assert who(conn, seen_by(Audience(Filter(projects=(madison,))), [madison + 1])) == set()
    assert len(who(conn, seen_by(Audience(), [madison]))) == 1
    assert who(conn, seen_by(Audience(), [])) == set()


def test_definition_survives_being_stored() -> None:
    audience = Audience(
        Filter(
            projects=(1, 2),
            tags=("choir",),
            districts=("VT-0",),
            not_acted=7,
            joined_since=date(2026, 1, 31),
        ),
        Filter(languages=("es",)),
    )

    assert read(write(audience)) == audience


def test_consent_to_a_project_covers_messages_that_name_it() -> None:
    assert consent_scopes(Audience()) == ["network"]
    assert consent_scopes(Audience(Filter(projects=(3,)))) == ["network", "project:3"]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"includes": {}}, "includes"),
        ({"include": {"project": [1]}}, "project"),
        ({"include": {"projects": "madison"}}, "projects"),
        ({"include": {"projects": ["madison"]}}, "madison"),
        ({"include": {"districts": ["Wisconsin"]}}, "Wisconsin"),
        ({"exclude": {"joined_since": "last week"}}, "last week"),
        ({"include": {"acted": "yes"}}, "acted"),
        ({"include": {"outdated": {"rungs": [[1]]}}}, "outdated"),
    ],
)
def test_bad_definition_names_the_line(value: dict[str, object], named: str) -> None:
    with pytest.raises(BadAudience, match=named):
        read(value)
