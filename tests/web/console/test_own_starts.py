"""A network keeps the words of an alert to begin others with; its committees begin with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from database.opening import Opened
from tests.builders import make_contact, make_project
from tests.web.console.test_alert_pages import ALERT
from tests.web.console.test_writing_pages import case_of, fields
from tests.web.organizing import console, desk, words

HOME = "/console/starting-texts"
NEW = "/console/alerts/new"


async def test_an_alert_is_kept_named_and_begun_with_by_a_committee(
    opened: Opened, now: datetime
) -> None:
    case_id = await case_of(opened)
    madison = await opened.database.write(make_project)
    cited = {**ALERT, "case": str(case_id), "sms_en": "{{ fact.held }} Call: {{ link }}"}
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)
        stored = await olga.post(NEW, cited)
        assert "Keep it as a starting text" in await olga.page(stored.headers["Location"])
        kept = await olga.post(f"{stored.headers['Location']}/keep")
        place = kept.headers["Location"]
        form = fields(await (await olga.get(place)).text())
        nameless = await olga.post(place, {**form, "name_es": "", "body_en": "Typed anew."})
        typed = await nameless.text()
        named = {**form, "name_en": "Evicted", "name_es": "Desalojo", "level": "amber"}
        saved = await olga.post(place, named)

        ana = await desk(client, opened, now, name="Ana", projects=[madison])
        start = await (await ana.get("/console/alerts/start")).text()
        begun = fields(await (await ana.get(f"{NEW}?from=own-1")).text())

    assert (nameless.status, saved.status) == (422, 303)
    assert "Give it a short name in each language" in typed
    assert "Typed anew." in typed
    assert ">Evicted</button>" in start
    assert begun["sms_en"] == "[what is known] Call: {{ link }}"
    assert begun["sms_es"] == ALERT["sms_es"]
    assert begun["body_es"] == ALERT["body_es"]


async def test_one_that_is_retired_is_offered_no_more_and_can_come_back(
    opened: Opened, now: datetime
) -> None:
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)
        stored = await olga.post(NEW, ALERT)
        await olga.post(f"{stored.headers['Location']}/keep")

        await olga.post(f"{HOME}/1/strike")
        gone = await (await olga.get("/console/alerts/start")).text()
        refused = await olga.get(f"{NEW}?from=own-1")
        listed = await olga.page(HOME)
        await olga.post(f"{HOME}/1/put-back")
        back = await (await olga.get("/console/alerts/start")).text()

    assert 'value="own-1"' not in gone
    assert refused.status == 404
    assert "Offered no more" in listed
    assert 'value="own-1"' in back


async def test_whoever_writes_only_for_a_committee_keeps_none(
    opened: Opened, now: datetime
) -> None:
    def projects(conn: Connection) -> int:
        return make_project(conn)

    madison = await opened.database.write(projects)
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)
        stored = await olga.post(NEW, ALERT)
        await olga.post(f"{stored.headers['Location']}/keep")
        ana = await desk(client, opened, now, name="Ana", projects=[madison])
        own = await ana.post(NEW, {**ALERT, "project": str(madison)})

        page = await ana.page(own.headers["Location"])
        kept = await ana.post(f"{own.headers['Location']}/keep")
        theirs = [(await ana.get(f"{HOME}/1")).status, (await ana.post(f"{HOME}/1/strike")).status]

    assert "Keep it as a starting text" not in page
    assert kept.status in (403, 404)
    assert theirs == [404, 404]


async def kept(olga: Any) -> tuple[str, dict[str, str]]:
    """Where the form of a starting text is, and what stands in it."""
    stored = await olga.post(NEW, ALERT)
    place = (await olga.post(f"{stored.headers['Location']}/keep")).headers["Location"]
    form = fields(await (await olga.get(place)).text())
    return place, {**form, "name_en": "Evicted", "name_es": "Desalojo"}


async def test_case_and_offices_are_begun_with_as_the_network_has_them(
    opened: Opened, now: datetime
) -> None:
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)
        place, form = await kept(olga)
        assert form["case_title_en"] == "[case | who it is about]"
        about = {"case_title_en": "[case | whose homes]", "case_summary_en": "[event | when]"}
        saved = await olga.post(place, {**form, **about, "whom": "senators"})
        page = await (await olga.get(f"{NEW}?from=own-1")).text()

    begun = fields(page)
    assert saved.status == 303
    assert (begun["case_title_en"], begun["case_summary_en"]) == ("[whose homes]", "[when]")
    assert '<option value="senators" selected>' in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Call for [event | what", "is opened and not closed"),
        ("Call for what]", "is opened and not closed"),
        ("Call for [[event] now]", "is opened and not closed"),
        ("Call for [evnt | what]", "Before the bar in a [bracket] may stand"),
    ],
)
async def test_brackets_that_nobody_could_fill_in_are_refused_and_stay_in_the_form(
    opened: Opened, now: datetime, typed: str, says: str
) -> None:
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)
        place, form = await kept(olga)
        refused = await olga.post(place, {**form, "summary_en": typed})
        page = await refused.text()

    assert refused.status == 422
    assert says in page
    assert typed in page


async def test_it_shows_what_it_will_ask_and_what_somebody_would_see(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(lambda conn: make_contact(conn, "María"))
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)
        place, form = await kept(olga)
        typed = {
            **form,
            "sms_en": "Now: [event | what happened] {{ link }}",
            "sms_es": "{{ link }}",
        }
        live = words(await (await olga.post("/console/alerts/measure", typed)).text())
        page = words(await (await olga.get(place)).text())

    assert "What María sees" in page
    assert "It asks whoever begins with it:" in page
    assert "what happened" in live
    assert "no bracket for it" in live
