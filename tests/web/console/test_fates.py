"""Everybody's fate is on the page before the launch, and is what the ledger then says."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random

import pytest
from sqlalchemy import Connection, select, update

from alerts.launching import create, launch
from alerts.preflight import check, find_alert
from contacts.models import Channel, Contact, Project, Standing
from database.opening import Opened
from messages import counts
from messages.audience import Audience, Filter
from messages.expanding import expand_chunk
from messages.models import Message, Reach, Status
from messages.progress import progress
from organizers.roles import NETWORKS, Within
from tests.alerts.drafting import HOUSE, make_draft
from tests.builders import make_contact, make_project
from tests.doubles import NoJobs
from tests.web.console.test_alert_pages import written
from tests.web.organizing import Desk, console, desk
from web.console.fate_people import Line, crowd_of
from web.console.fates import NO_LIST, OTHERS, Fates, fates

MORNING = datetime(
    2026, 11, 19, 16, 30, tzinfo=UTC
)  # day in Chicago, not yet in Denver and Honolulu
ZONES = (
    ("America/Chicago",),
    ("America/Denver",),
    ("America/Denver", "America/Phoenix"),
    ("Pacific/Honolulu",),
    ("America/Chicago", "America/Denver"),
)
STATES = ("WI", "CO", "UT", "HI", "")


def make_crowd(conn: Connection, random: Random) -> list[int]:
    """People of every kind: without an address, refusing, sharing a phone, on several lists or none."""
    projects = [make_project(conn, f"List {number}") for number in range(3)]
    phones = [f"+1608299{number:04}" for number in range(12)]
    for number in range(40):
        make_contact(
            conn,
            f"Person {number}",
            phone=random.choice([*phones, None]),
            email=random.choice(["", "", None, f"house{number % 5}@example.org"]),
            consent=random.choice([Standing.GRANTED, Standing.GRANTED, Standing.OPTED_OUT, None]),
            zones=random.choice(ZONES),
            state=random.choice(STATES),
            language=random.choice(["en", "es"]),
            projects=random.sample(projects, random.randrange(3)),
        )
    return projects


def seen_by_the_office(conn: Connection, alert_id: int) -> Fates:
    found = check(conn, alert_id, house=HOUSE, now=MORNING)
    message_id = find_alert(conn, alert_id).message_id
    return fates(conn, found, message_id, house=HOUSE, within=[NETWORKS], now=MORNING)


@pytest.mark.parametrize("reach", [Reach.BOTH, Reach.TEXT_FIRST])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_lines_are_the_audience_and_what_the_ledger_then_shows(
    conn: Connection, seed: int, reach: Reach
) -> None:
    projects = make_crowd(conn, Random(seed))
    lines = Filter(projects=tuple(projects[:2])) if seed == 2 else Filter()
    draft = make_draft(audience=Audience(lines), reach=reach)
    alert_id = create(conn, draft, house=HOUSE, created_by="test", now=MORNING)
    told = seen_by_the_office(conn, alert_id)
    channels = len(Channel)

    assert told.forecast.people > 10
    assert told.texts_held == sum(each.count for each in told.mornings) > 0
    written = [*told.left_out, *told.folded]
    assert told.not_sent == sum(each.count for each in written)
    lines_sum = told.texts_now + told.texts_held + told.emails + told.not_sent
    assert lines_sum == told.forecast.people * channels
    for splits in (told.forecast.by_language, told.forecast.by_lists):
        assert sum(each.people for each in splits.values()) == told.forecast.people
        assert sum(each.reached for each in splits.values()) == told.forecast.reached

    message_id = find_alert(conn, alert_id).message_id
    launch(
        conn, NoJobs(), alert_id, house=HOUSE, confirmed=told.forecast.reached, by="x", now=MORNING
    )
    while expand_chunk(conn, NoJobs(), message_id, now=MORNING):
        pass
    ledger = progress(conn, message_id, now=MORNING)

    assert ledger.equation.balanced
    assert ledger.equation.eligible == lines_sum
    assert ledger.equation.held == told.texts_held
    assert dict(ledger.openings) == Counter(
        {at: sum(m.count for m in told.mornings if m.opens_at == at) for at in ledger.openings}
    )
    assert ledger.equation.waiting == told.texts_now + told.emails
    by_fate = {(each.channel, each.reason): each.count for each in written}
    assert by_fate == {
        (key.channel, key.reason): count
        for key, count in counts.kept(conn, [message_id]).items()
        if key.status == Status.SKIPPED
    }


@pytest.mark.parametrize("reach", [Reach.BOTH, Reach.TEXT_FIRST, Reach.SMS, Reach.EMAIL])
@pytest.mark.parametrize("seed", [3, 4])
def test_every_line_opens_as_many_people_as_it_counts(
    conn: Connection, seed: int, reach: Reach
) -> None:
    make_crowd(conn, Random(seed))
    draft = make_draft(reach=reach)
    alert_id = create(conn, draft, house=HOUSE, created_by="test", now=MORNING)
    told = seen_by_the_office(conn, alert_id)

    def opened(line: Line) -> int:
        found = crowd_of(conn, alert_id, line, page=1, within=[NETWORKS], now=MORNING)
        assert found.seen == len(found.people)
        return found.total

    assert opened(Line("texts")) == told.texts_now
    assert opened(Line("emails")) == told.emails
    assert opened(Line("several")) == told.several[0] > 0
    assert [opened(Line("held", each.sets)) for each in told.mornings] == [
        each.count for each in told.mornings
    ]
    for each in (*told.left_out, *told.folded):
        assert opened(Line("left-out", (), each.channel, each.reason)) == each.count


def test_doubles_are_counted_and_people_of_several_lists_stand_in_each(conn: Connection) -> None:
    madison, bangor = (make_project(conn, name) for name in ("Madison", "Bangor"))
    make_contact(conn, "Ana", projects=[madison, bangor])
    make_contact(conn, "Ben", projects=[madison], phone="+16082990001")
    make_contact(conn, "Bea", projects=[bangor], phone="+16082990001", email=None)
    alert_id = create(conn, make_draft(), house=HOUSE, created_by="test", now=MORNING)

    told = seen_by_the_office(conn, alert_id)

    assert told.several == (1, 1)
    assert [(each.channel, each.count) for each in told.folded] == [(Channel.SMS, 1)]
    assert {each.name: each.split.people for each in told.lists} == {"Madison": 2, "Bangor": 2}
    assert {each.name: each.split.left_out for each in told.lists} == {"Madison": 0, "Bangor": 1}


@pytest.mark.parametrize("office", [True, False])
def test_that_somebody_is_on_a_list_that_one_does_not_see_is_told_to_the_office_alone(
    conn: Connection, *, office: bool
) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    conn.execute(update(Project).values(shares_list=False))
    make_contact(conn, "Ada", projects=[madison, bangor])
    make_contact(conn, "Eva", projects=[bangor])
    make_contact(conn, "Ben")
    draft = make_draft(audience=Audience(Filter()))
    alert_id = create(conn, draft, house=HOUSE, created_by="test", now=MORNING)
    message_id = find_alert(conn, alert_id).message_id
    conn.execute(update(Message).where(Message.id == message_id).values(audience={}))
    found = check(conn, alert_id, house=HOUSE, now=MORNING)

    within = [madison, NETWORKS] if office else [madison]
    told = fates(conn, found, message_id, house=HOUSE, within=within, now=MORNING)

    lines = {each.project_id: each.split.people for each in told.lists}
    assert lines == {madison: 1, NO_LIST: 1} | ({OTHERS: 2} if office else {})


@pytest.fixture
async def amina(opened: Opened) -> AsyncIterator[Desk]:
    async with console(opened, MORNING) as client:
        yield await desk(client, opened, MORNING)


async def test_the_page_names_the_place_and_the_hour_of_who_is_held(
    amina: Desk, opened: Opened
) -> None:
    def people(conn: Connection) -> None:
        make_contact(conn, "Chicago")
        for state in ("CO", "CO", "UT"):
            make_contact(conn, "Mountain", zones=("America/Denver",), state=state)

    await opened.database.write(people)
    address = await written(amina)

    page = await amina.page(address)
    held = await amina.page(f"{address}/people/held")

    assert "Texts held until 10:00 AM, Mountain Time (Colorado, Utah)" in page.replace(" ", " ")
    assert "Mountain" in held
    assert "Chicago Rivas" not in held


async def test_of_other_lists_only_the_number_is_told(amina: Desk, opened: Opened) -> None:
    """Who shares a phone with somebody on a list one does not see is folded there too."""

    def people(conn: Connection) -> int:
        madison = make_project(conn, "Madison")
        bangor = make_project(conn, "Bangor", shares_list=False)
        make_contact(conn, "Walter", phone="+16082990001", projects=[bangor])
        make_contact(conn, "Ada", phone="+16082990001", projects=[madison])
        make_contact(conn, "Eva", projects=[madison])
        return madison

    madison = await opened.database.write(people)
    ben = await desk(amina.client, opened, MORNING, name="Ben", projects=[madison])
    address = await written(ben, project=str(madison))

    def everybody(conn: Connection) -> None:
        message = select(Message.id).order_by(Message.id.desc()).limit(1).scalar_subquery()
        conn.execute(update(Message).where(Message.id == message).values(audience={}))

    await opened.database.write(everybody)
    page = await ben.page(f"{address}/people/texts")

    assert "2 people · 1 of them on a list that you do not see" in page
    assert "Walter" not in page
    assert "Eva" in page
    folded = await ben.page(f"{address}/left-out/sms/shared_address")
    assert "Ada" in folded


def test_a_long_line_is_told_a_hundred_at_a_time(conn: Connection) -> None:
    for number in range(105):
        make_contact(conn, f"Person {number:03}")
    alert_id = create(conn, make_draft(), house=HOUSE, created_by="test", now=MORNING)

    def names(page: int) -> list[str]:
        line = Line("emails")
        found = crowd_of(conn, alert_id, line, page=page, within=[NETWORKS], now=MORNING)
        assert (found.pages, found.total) == (2, 105)
        return [name for _, name in found.people]

    assert names(1)[0] == "Person 000 Rivas"
    assert names(2) == [f"Person {number} Rivas" for number in range(100, 105)]
    assert names(9)[0] == "Person 000 Rivas"


def test_at_night_nobody_is_texted_now_and_everybody_is_held(conn: Connection) -> None:
    ben = make_contact(conn, "Ben")
    alert_id = create(conn, make_draft(), house=HOUSE, created_by="test", now=MORNING)
    night = MORNING.replace(hour=9)  # three in the morning in Chicago

    def found(kind: str, within: Within = None) -> tuple[list[int], int]:
        crowd = crowd_of(conn, alert_id, Line(kind), page=1, within=within, now=night)
        return [number for number, _ in crowd.people], crowd.total

    assert (found("texts"), found("held")) == (([], 0), ([ben], 1))
    # Who may be shown nobody learns how many there are.
    assert found("held", within=[]) == ([], 1)


def test_the_people_of_a_line_are_those_of_now(conn: Connection) -> None:
    ben = make_contact(conn, "Ben")
    alert_id = create(conn, make_draft(), house=HOUSE, created_by="test", now=MORNING)

    def names() -> list[str]:
        line = Line("emails")
        found = crowd_of(conn, alert_id, line, page=1, within=None, now=MORNING)
        return [name for _, name in found.people]

    assert names() == ["Ben Rivas"]
    conn.execute(update(Contact).where(Contact.id == ben).values(given_name="Benjamin"))
    assert names() == ["Benjamin Rivas"]
    make_contact(conn, "Ada")
    assert names() == ["Ada Rivas", "Benjamin Rivas"]
