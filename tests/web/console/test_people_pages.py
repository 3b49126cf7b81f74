"""Projects, people, imports and the inbox, as an organizer uses them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from html import unescape
from typing import Any

import pytest
from aiohttp import FormData
from sqlalchemy import Connection, insert, select

from contacts.consent import refuse
from contacts.models import (
    AddressStanding,
    Channel,
    Consent,
    Contact,
    Standing,
    project_scope,
)
from database.opening import Opened
from messages.models import Reply, ReplyVerdict
from tests.builders import make_contact, make_project
from tests.web.organizing import OURS, Desk, console, desk

PHONE = "+16085550123"
LIST = """first_name,last_name,email,can2_phone,zip_code,language
María,López,maria@example.org,(608) 555-0142,53703,Spanish
Ben,,ben@example.org,not a number,4401,
,,,,,
Nobody,At all,,,53703,
"""


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


def make_reply(conn: Connection, now: datetime, body: str, *, review: bool) -> int:
    contact_id = make_contact(conn, "Chloe", phone=PHONE)
    if review:
        refuse(
            conn,
            Channel.SMS,
            PHONE,
            standing=Standing.REVIEW,
            source="sms",
            evidence=body,
            actor="supporter",
            now=now,
        )
    row = {
        "channel": "sms",
        "address": PHONE,
        "contact_id": contact_id,
        "body": body,
        "verdict": ReplyVerdict.MAYBE_OPT_OUT if review else ReplyVerdict.OTHER,
        "received_at": now,
        "handled_by": "",
    }
    return conn.execute(insert(Reply).values(row).returning(Reply.id)).scalar_one()


async def standing(opened: Opened, address: str = PHONE) -> list[str]:
    held = select(AddressStanding.standing).where(AddressStanding.address == address)
    return await opened.database.read(lambda conn: list(conn.scalars(held)))


async def upload(amina: Desk, content: bytes, **said: str) -> str:
    form = FormData()
    for name, value in {"csrf": amina.csrf, "consent": "signed the sheet", **said}.items():
        form.add_field(name, value)
    form.add_field("file", content, filename="list.csv", content_type="text/csv")
    response = await amina.client.post(
        "/console/imports/check", data=form, headers={**amina.cookie, **OURS}
    )
    return await response.text()


def hidden(page: str, action: str) -> list[tuple[str, str]]:
    """The hidden fields of the form that goes to an address."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.DOTALL)
    assert form is not None
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
    return [(name, unescape(value)) for name, value in found if name != "csrf"]


async def test_a_project_is_added_and_shown(amina: Desk) -> None:
    form = {"name": "Bangor – Carasque", "us_city": "Bangor", "us_state": "me", "since": "1988"}

    await amina.post("/console/projects", form)

    assert "Bangor – Carasque Bangor, ME" in await amina.page("/console/projects")


async def test_a_project_without_a_name_is_refused_and_what_was_typed_stays(amina: Desk) -> None:
    response = await amina.post("/console/projects", {"us_city": "Bangor"})

    assert response.status == 422
    assert "A project needs a name" in await response.text()
    assert 'value="Bangor"' in await response.text()


async def test_a_person_is_added_with_their_word(amina: Desk) -> None:
    form = {"given_name": "Ben", "phone": "(608) 555-0142", "language": "en", "consent": "asked me"}

    response = await amina.post("/console/contacts/new", form)
    page = await amina.page(response.headers["Location"])

    assert "(608) •••-••42 Yes" in page
    assert "“asked me”" in page
    assert "555-0142" not in page


async def test_a_person_without_a_word_is_not_written_to(amina: Desk) -> None:
    response = await amina.post("/console/contacts/new", {"email": "ben@example.org"})

    assert "No recorded consent" in await amina.page(response.headers["Location"])


async def test_adding_a_person_again_does_not_bring_back_who_said_stop(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    await opened.database.write(
        refuse,
        Channel.SMS,
        PHONE,
        standing=Standing.OPTED_OUT,
        source="sms",
        evidence="STOP",
        actor="supporter",
        now=now,
    )

    await amina.post("/console/contacts/new", {"phone": PHONE, "consent": "told me so"})

    assert await standing(opened) == [Standing.OPTED_OUT]


async def test_a_bad_phone_is_told_and_what_was_typed_stays(amina: Desk) -> None:
    response = await amina.post("/console/contacts/new", {"given_name": "Ben", "phone": "12"})

    assert response.status == 422
    assert "is not a number that any country hands out" in await response.text()
    assert 'value="Ben"' in await response.text()


async def test_search_finds_by_the_end_of_a_number_and_shows_it_masked(
    amina: Desk, opened: Opened
) -> None:
    await opened.database.write(lambda conn: make_contact(conn, "Chloe", phone=PHONE))
    await opened.database.write(lambda conn: make_contact(conn, "Walter"))

    page = await amina.page("/console/contacts?q=0123")

    assert "Chloe" in page
    assert "Walter" not in page
    assert "0123" not in page


async def test_names_are_shown_as_text_whatever_they_hold(amina: Desk, opened: Opened) -> None:
    await opened.database.write(lambda conn: make_contact(conn, "<script>alert(1)</script>"))

    response = await amina.get("/console/contacts")

    assert "<script>alert" not in await response.text()


@pytest.mark.parametrize(
    "query", ["project=9999999", "from=-1", "from=99999999999999999999", "q=%00"]
)
async def test_odd_queries_break_nothing(amina: Desk, query: str) -> None:
    response = await amina.get(f"/console/contacts?{query}")

    assert response.status in (200, 400, 404)


async def test_a_trial_run_stores_nothing_and_tells_what_is_wrong(
    amina: Desk, opened: Opened
) -> None:
    page = await upload(amina, LIST.encode())

    assert "not a number" in page
    assert "What would happen" in page
    assert await opened.database.read(lambda conn: conn.scalars(select(Contact.id)).all()) == []


async def test_an_import_runs_from_the_trial_and_can_be_undone(amina: Desk, opened: Opened) -> None:
    page = await upload(amina, LIST.encode(), tags="vigil")

    response = await amina.post("/console/imports", hidden(page, "/console/imports"))
    address = response.headers["Location"]

    assert "2 rows were imported." in await amina.page(address)
    assert "López" in await amina.page("/console/contacts")
    consents = select(Consent.evidence).distinct()
    assert await opened.database.read(lambda conn: list(conn.scalars(consents))) == [
        "signed the sheet"
    ]

    await amina.post(f"{address}/undo")
    await amina.post(f"{address}/undo")

    assert "was undone on" in await amina.page(address)
    assert "López" not in await amina.page("/console/contacts")


async def test_the_rows_with_problems_come_as_a_file(amina: Desk) -> None:
    page = await upload(amina, LIST.encode())

    response = await amina.post(
        "/console/imports/problems", hidden(page, "/console/imports/problems")
    )

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["Content-Disposition"]
    assert "not a number" in await response.text()


@pytest.mark.parametrize(
    ("content", "consent", "sentence"),
    [
        (b"", "yes", "hoose a file"),
        (b"\x00\x01", "yes", 'class="problem"'),
        (b"a,b\n1,2\n", "yes", "No column is headed email or phone"),
        (LIST.encode(), " ", "ay how these people agreed"),
    ],
)
async def test_a_file_that_cannot_be_used_is_told_in_a_sentence(
    amina: Desk, content: bytes, consent: str, sentence: str
) -> None:
    assert sentence in await upload(amina, content, consent=consent)


async def test_a_packed_file_that_was_tampered_with_is_refused(amina: Desk) -> None:
    response = await amina.post("/console/imports", {"consent": "x", "packed": "AAAA!"})

    assert response.status == 422


async def test_a_reply_that_may_mean_stop_is_settled_as_one(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply_id = await opened.database.write(make_reply, now, "no more of this please", review=True)

    page = await amina.page("/console/inbox")
    await amina.post(f"/console/inbox/{reply_id}/settle", {"opted_out": "yes"})

    assert "May have said stop" in page
    assert await standing(opened) == [Standing.OPTED_OUT]
    assert "Nothing waits" in await amina.page("/console/inbox")


async def test_a_reply_that_did_not_mean_stop_lets_messages_through_again(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply_id = await opened.database.write(make_reply, now, "stop the war!", review=True)

    await amina.post(f"/console/inbox/{reply_id}/settle", {"opted_out": "no"})

    assert await standing(opened) == [Standing.GRANTED]


async def test_a_reply_can_be_taken_for_a_stop_with_its_words_as_evidence(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply_id = await opened.database.write(make_reply, now, "lose my number", review=False)

    await amina.post(f"/console/inbox/{reply_id}/opt-out")

    assert await standing(opened) == [Standing.OPTED_OUT]
    page = await amina.page("/console/contacts?q=Chloe")
    assert "Chloe" in page


async def test_a_handled_reply_leaves_the_inbox(amina: Desk, opened: Opened, now: datetime) -> None:
    reply_id = await opened.database.write(make_reply, now, "I called twice", review=False)

    await amina.post(f"/console/inbox/{reply_id}/handled")

    assert "Nothing waits" in await amina.page("/console/inbox")


async def test_a_member_sees_their_projects_people(opened: Opened, now: datetime) -> None:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    await opened.database.write(lambda conn: make_contact(conn, "Chloe", projects=[madison]))
    async with console(opened, now) as client:
        ben = await desk(client, opened, now, name="Ben", projects=[madison])

        assert "Chloe" in await ben.page("/console/contacts")


CHLOE = {"given_name": "Chloe", "language": "es", "zip": "53703", "phone": "", "email": ""}


async def make_chloe(opened: Opened, **values: Any) -> str:
    """The address of Chloe's page; she may be texted at PHONE."""
    chloe = partial(make_contact, given_name="Chloe", phone=PHONE, **values)
    return f"/console/contacts/{await opened.database.write(chloe)}"


async def test_the_form_of_a_person_shows_their_number_masked(amina: Desk, opened: Opened) -> None:
    response = await amina.get(f"{await make_chloe(opened)}/edit")
    page = await response.text()

    assert "Now (608) •••-••23; left empty, it stays." in page
    assert 'value="Chloe"' in page
    assert "0123" not in page


async def test_a_person_is_changed_and_an_empty_number_stays(amina: Desk, opened: Opened) -> None:
    address = await make_chloe(opened)

    response = await amina.post(f"{address}/edit", {**CHLOE, "given_name": "Chloë"})
    page = await amina.page(address)

    assert response.headers["Location"] == address
    assert "Chloë" in page
    assert "(608) •••-••23 Yes" in page
    assert "Spanish" in page


async def test_a_new_number_is_not_written_to_without_their_word(
    amina: Desk, opened: Opened
) -> None:
    address = await make_chloe(opened)

    await amina.post(f"{address}/edit", {**CHLOE, "phone": "(608) 555-0142"})
    before = await amina.page(address)
    await amina.post(
        f"{address}/edit", {**CHLOE, "phone": "(608) 555-0142", "consent": "told me at the vigil"}
    )

    assert "(608) •••-••42 No recorded consent" in before
    assert "(608) •••-••42 Yes" in await amina.page(address)
    assert await standing(opened) == [Standing.GRANTED]


async def test_changing_a_person_does_not_bring_back_who_said_stop(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    address = await make_chloe(opened)
    await opened.database.write(
        refuse,
        Channel.SMS,
        PHONE,
        standing=Standing.OPTED_OUT,
        source="sms",
        evidence="STOP",
        actor="supporter",
        now=now,
    )

    await amina.post(f"{address}/edit", {**CHLOE, "phone": PHONE, "consent": "told me so"})

    assert await standing(opened) == [Standing.OPTED_OUT]


async def test_a_wrong_number_changes_nothing_and_what_was_typed_stays(
    amina: Desk, opened: Opened
) -> None:
    address = await make_chloe(opened)

    response = await amina.post(f"{address}/edit", {**CHLOE, "given_name": "C.", "phone": "12"})

    assert response.status == 422
    assert 'value="C."' in await response.text()
    assert "(608) •••-••23 Yes" in await amina.page(address)


async def test_the_word_a_member_writes_down_holds_in_their_own_projects(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    bangor = await opened.database.write(lambda conn: make_project(conn, "Bangor – Carasque"))
    address = await make_chloe(opened, projects=[madison, bangor])
    async with console(opened, now) as client:
        ben = await desk(client, opened, now, name="Ben", projects=[madison])

        await ben.post(f"{address}/edit", {**CHLOE, "email": "c@example.org", "consent": "asked"})

    scopes = select(Consent.scope).where(Consent.evidence == "asked")
    kept = await opened.database.read(lambda conn: list(conn.scalars(scopes)))
    assert kept == [project_scope(madison)]
