"""From news to a draft: what an alert begins with, what is filled in once, and who would get it, meanwhile."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from alerts.models import Alert, AlertText, CaseText
from contacts.models import Channel
from database.opening import Opened
from messages.models import MessageStatus, MessageText, Status
from tests.builders import (
    Alerted,
    make_alert,
    make_contact,
    make_delivery,
    make_fact,
    make_message,
    make_office,
    make_project,
)
from tests.web.console.test_alert_pages import ALERT
from tests.web.organizing import Desk, console, desk, words

NEW = "/console/alerts/new"
UNCHOSEN = re.compile(r'<input type="radio"(?![^>]*checked)[^>]*>')
FIELD = re.compile(
    r'<(?:textarea id="[^"]*" name="(?P<area>\w+)"[^>]*>(?P<text>[^<]*)</textarea>'
    r'|input (?![^>]*checkbox)[^>]*name="(?P<input>\w+)"[^>]*value="(?P<value>[^"]*)"'
    r'|option value="(?P<option>[^"]*)" selected)'
)


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def case_of(opened: Opened, **message: Any) -> int:
    """A case with a title, a fact that everybody may read, and an alert."""

    def made(conn: Connection) -> int:
        case_id = make_alert(conn, **message).case_id
        titled(conn, case_id)
        make_fact(conn, case_id, key="held", en="14 are held.", es="Hay 14 presas.")
        return case_id

    return await opened.database.write(made)


def titled(conn: Connection, case_id: int) -> None:
    known = {"en": "The Suchitoto 14", "es": "Los 14 de Suchitoto"}
    there = set(conn.scalars(select(CaseText.language).where(CaseText.case_id == case_id)))
    for language, title in known.items():
        if language not in there:
            row = {"case_id": case_id, "language": language, "title": title, "summary": "x"}
            conn.execute(insert(CaseText).values(row))


def office(conn: Connection, number: int) -> int:
    return make_office(conn, f"desk-{number}", name=f"Desk {number}")


def launched(conn: Connection) -> Alerted:
    return make_alert(conn)


def member(conn: Connection, name: str, projects: list[int]) -> int:
    return make_contact(conn, name, projects=projects)


async def form_of(amina: Desk, query: str) -> dict[str, str]:
    """What stands in the fields of a form."""
    response = await amina.get(f"{NEW}?{query}")
    assert response.status == 200
    return fields(await response.text())


def fields(html: str) -> dict[str, str]:
    chosen = UNCHOSEN.sub("", html)
    found = [each for each in FIELD.finditer(chosen) if each["option"] is None]
    return {
        (each["area"] or each["input"]): unescape(
            each["text"] if each["area"] else each["value"]
        ).removeprefix("\n")
        for each in found
        if (each["area"] or each["input"]) not in ("csrf", "fill_en", "fill_es")
    }


async def count_of(opened: Opened, model: Any) -> int:
    counted = select(func.count()).select_from(model)
    return await opened.database.read(lambda conn: conn.execute(counted).scalar_one())


async def test_from_news_to_a_whole_draft_in_two_sentences_a_language(
    amina: Desk, opened: Opened
) -> None:
    await opened.database.write(lambda conn: make_contact(conn, "Ben"))
    form = {**await form_of(amina, "from=arrested"), "level": "red", "ask_0_who": "congress"}
    form["work"] = "grassroots_lobbying"
    filled = [
        ("blank_en", "[who it is about, such as the 14 of Suchitoto]"),
        ("fill_en", "the 14 of Suchitoto"),
        ("blank_en", "[What happened, where and when, in a short sentence.]"),
        ("fill_en", "14 people were arrested in Suchitoto today."),
        ("blank_es", "[por quienes, por ejemplo los 14 de Suchitoto]"),
        ("fill_es", "los 14 de Suchitoto"),
        ("blank_es", "[Hechos, lugar y fecha, en una frase corta.]"),
        ("fill_es", "Hoy detuvieron a 14 personas en Suchitoto."),
    ]
    own = [(name, value) for name, value in form.items() if not name.startswith("blank_")]

    stored = await amina.post(NEW, [*own, *filled])
    page = await amina.page(stored.headers["Location"])

    assert "Call today for the 14 of Suchitoto" in page
    assert "Hoy detuvieron a 14 personas en Suchitoto. Llamar hoy al Congreso" in page
    assert "stands in the way" not in page
    assert "Launch to 1 person" in page


async def test_a_case_fills_in_what_is_known_of_it(amina: Desk, opened: Opened) -> None:
    case_id = await case_of(opened)

    form = await form_of(amina, f"from=arrested&case={case_id}")
    start = await amina.page(f"/console/alerts/start?case={case_id}")

    assert "blank_en" not in form
    assert form["sms_es"].startswith('{{ first_name | "Hola" }}: {{ fact.held }} Llamar')
    assert "People were arrested" in start


async def test_the_case_page_and_the_lists_lead_to_the_beginnings(
    amina: Desk, opened: Opened
) -> None:
    case_id = await case_of(opened)

    case = await (await amina.get(f"/console/cases/{case_id}")).text()
    listed = await (await amina.get("/console/alerts")).text()

    assert f'href="/console/alerts/start?case={case_id}">Write an alert about this case' in case
    assert 'href="/console/alerts/start"' in listed


@pytest.mark.parametrize(("offices", "chosen"), [(1, True), (2, False)])
async def test_a_call_in_day_chooses_the_office_where_there_is_just_one(
    amina: Desk, opened: Opened, offices: int, *, chosen: bool
) -> None:
    for n in range(offices):
        await opened.database.write(office, n)

    html = await (await amina.get(f"{NEW}?from=call_in")).text()

    assert ('value="office:desk-0" selected' in html) is chosen


async def test_a_blank_that_is_left_stands_in_the_way_with_its_language_and_places(
    amina: Desk,
) -> None:
    blank = {
        "sms_es": "Hay [cuántas] personas presas: {{ link }}",
        "ask_es": "Llamo por [cuántas].",
    }
    stored = await amina.post(NEW, {**ALERT, **blank})
    address = stored.headers["Location"]

    english = await amina.page(address)
    refused = await amina.post(f"{address}/launch", {"confirmed": "1"})
    await amina.post("/console/language", {"language": "es", "next": address})
    spanish = await amina.page(address)

    told = "Spanish, text message, script: “[cuántas]” is still to be filled in."
    assert told in english
    assert refused.status == 409
    assert "Español, mensaje de texto, guion: falta llenar «[cuántas]»." in spanish


async def test_a_case_is_not_made_while_its_title_has_blanks(amina: Desk, opened: Opened) -> None:
    refused = await amina.post(NEW, {**ALERT, "case_title_en": "[who it is about]"})
    html = await refused.text()

    assert refused.status == 422
    assert "The title and the summary of the case still hold what is to be filled in" in words(html)
    assert fields(html)["sms_en"] == ALERT["sms_en"]
    assert await count_of(opened, Alert) == 0


async def test_an_earlier_alert_gives_its_words_but_not_its_days_or_money(amina: Desk) -> None:
    days = {"last_day": "2026-12-04", "ask_0_until": "2026-12-03", "budget": "50"}
    more = {"states": "WI, ME", "goal": "300", "if_no_en": "Why not?"}
    stored = await amina.post(NEW, {**ALERT, **days, **more})
    number = stored.headers["Location"].rpartition("/")[2]

    form = await form_of(amina, f"like={number}")
    start = await amina.page("/console/alerts/start")

    same = ("sms_en", "sms_es", "subject_es", "body_en", "title_es", "opening_en")
    assert {name: form[name] for name in same} == {name: ALERT[name] for name in same}
    assert (form["states"], form["goal"], form["if_no_en"]) == ("WI, ME", "300", "Why not?")
    assert (form["last_day"], form["ask_0_until"], form["budget"]) == ("", "", "")
    assert ALERT["title_en"] in start


async def test_about_another_case_nothing_of_the_earlier_one_is_cited(
    amina: Desk, opened: Opened
) -> None:
    first, other = await case_of(opened), await case_of(opened)
    cites = {"case": str(first), "sms_en": "{{ fact.other }} {{ fact.held }} {{ link }}"}
    fact = {"fact_0_en": "Other.", "fact_0_es": "Otra."}
    await opened.database.write(
        lambda conn: make_fact(conn, first, key="other", en="Other.", es="Otra.")
    )
    stored = await amina.post(NEW, {**ALERT, **fact, **cites})
    number = stored.headers["Location"].rpartition("/")[2]

    same = await form_of(amina, f"like={number}")
    about = await form_of(amina, f"like={number}&case={other}")

    assert same["sms_en"] == cites["sms_en"]
    assert about["sms_en"] == "[what is known] {{ fact.held }} {{ link }}"


async def test_a_reminder_is_nothing_to_begin_with(amina: Desk, opened: Opened) -> None:
    alert = await opened.database.write(launched)
    drafted = await amina.post(f"/console/alerts/{alert.alert_id}/follow-up/nudge")
    number = drafted.headers["Location"].split("/")[3]

    assert (await amina.get(f"{NEW}?like={number}")).status == 404
    assert (await amina.get(f"{NEW}?from=nothing")).status == 404
    assert f'value="{number}"' not in await (await amina.get("/console/alerts/start")).text()


async def test_starting_from_something_else_keeps_what_was_written(
    amina: Desk, opened: Opened
) -> None:
    kept = await amina.post(NEW, {**ALERT, "then": "begin"})
    title = select(AlertText.title).where(AlertText.language == "en")

    assert kept.headers["Location"] == "/console/alerts/start"
    assert await opened.database.read(lambda conn: conn.scalar(title)) == ALERT["title_en"]


async def test_starting_from_something_else_keeps_nothing_where_nothing_was_written(
    amina: Desk, opened: Opened
) -> None:
    form = await form_of(amina, "from=court")

    left = await amina.post(
        NEW,
        {**form, "from": "court", "ask_0_who": "congress", "ask_hours": "0", "then": "begin"},
    )
    touched = await amina.post(NEW, {**form, "sms_en": "My own words", "then": "begin"})

    assert left.headers["Location"] == "/console/alerts/start"
    assert touched.status == 422  # it cannot be kept yet, so it stays in the form
    assert "My own words" in await touched.text()
    assert await count_of(opened, Alert) == 0


async def test_a_stored_draft_is_never_overwritten_by_a_beginning(
    amina: Desk, opened: Opened
) -> None:
    address = (await amina.post(NEW, ALERT)).headers["Location"]

    changed = {**ALERT, "case": "1", "sms_en": "Other words: {{ link }}", "then": "begin"}
    gone = await amina.post(f"{address}/edit", changed)
    await form_of(amina, "from=arrested&case=1")
    kept = select(MessageText.sms).where(MessageText.language == "en")

    assert gone.headers["Location"] == "/console/alerts/start?case=1"
    assert await opened.database.read(lambda conn: conn.scalar(kept)) == "Other words: {{ link }}"


@pytest.mark.parametrize("then", ["count", "look", "fill"])
async def test_a_button_without_scripts_keeps_everything_and_stores_nothing(
    amina: Desk, opened: Opened, then: str
) -> None:
    sent = await amina.post(NEW, {**ALERT, "states": "wi", "then": then})
    html = await sent.text()

    assert sent.status == 200
    kept = fields(html)
    written = {name: words for name, words in ALERT.items() if name in kept}
    assert len(written) > 20
    assert written == {name: kept[name] for name in written}
    assert kept["states"] == "wi"
    assert await count_of(opened, Alert) == 0


async def test_the_form_counts_the_people_whom_the_check_counts(
    amina: Desk, opened: Opened
) -> None:
    def people(conn: Connection) -> None:
        make_contact(conn, "Ben", language="en")
        make_contact(conn, "María", language="es")
        make_contact(conn, "Chloe", consent=None)

    await opened.database.write(people)
    asked = {**ALERT, "language": "en", "level": "amber"}

    counted = words(await (await amina.post("/console/alerts/count", asked)).text())
    whole = words(await (await amina.post(NEW, {**asked, "then": "count"})).text())
    checked = await amina.page((await amina.post(NEW, asked)).headers["Location"])

    for told in ("1 person will be reached of 2 in this audience", "Text: No recorded consent"):
        assert told in counted
        assert told in whole
        assert told in checked


async def test_a_project_counts_its_own_members_and_their_consents(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    for name, projects in (("Ben", [madison]), ("Benedicta", [])):
        await opened.database.write(member, name, projects)
    async with console(opened, now) as client:
        ana = await desk(client, opened, now, projects=[madison])
        form = {"project": str(madison), "reach": "sms"}

        counted = words(await (await ana.post("/console/alerts/count", form)).text())

    assert "1 person will be reached of 1 in this audience" in counted
    assert "Committees" not in counted


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"districts": "Wisconsin"}, "is not a district"),
        ({"joined_since": "soon"}, "is not a date"),
    ],
)
async def test_what_cannot_be_read_is_told_instead_of_a_number(
    amina: Desk, form: dict[str, str], problem: str
) -> None:
    counted = words(await (await amina.post("/console/alerts/count", form)).text())

    assert problem in counted
    assert "will be reached" not in counted


async def test_who_has_had_enough_this_week_is_left_out_unless_lives_are_at_stake(
    opened: Opened, now: datetime
) -> None:
    def had_one(conn: Connection) -> None:
        ben = make_contact(conn, "Ben")
        message = make_message(conn, status=MessageStatus.FINISHED, launched_at=now)
        for channel in Channel:
            make_delivery(conn, message, ben, channel=channel, status=Status.DELIVERED)

    await opened.database.write(had_one)
    async with console(opened, now, weekly_cap=1) as client:
        amina = await desk(client, opened, now)
        amber, red = [
            words(await (await amina.post("/console/alerts/count", {"level": level})).text())
            for level in ("amber", "red")
        ]

    assert "0 people will be reached of 1 in this audience" in amber
    assert "Text: Had enough messages this week" in amber
    assert "1 person will be reached" in red
