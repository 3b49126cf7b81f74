"""Several subjects of an email: typed in its form, read by who approves it, decided by a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from campaigns import firing, occurrences
from campaigns.experiment_models import Experiment
from campaigns.models import CampaignEmail
from campaigns.variants import read_plan
from database.opening import Opened
from tests.builders import make_contact
from tests.campaigns.test_firing import HOUSE
from tests.doubles import NoJobs
from tests.web.console.test_planned_emails import EMAIL, campaign
from tests.web.organizing import Desk, console, desk

OTHERS = {
    "repeat": "once",
    "hour": "10:00",
    "try_subject_2_en": "The river is yours",
    "try_subject_2_es": "El río es suyo",
    "try_share": "500",
    "try_holdout": "100",
}
AT = {"at": "2027-02-14T10:00"}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    def add(conn: Connection) -> None:
        for _ in range(40):
            make_contact(conn)

    await opened.database.write(add)
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def test_other_subjects_are_kept_shown_and_typed_again(amina: Desk, opened: Opened) -> None:
    response = await amina.post(await campaign(amina), {**EMAIL, **OTHERS})

    def kept(conn: Connection) -> dict[str, object]:
        return dict(conn.execute(select(CampaignEmail.experiment)).scalar_one())

    plan = read_plan(await opened.database.read(kept))
    assert (plan.share, plan.holdout, len(plan.others)) == (450, 100, 1)
    assert "The river is yours" in await amina.page(response.headers["Location"])
    form = await (await amina.get(f"{response.headers['Location']}/change")).text()
    assert 'value="El río es suyo"' in form
    assert 'value="500" selected' in form


async def test_what_cannot_be_tried_is_told_and_nothing_is_lost(amina: Desk) -> None:
    same = {**EMAIL, **OTHERS, "try_subject_2_en": EMAIL["subject_en"]}

    response = await amina.post(await campaign(amina), same)

    page = await response.text()
    assert response.status == 422
    assert "Two of the subjects are the same" in page
    assert "El río es suyo" in page


async def test_the_overview_tells_that_the_others_wait_for_a_decision(
    amina: Desk, opened: Opened
) -> None:
    response = await amina.post(await campaign(amina), {**EMAIL, **OTHERS})

    def fire_and_come_late(conn: Connection) -> None:
        row = conn.execute(select(CampaignEmail)).one()
        at = row.next_run_at + timedelta(seconds=1)
        firing.fire(conn, NoJobs(), row.id, house=HOUSE, now=at)
        occurrences.hold_overdue(conn, at + timedelta(days=1))

    before = await amina.page("/console/")
    await opened.database.write(fire_and_come_late)
    after = await (await amina.get("/console/")).text()

    assert "Several subjects were tried" not in before
    assert "Several subjects were tried" in after
    assert f'href="{response.headers["Location"]}"' in after


def fire(conn: Connection) -> None:
    """Let the email's first date go."""
    row = conn.execute(select(CampaignEmail)).one()
    at = row.next_run_at + timedelta(seconds=1)
    firing.fire(conn, NoJobs(), row.id, house=HOUSE, now=at)


async def test_who_was_left_without_is_compared_only_where_somebody_asks(
    amina: Desk, opened: Opened
) -> None:
    """With many people that takes longer than the rest of the page."""
    response = await amina.post(await campaign(amina), {**EMAIL, **OTHERS})
    email = response.headers["Location"]
    await opened.database.write(fire)

    shown = await amina.page(email)
    asked = await amina.page(f"{email}?effect={AT['at']}")

    assert "Compare with those who were left without it" in shown
    assert "of those who were left without it" not in shown
    assert "of those who were left without it" in asked


async def test_where_everybody_takes_part_nothing_is_there_to_choose(
    amina: Desk, opened: Opened
) -> None:
    everybody = {**OTHERS, "try_share": "1000", "try_holdout": "0"}
    response = await amina.post(await campaign(amina), {**EMAIL, **everybody})
    email = response.headers["Location"]
    await opened.database.write(fire)

    before = await amina.page(email)
    await amina.post(f"{email}/end-trial", AT)
    after = await amina.page(email)

    assert "Everybody took part. How it came out stands here" in before
    assert "Send the others" not in before
    assert "End the trial now" in before
    assert "The others get" not in after


async def test_nothing_is_called_clear_while_the_numbers_grow(amina: Desk, opened: Opened) -> None:
    response = await amina.post(await campaign(amina), {**EMAIL, **OTHERS})
    await opened.database.write(fire)

    page = await (await amina.get(response.headers["Location"])).text()

    assert "These numbers still grow" in page
    assert "The difference is" not in page
    # What waits for a decision stands above the words; and on a phone each number has its name.
    assert page.index("h-tried") < page.index("h-words")
    assert '<span class="folded">Got it: </span>' in page


async def test_a_person_decides_for_the_others_once(amina: Desk, opened: Opened) -> None:
    response = await amina.post(await campaign(amina), {**EMAIL, **OTHERS})
    email = response.headers["Location"]
    await opened.database.write(fire)
    before = await amina.page(email)
    await amina.post(f"{email}/choose", {**AT, "place": "1"})
    after = await amina.page(email)
    again = await amina.post(f"{email}/end-trial", AT)

    assert "Being tried" in before
    assert "Send the others this one" in before
    assert "chose “The river is yours” for the others" in after
    assert again.status == 409
    assert await opened.database.read(lambda conn: conn.scalar(select(Experiment.chosen))) == 1
