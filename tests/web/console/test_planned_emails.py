"""A committee plans its year: by plain choices, date by date, with a second person behind the words."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from icalendar import Calendar

from database.opening import Opened
from tests.builders import make_contact, make_project
from tests.web.organizing import Desk, console, desk, words

EMAIL = {
    "day": "2027-02-14",
    "hour": "02:30",
    "zone": "America/New_York",
    "repeat": "weekday",
    "nth": "2",
    "weekday": "SU",
    "subject_en": "News of the river",
    "body_en": "Read this.",
    "subject_es": "Noticias del río",
    "body_es": "Lea esto.",
}
SECOND = {"at": "2027-03-14T02:30"}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    await opened.database.write(lambda conn: make_contact(conn, "Chloe"))
    async with console(opened, now, approvals=2) as client:
        yield await desk(client, opened, now)


async def campaign(amina: Desk) -> str:
    response = await amina.post("/console/campaigns", {"name": "Water", "goal": "a law"})
    return response.headers["Location"]


async def planned(amina: Desk, **changed: str) -> str:
    response = await amina.post(await campaign(amina), {**EMAIL, **changed})
    assert response.status == 303
    return response.headers["Location"]


async def test_the_form_shows_the_dates_and_what_is_odd_before_anything_is_stored(
    amina: Desk,
) -> None:
    address = await campaign(amina)

    page = words(await (await amina.post(address, {**EMAIL, "act": "preview"})).text())

    assert re.search(
        "Sun, Feb 14, 2027, 2:30.AM Sun, Mar 14, 2027, 2:30.AM It goes at 3:00.AM", page
    )
    assert "No email is scheduled" in page
    assert "Read this." in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"repeat": "rule", "rule": "FREQ=HOURLY"}, "an email comes again daily"),
        ({"repeat": "rule", "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "no date within ten"),
        ({"ends": "until", "until": ""}, "choose the first day"),
        ({"ends": "times", "times": "many"}, "write a number from 1 to 1000"),
        ({"weekday": "XX"}, "choose a weekday"),
    ],
)
async def test_a_plan_that_cannot_be_is_told_and_nothing_is_lost(
    amina: Desk, changed: dict[str, str], sentence: str
) -> None:
    response = await amina.post(await campaign(amina), {**EMAIL, **changed})

    page = await response.text()
    assert response.status == 422
    assert sentence in page.lower() or sentence in page
    assert "Read this." in page


async def test_one_date_is_left_out_moved_given_other_words_and_put_back(amina: Desk) -> None:
    email = await planned(amina)
    third, fourth = {"at": "2027-04-11T02:30"}, {"at": "2027-05-09T02:30"}
    own = {**EMAIL, "subject_en": "May Day"}

    await amina.post(f"{email}/skip", SECOND)
    await amina.post(f"{email}/move", {**third, "day": "2027-04-12", "hour": "09:00"})
    form = await amina.page(f"{email}/words?at={fourth['at']}")
    await amina.post(f"{email}/words", {**own, **fourth})
    page = await amina.page(email)

    assert re.search("Words for Sun, May 9, 2027, 2:30.AM only", form)
    assert re.search(
        "Sun, Mar 14, 2027, 2:30.AM It goes at [^.]*[.] Somebody said so. Left out", page
    )
    assert re.search("Mon, Apr 12, 2027, 9:00.AM moved from Sun, Apr 11, 2027, 2:30.AM", page)
    assert re.search("Sun, May 9, 2027, 2:30.AM words of its own", page)
    for each in (SECOND, third):
        await amina.post(f"{email}/put-back", each)
    assert "Somebody said so" not in await amina.page(email)
    assert "moved from" not in await amina.page(email)


async def test_a_date_that_is_none_of_its_own_is_told(amina: Desk) -> None:
    email = await planned(amina)

    response = await amina.post(f"{email}/skip", {"at": "2027-03-15T02:30"})
    moved = await amina.post(f"{email}/move", {**SECOND, "day": "2020-01-01", "hour": "09:00"})

    assert response.status == 409
    assert moved.status == 422
    assert "is over already" in await moved.text()


async def test_its_words_wait_for_a_second_person_and_a_change_voids_what_was_approved(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    email = await planned(amina)
    ben = await desk(amina.client, opened, now, name="Ben", reads="en es", network=True)
    assert "News of the river Planned email, first" in await ben.page("/console/approvals")
    seen = re.search('name="seen" value="([0-9a-f]{64})"', await (await ben.get(email)).text())
    assert seen is not None
    yes = [("at", ""), ("seen", seen[1]), ("language", "en"), ("language", "es")]

    assert "Approve these words" not in await amina.page(email)
    await ben.post(f"{email}/approve", yes)
    approved = await ben.page(email)
    await amina.post(f"{email}/change", {**EMAIL, "body_en": "Read that.", "act": "schedule"})
    changed = await ben.page(email)

    assert "Approved by Ben" in approved
    assert "It was approved, and has changed since." in changed
    assert (
        "this has changed since" in (await (await ben.post(f"{email}/approve", yes)).text()).lower()
    )


async def test_all_of_it_is_called_off_and_taken_up_again(amina: Desk) -> None:
    email = await planned(amina, act="draft")
    assert "Draft" in await amina.page(email)

    await amina.post(f"{email}/take-up")
    assert re.search("Sun, Feb 14, 2027, 2:30.AM Planned", await amina.page(email))
    await amina.post(f"{email}/cancel")
    assert "Nothing of it is ahead" in await amina.page(email)
    await amina.post(f"{email}/take-up")

    assert re.search("Sun, Feb 14, 2027, 2:30.AM Planned", await amina.page(email))


async def test_the_plan_comes_back_into_its_form_as_it_was_typed(amina: Desk) -> None:
    email = await planned(amina, ends="times", times="5", own_zone="yes")

    page = await (await amina.get(f"{email}/change")).text()

    for chosen in ('value="weekday" selected', 'value="SU" selected', 'value="times" selected'):
        assert chosen in page
    assert re.search('name="own_zone" value="yes" checked', page)
    assert page.count("<li><span") == 5


async def test_a_month_shows_each_date_and_what_became_of_it(amina: Desk) -> None:
    email = await planned(amina)
    await amina.post(f"{email}/skip", SECOND)

    march = await amina.page("/console/?month=2027-03")
    april = await amina.page("/console/?month=2027-04")

    assert "Email, left out: News of the river" in march
    assert "Email: News of the river" in april


async def test_a_calendar_program_subscribes_until_the_address_is_ended(amina: Desk) -> None:
    await planned(amina)
    made = await (await amina.post("/console/account/calendar")).text()
    address = re.search(r"/calendar/[\w-]{43}\.ics", made)
    assert address is not None

    answer = await amina.client.get(address[0])
    book: Any = Calendar.from_ical(await answer.read())
    again = await (await amina.get("/console/account/calendar")).text()
    await amina.post("/console/account/calendar/end")

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert str(book.walk("VEVENT")[0]["SUMMARY"]) == "News of the river"
    assert address[0] not in again
    assert (await amina.client.get(address[0])).status == 404


async def test_a_committee_sees_no_words_of_anothers_on_a_clash(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    """Its people get both, so the day is told; what others write is theirs."""
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison"))
    await planned(amina, subject_en="Of the network")
    ben = await desk(amina.client, opened, now, name="Ben", projects=[madison])
    response = await ben.post("/console/campaigns", {"name": "Ours", "project": str(madison)})
    email = (await ben.post(response.headers["Location"], EMAIL)).headers["Location"]

    page = await ben.page(email)

    assert "On the same day these people also get mail" in page
    assert "Of the network" not in page


async def test_the_form_and_the_month_tell_of_mail_to_everybody_on_the_same_day(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison"))
    await planned(amina, subject_en="Of the network")
    ben = await desk(amina.client, opened, now, name="Ben", projects=[madison])
    address = (
        await ben.post("/console/campaigns", {"name": "Ours", "project": str(madison)})
    ).headers["Location"]

    preview = words(await (await ben.post(address, {**EMAIL, "act": "preview"})).text())
    before = await ben.page("/console/?month=2027-02")
    await ben.post(address, EMAIL)
    after = await ben.page("/console/?month=2027-02")

    assert "On the same day these people also get mail" in preview
    assert "Two emails to the same people" not in before
    assert "Two emails to the same people within a day: News of the river" in after
    assert "Of the network" not in preview + after


async def test_zones_are_told_in_the_words_of_the_language_those_of_its_people_first(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    email = await planned(amina, zone="Asia/Tokyo")
    eva = await desk(amina.client, opened, now, name="Eva", language="es", network=True)

    english = await (await amina.get(f"{email}/change")).text()
    spanish = await (await eva.get(f"{email}/change")).text()
    page = await eva.page(email)

    ours = english[english.index("Of your people") : english.index("In the United States")]
    assert re.findall('<option value="([^"]*)">([^<]*)<', ours) == [
        ("America/Chicago", "Chicago (Central Time)"),
        ("America/El_Salvador", "El Salvador (Central Standard Time)"),
    ]
    assert '<option value="Asia/Tokyo" selected>Tokyo (Japan Standard Time)<' in english
    assert "Nueva York (hora oriental)" in spanish
    assert "Tokio (hora estándar de Japón)" in page
