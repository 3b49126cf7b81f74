"""A public archive by its years: all that was chosen, at addresses that stay, and nothing of who must not be named."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Connection, insert, select

from alerts.at_risk import RiskDraft, add_person
from alerts.models import Case
from contacts.models import Project
from database.opening import Opened
from messages.email_models import ArchivedEmail
from messages.looks import save_look
from messages.models import MessageKind, MessageStatus
from tests.builders import make_alert, make_message, make_project
from tests.web.console.test_progress_statements import statements
from tests.web.organizing import Desk, console, desk
from tests.web.test_emails_shown import stranger

HOME = "/archive/madison/en"
LISTED = re.compile(r'<li><a href="/e/[^"]+">([^<]+)</a>')
YEARS = re.compile(rf'href="{HOME}/(\d+)"')
NAMED = "Rosa Cienfuegos is free."


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        project = await opened.database.write(lambda conn: make_project(conn, slug="madison"))
        yield await desk(client, opened, now, projects=[project])


async def archive(amina: Desk, *sent: tuple[str, datetime], body: str = "Water.") -> None:
    """An archive with emails of these subjects and days."""

    def fill(conn: Connection) -> None:
        project = conn.scalar(select(Project.id))
        save_look(conn, project, accent="#27357e", logo="", archive=True)
        for subject, at in sent:
            message_id = make_message(
                conn,
                kind=MessageKind.CAMPAIGN,
                status=MessageStatus.FINISHED,
                project_id=project,
                launched_at=at,
                texts={
                    each: {"sms": "", "subject": subject, "body": body} for each in ("en", "es")
                },
            )
            row = {"message_id": message_id, "shown_by": "x", "shown_at": at}
            conn.execute(insert(ArchivedEmail).values(row))

    await amina.opened.database.write(fill)


async def at_risk(amina: Desk) -> None:
    def list_her(conn: Connection) -> None:
        make_alert(conn, project_id=conn.scalar(select(Project.id)))
        rosa = RiskDraft(given_names="Rosa", family_names="Cienfuegos")
        case = conn.scalar(select(Case.id)) or 0
        add_person(conn, case, rosa, by="x", now=datetime(2025, 1, 1, tzinfo=UTC))

    await amina.opened.database.write(list_her)


def day(year: int, month: int = 6, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


async def test_each_year_has_its_page_and_the_newest_comes_first(amina: Desk) -> None:
    turn = datetime(2023, 12, 31, 23, 59, tzinfo=UTC)
    await archive(amina, ("Old", day(2021)), ("Eve", turn), ("New", day(2024, 1)))

    pages = {year: (await stranger(amina, f"{HOME}/{year}"))[1] for year in (2021, 2023, 2024)}
    _, plain, headers = await stranger(amina, HOME)
    _, spanish, _ = await stranger(amina, "/archive/madison/es/2021")

    assert {year: LISTED.findall(page) for year, page in pages.items()} == {
        2021: ["Old"],
        2023: ["Eve"],
        2024: ["New"],
    }
    assert LISTED.findall(plain) == ["New"]
    assert YEARS.findall(plain) == ["2024", "2023", "2021"]
    assert f'href="{HOME}/2021" aria-current="page"' in pages[2021]
    assert 'href="/archive/madison/es/2021"' in pages[2021]
    assert 'aria-label="Años"' in spanish
    assert headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("year", ["2022", "1000", "9999", "0000", "20245", "2024x"])
async def test_a_year_without_emails_gets_the_page_that_helps(amina: Desk, year: str) -> None:
    await archive(amina, ("New", day(2024)))

    status, page, _ = await stranger(amina, f"{HOME}/{year}")

    assert status == 404
    assert "New" not in page
    assert page == (await stranger(amina, "/archive/madison/en/x"))[1]


async def test_an_archive_of_one_year_or_none_offers_no_years(amina: Desk) -> None:
    await archive(amina)
    _, empty, _ = await stranger(amina, HOME)
    await archive(amina, ("New", day(2024)))
    _, one, _ = await stranger(amina, HOME)

    assert "Nothing is shown here yet." in empty
    assert LISTED.findall(one) == ["New"]
    assert "<nav" not in empty + one


async def test_who_must_not_be_named_stays_out_of_the_years_too(amina: Desk) -> None:
    old = [(f"Named {number}", day(2022, 6, 20 - number)) for number in range(9)]
    await archive(amina, *old, ("Named", day(2023)), ("Named", day(2024)), body=NAMED)
    await archive(amina, ("Far back", day(2022, 1)), ("Older", day(2021)))
    before = YEARS.findall((await stranger(amina, HOME))[1])

    await at_risk(amina)
    _, plain, _ = await stranger(amina, HOME)
    gone = [(await stranger(amina, f"{HOME}/{year}"))[0] for year in (2023, 2024)]
    _, older, _ = await stranger(amina, f"{HOME}/2021")
    _, feed, _ = await stranger(amina, f"{HOME}.xml")

    assert before == ["2024", "2023", "2022", "2021"]
    assert YEARS.findall(plain) == ["2022", "2021"]
    assert LISTED.findall(plain) == ["Far back"]
    assert LISTED.findall(older) == ["Older"]
    assert gone == [404, 404]
    titles = [item.findtext("title") for item in ET.fromstring(feed).iter("item")]
    assert titles == ["Far back", "Older"]


async def test_many_emails_are_all_there_for_as_many_statements_as_few(amina: Desk) -> None:
    await archive(amina, ("First", day(2019)), ("First", day(2020)))
    await at_risk(amina)
    with statements() as few:
        await stranger(amina, f"{HOME}/2020")

    more = [(f"Letter {number}", day(2020, 1 + number % 12)) for number in range(120)]
    years = [(f"Year {number}", day(1990 + number)) for number in range(29)]
    await archive(amina, *more, *years)
    with statements() as many:
        _, page, _ = await stranger(amina, f"{HOME}/2020")
    _, feed, _ = await stranger(amina, f"{HOME}.xml")

    assert len(LISTED.findall(page)) == 121
    assert len(YEARS.findall(page)) == 31
    assert len(many) == len(few)
    assert len(list(ET.fromstring(feed).iter("item"))) == 10
