"""The alert's form is folded, and no part closes over what somebody just wrote or has to put right."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from multidict import MultiDict
from sqlalchemy import Connection

from actions.scripts import BadScript
from database.opening import Opened
from messages.templates import BadTemplate
from tests.builders import make_contact
from tests.web.console.test_alert_pages import ALERT
from tests.web.console.test_writing_pages import form_of
from tests.web.organizing import Desk, console, desk, words
from web.console.alert_forms import BadForm
from web.console.folding import opened as opened_parts
from web.console.folding import part_of

NEW = "/console/alerts/new"
PART = re.compile(r'<details class="part" data-part="(\w+)"( open)?>')
COUNTED = re.compile(r'name="(texts_\w+)" value="([0-9]+)"')


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


def readers(conn: Connection) -> None:
    for name, language in (("Ben", "en"), ("Ana", "en"), ("Eva", "es"), ("Zoë", "fr")):
        make_contact(conn, name, language=language)


def open_in(html: str) -> set[str]:
    return {name for name, is_open in PART.findall(html) if is_open}


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("sms_en", ""),
        ("subject_es", "email"),
        ("summary_en", "page"),
        ("case_summary_en", "case"),
        ("fact_0_sources", "facts"),
        ("fact_0_release", ""),  # it is always chosen
        ("if_away_es", "script"),
        ("ask_es", "script"),
        ("ask_hours", "more"),
        ("letter_subject_en", "letter"),
        ("ask_0_who", ""),
        ("ask_2_who", "asks"),
        ("ask_0_mode", "rule_0"),
        ("ask_3_if_yes_es", "own_3"),
        ("tag", "narrow"),
    ],
)
def test_every_field_has_its_part(field: str, part: str) -> None:
    assert part_of(field) == part


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (BadForm(["The goal is a number."]), {"more"}),
        (BadScript("unknown field"), {"script", "own_1", "asks"}),
        (BadTemplate("unknown field"), {"email", "script", "own_1", "asks"}),
        (None, set()),
    ],
)
def test_what_may_be_wrong_is_opened_where_something_stands(
    error: Exception | None, parts: set[str]
) -> None:
    form = MultiDict(body_en="x", ask_en="x", ask_1_ask_en="x", goal="many", sms_en="x")

    assert opened_parts(form, form, error) == parts


def test_what_a_script_noted_counts_and_not_what_was_changed() -> None:
    form = MultiDict([("open", "letter"), ("open", ""), ("body_en", "new")])

    assert opened_parts(form, MultiDict()) == {"letter", ""}


async def test_a_form_begins_folded_and_tells_what_stands_in_its_parts(amina: Desk) -> None:
    page = await (await amina.get(f"{NEW}?from=arrested")).text()

    assert open_in(page) == {"case"}
    assert "Email Call today for [who it is about" in words(page)


async def test_what_was_written_stays_open_without_a_script(amina: Desk) -> None:
    form = await form_of(amina, "from=arrested")
    typed = {**form, "letter_en": "Dear office", "states": "WI", "then": "count"}

    page = await (await amina.post(NEW, typed)).text()

    assert open_in(page) == {"case", "letter", "narrow"}
    assert ">Dear office</textarea>" in page


async def test_a_part_with_something_wrong_is_opened(amina: Desk) -> None:
    typed = {**await form_of(amina, "from=arrested"), "goal": "many", "open": ""}

    page = await (await amina.post(NEW, typed)).text()

    assert "more" in open_in(page)
    assert 'value="many"' in page


async def test_the_form_tells_what_the_check_then_tells_the_texts_cost(
    amina: Desk, opened: Opened
) -> None:
    await opened.database.write(readers)
    form = {**ALERT, "sms_es": "Ñandú y pingüino. " * 5 + ALERT["sms_es"]}

    counted = await (await amina.post(NEW, {**form, "then": "count"})).text()
    texts = dict(COUNTED.findall(counted))
    live = words(await (await amina.post("/console/alerts/measure", {**form, **texts})).text())
    uncounted = words(await (await amina.post("/console/alerts/measure", form)).text())
    stored = await amina.post(NEW, form)
    check = words(await amina.page(stored.headers["Location"]))

    price = re.search(r"All texts cost about (\$[0-9.]+)", check)
    assert price is not None
    assert texts == {"texts_en": "2", "texts_es": "1", "texts_fr": "1"}
    assert f"All texts cost about {price[1]}" in words(counted)
    assert f"All texts cost about {price[1]}" in live
    assert "Price of 3 texts" in live
    assert "Price of 1,000" in uncounted
    assert "All texts cost" not in uncounted
