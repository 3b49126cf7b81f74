"""An audience is the people a patient person would pick by hand, however its lines are combined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert, select

from contacts.models import NETWORK, Address, Channel, Contact, Standing, project_scope
from messages.audience import Audience, Filter, contact_ids
from messages.eligibility import Terms
from messages.forecast import foresee
from messages.models import Reach
from messages.prospects import prospects
from tests.builders import make_contact, make_project, make_standing

PROJECTS = 3
TAGS = ("choir", "Niñez", "drivers")
DAYS = (date(2025, 5, 1), date(2026, 1, 5))


@dataclass(frozen=True)
class Person:
    """What an audience may ask of somebody."""

    projects: frozenset[int]
    tags: frozenset[str]
    language: str
    state: str
    district: int | None
    joined_on: date


people = st.builds(
    Person,
    projects=st.frozensets(st.integers(0, PROJECTS - 1)),
    tags=st.frozensets(st.sampled_from(TAGS)),
    language=st.sampled_from(["en", "es"]),
    state=st.sampled_from(["WI", "ME", ""]),
    district=st.sampled_from([None, 0, 1, 2]),
    joined_on=st.sampled_from(DAYS),
)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """None, one or two of these."""
    return st.lists(values, max_size=2, unique=True).map(tuple)


filters = st.builds(
    Filter,
    projects=some(st.integers(0, PROJECTS - 1)),
    tags=some(st.sampled_from([*TAGS, "ninez", "nobody has it"])),
    languages=some(st.sampled_from(["en", "es"])),
    states=some(st.sampled_from(["WI", "ME"])),
    districts=some(st.sampled_from(["WI-1", "ME-2", "WI-0"])),
    joined_since=st.none() | st.sampled_from(DAYS),
)


def fits(person: Person, lines: Filter) -> bool:
    """The definition, read aloud: any value of a line, and all lines."""
    tags = {tag.lower().replace("ñ", "n") for tag in person.tags}
    asked = [
        (lines.projects, bool(person.projects & set(lines.projects))),
        (lines.tags, bool(tags & {tag.lower().replace("ñ", "n") for tag in lines.tags})),
        (lines.languages, person.language in lines.languages),
        (lines.states, person.state in lines.states),
        (lines.districts, f"{person.state}-{person.district}" in lines.districts),
        (lines.joined_since, person.joined_on >= (lines.joined_since or date.min)),
    ]
    return all(fit for line, fit in asked if line)


def picked(population: Mapping[int, Person], audience: Audience) -> set[int]:
    return {
        number
        for number, person in population.items()
        if fits(person, audience.include)
        and not (audience.exclude != Filter() and fits(person, audience.exclude))
    }


def settled(lines: Filter, projects: list[int]) -> Filter:
    """With the ids that the projects have in this database."""
    return Filter(
        projects=tuple(projects[number] for number in lines.projects),
        tags=lines.tags,
        languages=lines.languages,
        states=lines.states,
        districts=lines.districts,
        joined_since=lines.joined_since,
    )


def born(conn: Connection, person: Person, projects: list[int]) -> int:
    return make_contact(
        conn,
        projects=[projects[number] for number in person.projects],
        tags=sorted(person.tags),
        language=person.language,
        state=person.state,
        district=person.district,
        joined_on=person.joined_on,
    )


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    everybody=st.lists(people, min_size=1, max_size=8),
    audiences=st.lists(st.builds(Audience, filters, filters), min_size=1, max_size=8),
)
def test_the_same_people_as_picked_by_hand(
    conn: Connection, everybody: list[Person], audiences: list[Audience]
) -> None:
    with conn.begin_nested() as attempt:
        projects = [make_project(conn) for _ in range(PROJECTS)]
        population = {born(conn, person, projects): person for person in everybody}
        for audience in audiences:
            asked = Audience(
                settled(audience.include, projects), settled(audience.exclude, projects)
            )

            assert set(conn.scalars(contact_ids(asked))) == picked(population, audience)
        attempt.rollback()


TERMS = Terms(reach=Reach.BOTH, scopes=(NETWORK,))


def test_an_address_is_shared_only_by_people_of_the_audience(conn: Connection) -> None:
    make_contact(conn, "Ben", phone="+16087000001", tags=["choir"])
    chloe = make_contact(conn, "Chloe", phone="+16087000001", language="es")
    dora = make_contact(conn, "Dora", phone="+16087000001", language="es")

    rows = prospects(Audience(Filter(languages=("es",))), TERMS)
    found = dict(conn.execute(select(rows.c.contact_id, rows.c[Channel.SMS])).all())

    assert found == {chloe: "", dora: "shared_address"}


def test_looking_at_some_people_leaves_those_before_them_in_sight(conn: Connection) -> None:
    make_contact(conn, "Ben", phone="+16087000001")
    bea = make_contact(conn, "Bea", phone="+16087000001")

    rows = prospects(Audience(), TERMS, among=Contact.id == bea)
    [(contact_id, reason)] = conn.execute(select(rows.c.contact_id, rows.c[Channel.SMS])).all()

    assert (contact_id, reason) == (bea, "shared_address")


def test_everybody_at_once_is_told_the_same_as_each_looked_up(conn: Connection) -> None:
    """The one rule stands in two forms; they agree on every pair of standings there can be."""
    madison = make_project(conn)
    scopes = (NETWORK, project_scope(madison))
    known = [None, *Standing]
    for number, pair in enumerate((one, two) for one in known for two in known):
        phone = f"+1608{7_000_000 + number}"
        make_contact(conn, phone=phone, email=None, consent=None, projects=[madison])
        for scope, standing in zip(scopes, pair, strict=True):
            if standing is not None:
                make_standing(conn, Channel.SMS, phone, standing, scope=scope)
    make_contact(conn, phone="+50370001234")
    make_contact(conn, phone="+16087000000")
    terms = Terms(reach=Reach.SMS, scopes=scopes, today=date(2026, 11, 24))

    forms = [prospects(Audience(), terms, among=among) for among in (None, Contact.id > 0)]
    at_once, looked_up = (
        dict(conn.execute(select(rows.c.contact_id, rows.c[Channel.SMS])).all()) for rows in forms
    )

    assert at_once == looked_up
    assert set(at_once.values()) >= {"", "no_consent", "foreign", "shared_address", "opted_out"}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("audience", "fates"),
    [
        (Audience(), {"first": "", "hers second": "", "same": "shared_address"}),
        (Audience(Filter(states=("WI",))), {"hers second": "", "same": ""}),
        (Audience(exclude=Filter(states=("ME",))), {"hers second": "", "same": ""}),
    ],
)
def test_shared_is_an_address_that_is_the_first_of_somebody_before_them_in_the_audience(
    conn: Connection, audience: Audience, fates: Mapping[str, str], *, at_once: bool
) -> None:
    hers, other = "+16087000001", "+16087000002"
    first = make_contact(conn, "first", phone=hers, state="ME")
    second = {"contact_id": first, "channel": Channel.SMS, "address": other, "rank": 1}
    conn.execute(insert(Address).values(second))
    make_contact(conn, "hers second", phone=other, state="WI")
    make_contact(conn, "same", phone=hers, state="WI")
    terms = Terms(reach=Reach.SMS, scopes=(NETWORK,))

    rows = prospects(audience, terms, among=None if at_once else Contact.id > 0)
    told = select(Contact.given_name, rows.c[Channel.SMS]).join(
        rows, rows.c.contact_id == Contact.id
    )

    assert dict(conn.execute(told).all()) == fates


@pytest.mark.parametrize("reach", list(Reach))
def test_a_forecast_counts_everybody_once_on_each_channel(
    conn: Connection, reach: Reach, now: datetime
) -> None:
    for phone in (None, "", "+16087000001", "+16087000001"):
        make_contact(conn, phone=phone)
    terms = Terms(reach=reach, scopes=(NETWORK,))

    seen = foresee(conn, Audience(), terms, hours=None, now=now)

    assert seen.people == conn.scalar(select(func.count()).select_from(Contact))
    for channel in terms.channels:
        assert sum(fate.count for fate in seen.fates if fate.channel == channel) == seen.people
