"""What organizers see of the members' data, and what the office corrects in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from database.opening import Opened
from representatives.loading import load
from representatives.lookup import official
from tests.builders import make_project
from tests.representatives.publishing import EXAMPLES
from tests.web.organizing import Desk, console, desk
from tests.web.serving import Client

PATH = "/console/representatives"
SEAT = "us:house:ME:2"


@pytest.fixture
async def client(opened: Opened, now: datetime) -> AsyncIterator[Client]:
    async with console(opened, now) as client:
        yield client


async def make(desk: Desk, now: datetime, **changed: str) -> tuple[int, str]:
    form = {
        "seat": SEAT,
        "field": "phone",
        "value": "(202) 555-0177",
        "reason": "their own site",
        "expires_on": (now + timedelta(days=30)).date().isoformat(),
        "q": "ME-2",
        **changed,
    }
    response = await desk.post(f"{PATH}/corrections", form)
    return response.status, await response.text()


async def test_without_data_the_page_says_what_to_run(
    client: Client, opened: Opened, now: datetime
) -> None:
    olga = await desk(client, opened, now)

    assert "llamado representatives update" in await olga.page(PATH)


async def test_the_page_tells_what_is_loaded_and_what_is_vacant(
    client: Client, opened: Opened, now: datetime
) -> None:
    await opened.database.write(load, EXAMPLES, now)
    olga = await desk(client, opened, now)

    shown = await olga.page(PATH)

    assert "34 members" in shown
    assert "Vacant: TX-35" in shown
    assert "members.csv" in shown


@pytest.mark.parametrize("typed", ["ME-2", "me2", "ME", "Blanca"])
async def test_people_find_a_member_by_what_they_type(
    client: Client, opened: Opened, now: datetime, typed: str
) -> None:
    await opened.database.write(load, EXAMPLES, now)
    olga = await desk(client, opened, now)

    shown = await olga.page(f"{PATH}?q={typed}")

    assert "Blanca Birch" in shown if typed == "Blanca" else "ME-2" in shown
    assert "Nobody of that name" in await olga.page(f"{PATH}?q=%25")


async def test_a_correction_counts_and_is_taken_back(
    client: Client, opened: Opened, now: datetime
) -> None:
    await opened.database.write(load, EXAMPLES, now)
    olga = await desk(client, opened, now)

    status, _ = await make(olga, now)
    corrected = await opened.database.read(official, SEAT, now=now)
    shown = await olga.page(PATH)
    await olga.post(f"{PATH}/corrections/1/withdraw")
    back = await opened.database.read(official, SEAT, now=now)

    assert status == 303
    assert corrected is not None
    assert corrected.phone == "+12025550177"
    assert "ME-2: +12025550177" in shown
    assert back is not None
    assert back.phone != "+12025550177"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"value": "12"}, "12"),
        ({"reason": ""}, "Write why"),
        ({"expires_on": ""}, "Choose the day"),
        ({"expires_on": "2031-01-01"}, "within a year"),
        ({"seat": "us:house:XX:1"}, "There is no seat"),
    ],
)
async def test_what_cannot_be_is_told_and_changes_nothing(
    client: Client, opened: Opened, now: datetime, changed: dict[str, str], told: str
) -> None:
    await opened.database.write(load, EXAMPLES, now)
    olga = await desk(client, opened, now)

    status, page = await make(olga, now, **changed)

    assert status == 422
    assert told in page


async def test_a_committee_looks_and_does_not_correct(
    client: Client, opened: Opened, now: datetime
) -> None:
    await opened.database.write(load, EXAMPLES, now)
    madison = await opened.database.write(make_project)
    ana = await desk(client, opened, now, projects=[madison])

    assert "Correct" not in await ana.page(f"{PATH}?q=ME-2")
    assert (await make(ana, now))[0] == 404


async def test_a_month_before_a_congress_begins_the_page_asks_for_its_lines(
    opened: Opened, now: datetime
) -> None:
    december = datetime(2026, 12, 5, 12, tzinfo=UTC)
    await opened.database.write(load, EXAMPLES, now)
    async with console(opened, december) as client:
        olga = await desk(client, opened, december)
        before = await olga.page(PATH)
        await opened.database.write(load, EXAMPLES, december, congress=120)
        after = await olga.page(PATH)

    assert "A new Congress begins on Jan 3, 2027" in before
    assert "A new Congress begins" not in after
