"""What a person may ask for: a file of everything held on them, and to be gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from contacts.models import Contact
from database.opening import Opened
from messages.models import MessageStatus, Status
from organizers import audit
from tests.builders import LONG_AGO, make_alert, make_contact, make_delivery, make_project
from tests.web.organizing import Desk, console, desk

PHONE, EMAIL = "+16084443322", "guadalupe.quezada@example.org"


async def guadalupe(opened: Opened, *projects: int, **values: Any) -> int:
    def add(conn: Connection) -> int:
        contact_id = make_contact(
            conn,
            "Guadalupe",
            family_name="<b>Quezada</b>",
            phone=PHONE,
            email=EMAIL,
            projects=projects,
            **values,
        )
        alert = make_alert(conn, status=MessageStatus.FINISHED, expanded_at=LONG_AGO)
        make_delivery(conn, alert.message_id, contact_id, status=Status.DELIVERED)
        return contact_id

    return await opened.database.write(add)


async def people(opened: Opened) -> int:
    return await opened.database.read(lambda conn: conn.scalar(select(func.count(Contact.id))) or 0)


async def exported(amina: Desk, contact_id: int, kind: str) -> str:
    url = f"/console/contacts/{contact_id}/export"
    response = await amina.post(url, {"as": kind})
    assert response.status == 200
    assert response.headers["Content-Disposition"].endswith(f'person-{contact_id}.{kind}"')
    return await response.text()


async def test_everything_held_comes_as_data_and_as_a_page_in_the_persons_language(
    opened: Opened, now: datetime
) -> None:
    contact_id = await guadalupe(opened, language="es")
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, exports=True)
        data = orjson.loads(await exported(amina, contact_id, "json"))
        page = await exported(amina, contact_id, "html")

    assert data["person"]["given_name"] == "Guadalupe"
    assert {each["address"] for each in data["addresses"]} == {PHONE, EMAIL}
    assert "Lo que guardamos de usted" in page
    assert PHONE in page
    assert "&lt;b&gt;Quezada" in page
    assert "<b>Quezada" not in page
    entries = await opened.database.read(lambda conn: audit.entries(conn, None))
    assert [(each.act, each.object) for each in entries] == [
        ("contact.export", f"contact:{contact_id}")
    ] * 2
    assert [each.after for each in entries] == [{}, {}]


async def test_person_is_erased_once_the_word_is_typed_and_the_record_names_nobody(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison"))
    contact_id = await guadalupe(opened, madison)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[madison])
        asked = await amina.page(f"/console/contacts/{contact_id}/erase")
        wrong = await amina.post(f"/console/contacts/{contact_id}/erase", {"word": "yes"})
        left = await people(opened)
        done = await amina.post(f"/console/contacts/{contact_id}/erase", {"word": "borrar"})
        gone = await amina.get(f"/console/contacts/{contact_id}")
        refused = await amina.post(
            "/console/contacts/new",
            {"given_name": "G", "phone": "608 444 3322", "language": "en", "project": str(madison)},
        )
        told = await refused.text()

    assert "deleted for good" in asked
    assert (wrong.status, left) == (422, 1)
    assert (done.status, await people(opened)) == (200, 0)
    assert gone.status == 404
    assert refused.status == 422
    assert "asked to be erased" in told
    [entry] = await opened.database.read(lambda conn: audit.entries(conn, None))
    assert (entry.act, entry.object) == ("contact.erase", f"contact:{contact_id}")
    assert (entry.before, entry.after, entry.project_id) == ({}, {}, madison)


async def test_person_of_two_projects_is_for_whoever_has_the_right_in_both(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison"))
    boston = await opened.database.write(lambda conn: make_project(conn, "Boston"))
    contact_id = await guadalupe(opened, madison, boston)
    async with console(opened, now) as client:
        ben = await desk(client, opened, now, projects=[madison], exports=True)
        taken = await ben.post(f"/console/contacts/{contact_id}/export", {"as": "json"})
        erased = await ben.post(f"/console/contacts/{contact_id}/erase", {"word": "ERASE"})

    assert (taken.status, erased.status) == (409, 422)
    assert await people(opened) == 1


async def test_numbers_are_in_no_page_before_somebody_asks_which_is_on_the_record(
    opened: Opened, now: datetime
) -> None:
    contact_id = await guadalupe(opened)
    path = f"/console/contacts/{contact_id}"
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        pages = [
            await (await amina.get(each)).text()
            for each in (path, f"{path}/edit", f"{path}/erase", "/console/contacts", "/console/inbox",
                         "/console/contacts?q=6084443322", "/console/unknown")
        ]  # fmt: skip
        before = await opened.database.read(lambda conn: audit.entries(conn, None))
        revealed = await (await amina.post(f"{path}/reveal")).text()
        again = await (await amina.get(path)).text()

    hidden = "\n".join([*pages, again])
    assert PHONE not in hidden
    assert EMAIL not in hidden
    assert "Guadalupe" in pages[5]  # the search still finds by number
    assert PHONE in revealed
    assert EMAIL in revealed
    assert before == []
    [entry] = await opened.database.read(lambda conn: audit.entries(conn, None))
    assert (entry.act, entry.object) == ("contact.reveal", f"contact:{contact_id}")
    assert PHONE not in str(entry)
