"""A campaign's page of goal, timeline, measures and asks; and the page that anybody may read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from alerts.at_risk import RiskDraft, add_person
from alerts.models import AlertText
from campaigns.models import Campaign, CampaignEmail
from database.opening import Opened
from organizers.roles import Role
from tests.builders import Alerted, make_alert, make_project
from tests.web.organizing import Desk, console, desk, words

STORY = {
    "name": "Against mining",
    "goal": "a law that bans it",
    "begun_on": "2005-03-01",
    "is_public": "yes",
    "title_en": "Water, not gold",
    "title_es": "Agua, no oro",
    "summary_en": "For ten years.",
    "summary_es": "Desde hace diez años.",
}
LAW = {
    "happened_on": "2017-03-29",
    "happened_en": "The law is passed.",
    "happened_es": "La ley está aprobada.",
    "source": "Legislative Assembly",
    "moment_public": "yes",
}
TOWNS = {
    "measure_en": "Towns free of mining",
    "measure_es": "Municipios libres de minería",
    "target": "262",
    "measure_public": "yes",
}


@dataclass
class Office:
    """Somebody of the network's office, and what they look at."""

    desk: Desk
    opened: Opened

    async def campaign(self) -> str:
        answer = await self.desk.post("/console/campaigns", {"name": "Mining"})
        return answer.headers["Location"]

    async def alert(self) -> Alerted:
        def made(conn: Connection) -> Alerted:
            return make_alert(conn)

        return await self.opened.database.write(made)

    async def public(self, language: str = "en") -> tuple[int, str]:
        slug = await self.opened.database.read(
            lambda conn: conn.scalars(select(Campaign.slug)).one()
        )
        url = f"/campaign/{slug or 'nothing-here'}?lang={language}"
        async with self.desk.client.get(url) as answer:
            return answer.status, words(await answer.text())


@pytest.fixture
async def office(opened: Opened, now: datetime) -> AsyncIterator[Office]:
    async with console(opened, now) as client:
        yield Office(await desk(client, opened, now), opened)


async def test_a_campaign_tells_what_it_asks_and_what_happened(office: Office) -> None:
    address, amina = await office.campaign(), office.desk
    alert = await office.alert()
    for path, form in [
        (f"{address}/story", STORY),
        (f"{address}/moments", LAW),
        (f"{address}/measures", TOWNS),
        ("/console/measures/1/readings", {"value": "4", "read_on": "2015-01-01"}),
        (f"{address}/alerts", {"alert": str(alert.alert_id)}),
    ]:
        answer = await amina.post(path, form)
        assert answer.status == 303, words(await answer.text())

    page = words(await amina.page(f"{address}/story"))
    for told in ("Against mining", "a law that bans it", "The law is passed.", "4 of 262"):
        assert told in page
    assert "Free the fourteen asks for calls" in page

    status, shown = await office.public()
    assert status == 200
    for told in ("Water, not gold", "The law is passed.", "4 of 262", "Free the fourteen"):
        assert told in shown
    assert "La ley está aprobada." in (await office.public("es"))[1]
    for inner in ("Against mining", "a law that bans it"):
        assert inner not in shown


async def test_what_is_not_public_is_on_no_public_page(office: Office) -> None:
    address, amina = await office.campaign(), office.desk
    assert (await office.public())[0] == 404
    await amina.post(f"{address}/story", STORY)
    await amina.post(f"{address}/moments", {**LAW, "moment_public": ""})
    await amina.post(f"{address}/measures", {**TOWNS, "measure_public": ""})
    await amina.post("/console/measures/1/readings", {"value": "4", "read_on": "2015-01-01"})
    draft = await office.opened.database.write(
        lambda conn: make_alert(conn, status="draft", launched_at=None)
    )
    await amina.post(f"{address}/alerts", {"alert": str(draft.alert_id)})

    _, shown = await office.public()

    for inner in ("The law is passed.", "Towns", "Free the fourteen"):
        assert inner not in shown


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("story", {**STORY, "name": ""}, "needs a name"),
        ("story", {**STORY, "title_es": ""}, "needs a title in each language"),
        ("story", {**STORY, "begun_on": "then"}, "The day is a date"),
        ("moments", {**LAW, "happened_on": ""}, "The day is a date"),
        ("moments", {**LAW, "happened_es": ""}, "is told in each language"),
        ("measures", {**TOWNS, "target": "many"}, "What is hoped for is a number"),
        ("measures", {**TOWNS, "measure_en": ""}, "is named in each language"),
        ("alerts", {"alert": ""}, "Choose an alert"),
    ],
)
async def test_what_cannot_stand_is_told_and_nothing_typed_is_lost(
    office: Office, path: str, form: dict[str, str], sentence: str
) -> None:
    address = await office.campaign()

    answer = await office.desk.post(f"{address}/{path}", form)

    text = await answer.text()
    assert answer.status == 422
    assert sentence in words(text)
    for typed in form.values():
        if len(typed) > 3:
            assert typed in text


async def test_a_reading_that_is_none_is_told(office: Office) -> None:
    address = await office.campaign()
    await office.desk.post(f"{address}/measures", TOWNS)

    answer = await office.desk.post("/console/measures/1/readings", {"value": "some"})

    assert answer.status == 422
    assert "The day is a date" in words(await answer.text())


async def test_a_moment_is_changed_taken_off_and_put_back(office: Office) -> None:
    address, amina = await office.campaign(), office.desk
    await amina.post(f"{address}/story", STORY)
    await amina.post(f"{address}/moments", LAW)
    form = await (await amina.get("/console/moments/1")).text()
    assert 'value="2017-03-29"' in form
    wrong = await amina.post("/console/moments/1", {**LAW, "happened_on": ""})
    assert wrong.status == 422
    await amina.post("/console/moments/1", {**LAW, "happened_en": "The vote."})
    assert "The vote." in (await office.public())[1]

    await amina.post("/console/moments/1/strike")
    assert "The vote." not in (await office.public())[1]
    assert "Let it stand again" in await amina.page(f"{address}/story")
    await amina.post("/console/moments/1/put-back")

    assert "The vote." in (await office.public())[1]


async def test_a_campaign_is_closed_and_goes_on(office: Office) -> None:
    address, amina = await office.campaign(), office.desk
    alert = await office.alert()
    await amina.post(f"{address}/alerts", {"alert": str(alert.alert_id)})
    await amina.post(f"{address}/story", STORY)
    await amina.post(f"{address}/close", {"closing": "The law of 2017."})
    assert "The law of 2017." in await amina.page(f"{address}/story")
    shown = (await office.public())[1]
    assert "This campaign ended on" in shown
    assert "What you can do now" not in shown

    await amina.post(f"{address}/reopen")
    assert "What you can do now" in (await office.public())[1]
    await amina.post(f"/console/alerts/{alert.alert_id}/leave-campaign", {"campaign": "1"})
    assert "What you can do now" not in (await office.public())[1]


async def test_what_everybody_reads_is_changed_by_who_may_send(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    async with console(opened, now) as client:
        sender = await desk(client, opened, now, name="Sara", projects=[madison])
        made = await sender.post("/console/campaigns", {"name": "M", "project": str(madison)})
        address = made.headers["Location"]
        drafter = await desk(
            client, opened, now, name="Dora", projects=[madison], role=Role.DRAFTER
        )
        private = {**STORY, "is_public": ""}
        assert (await drafter.post(f"{address}/story", STORY)).status == 403
        assert (await drafter.post(f"{address}/story", private)).status == 303
        assert (await drafter.post(f"{address}/moments", LAW)).status == 403
        assert (await drafter.post(f"{address}/measures", TOWNS)).status == 403
        assert (
            await drafter.post(f"{address}/moments", {**LAW, "moment_public": ""})
        ).status == 303
        assert not re.search(r'name="is_public"', await drafter.page(f"{address}/story"))


async def test_an_email_leads_to_the_page_of_one_of_its_alerts(
    office: Office, now: datetime
) -> None:
    day = (now + timedelta(days=10)).date().isoformat()
    address, amina = await office.campaign(), office.desk
    alert, other = await office.alert(), await office.alert()
    assert "Where its link leads" not in await amina.page(address)
    await amina.post(f"{address}/alerts", {"alert": str(alert.alert_id)})
    form = await (await amina.get(address)).text()
    assert f'<option value="{alert.action_id}">Free the fourteen' in form
    email = {"day": day, "hour": "09:00", "zone": "America/Chicago"}
    email |= {"subject_en": "A", "body_en": "A", "subject_es": "B", "body_es": "B"}
    stored = select(CampaignEmail.action_id).order_by(CampaignEmail.id)

    for chosen in (alert.action_id, other.action_id):
        answer = await amina.post(address, {**email, "leads_to": str(chosen)})
        assert answer.status == 303, words(await answer.text())

    found = await office.opened.database.read(lambda conn: conn.scalars(stored).all())
    assert found == [alert.action_id, None]
    changed = await (await amina.get("/console/emails/1/change")).text()
    assert f'value="{alert.action_id}" selected' in changed
    words_of_a_date = f"/console/emails/1/words?at={day}T09:00"
    for offers in (form, changed, await (await amina.get(words_of_a_date)).text()):
        assert "<code>{{ link }}</code>" in offers
        assert "::: call" in offers
    nowhere = await (await amina.get(f"/console/emails/2/words?at={day}T09:00")).text()
    assert "::: call" not in nowhere


async def test_nobody_at_risk_is_named_to_everybody(office: Office, now: datetime) -> None:
    address, amina = await office.campaign(), office.desk
    alert = await office.alert()
    await amina.post(f"{address}/story", STORY)
    before = {**LAW, "happened_en": "Ana Beltrana spoke.", "happened_es": "Habló Ana Beltrana."}
    await amina.post(f"{address}/moments", before)
    assert "Ana Beltrana" in (await office.public())[1]
    await amina.post(f"{address}/alerts", {"alert": str(alert.alert_id)})
    title = update(AlertText).values(title="Free Ana Beltrana")
    await office.opened.database.write(lambda conn: conn.execute(title))
    assert "Free Ana Beltrana" in (await office.public())[1]
    listed = RiskDraft(given_names="Ana", family_names="Beltrana")
    await office.opened.database.write(
        lambda conn: add_person(conn, alert.case_id, listed, by="x", now=now)
    )

    shown = (await office.public())[1]
    assert "Water, not gold" in shown
    assert "Beltrana" not in shown
    for path, form in [
        (f"{address}/moments", before),
        ("/console/moments/1", before),
        (f"{address}/story", {**STORY, "summary_es": "Con Ana Beltrana."}),
        (f"{address}/measures", {**TOWNS, "measure_en": "Letters to Ana Beltrana"}),
    ]:
        answer = await amina.post(path, form)
        assert answer.status == 422
        assert "say it without the name" in words(await answer.text())
    kept = {**before, "moment_public": ""}
    assert (await amina.post(f"{address}/moments", kept)).status == 303
