"""Letters, members who are not one's own, wrong numbers, and what is new, as the page tells them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from actions.targets import SWITCHBOARD_PHONE
from actions.whereabouts import place_of_contact
from alerts.fact_models import FactVersion
from contacts.models import Contact
from database.opening import Opened
from tests.builders import load_invented_officials, make_alert, make_contact, make_delivery
from tests.web.public.test_acting import CAMBRIDGE, HOUSE, PUBLIC_URL, Door, page_of
from tests.web.serving import serving
from tests.writing_cases import make_call_and_letter, make_letter

MINISTRY = "custom:ministry"


@pytest.fixture
async def door(opened: Opened, now: datetime) -> AsyncIterator[Door]:
    def make(conn: Connection) -> Any:
        load_invented_officials(conn)
        return make_alert(conn, make_call_and_letter(conn))

    alert = await opened.database.write(make)
    async with serving(opened, now, public_url=PUBLIC_URL) as client:
        yield Door(client, opened, alert)


async def make_letter_page(door: Door, **contact: Any) -> str:
    """A supporter's page of an alert that only asks for letters."""

    def make(conn: Connection) -> int:
        alert = make_alert(conn, make_letter(conn))
        return make_delivery(conn, alert.message_id, make_contact(conn, **contact))

    return page_of(await door.opened.database.write(make))


async def chloe(door: Door, now: datetime) -> tuple[str, int | None, str, str]:
    def read(conn: Connection) -> tuple[str, int | None, str, str]:
        columns = select(Contact.id, Contact.zip, Contact.city, Contact.zone_set_id)
        row = conn.execute(columns.where(Contact.given_name == "Chloe")).one()
        at = place_of_contact(conn, row.id, now=now)
        return row.zip, at.district, at.how, row.city

    return await door.opened.database.read(read)


async def test_call_page_offers_the_letter_below_the_call(door: Door) -> None:
    page = await door.get(await door.make_page())

    assert "Or write to Rep. Encina" in page
    assert "Dear Representative Encina," in page
    assert "<b>130 Example House Office Building, Washington, DC 20515</b>" in page
    assert 'href="https://encina.example" rel="noreferrer noopener">Open their own form' in page
    assert "If the person in charge is not there" in page
    assert "Ask for the staff member who handles foreign affairs." in page


async def test_office_that_reads_spanish_gets_it_in_spanish_with_a_translation(door: Door) -> None:
    page = await door.get(f"{await door.make_page()}?target={MINISTRY}")

    assert '<div class="script letter" lang="es">' in page
    assert "Señor Fiscal General:" in page
    assert "This office reads Spanish" in page
    assert "What the letter says" in page
    assert "I ask <mark>Fiscalía General</mark> to speak up" in page
    assert 'href="mailto:fiscal@example.org?subject=Catorce%20detenciones' in page
    assert "+503 2222 0101" in page
    assert "Calle Uno, San Salvador" in page


async def test_alert_with_a_letter_alone_asks_nobody_to_call(door: Door) -> None:
    own = await make_letter_page(door)

    page = await door.get(own)
    status, _ = await door.post(own, target=HOUSE, outcome="spoke")
    _, where = await door.post(own, target=HOUSE, outcome="wrote")
    after = await door.get(where)

    assert "Letter 1 of 3" in page
    assert "tel:" not in page
    assert 'value="voicemail"' not in page
    assert status == 400
    assert "We noted for Rep. Encina: you wrote." in after
    assert "Letter 2 of 3" in after


async def test_last_letter_leads_to_thanks(door: Door) -> None:
    own = await make_letter_page(door)

    for target in (HOUSE, "us:senate:WI:1", "us:senate:WI:3"):
        await door.post(own, target=target, outcome="wrote")

    assert "You have written every letter" in await door.get(own)


async def test_whoever_asks_for_a_letter_and_is_unsure_still_has_somewhere_to_turn(
    door: Door,
) -> None:
    own = await make_letter_page(door, **CAMBRIDGE, district_how="split")

    page = await door.get(f"{own}?district=unsure")

    assert "Letter 1 of 2" in page
    assert f"tel:{SWITCHBOARD_PHONE}" not in page


async def test_letter_after_a_call_loses_nothing_of_the_call(door: Door) -> None:
    own = await door.make_page()

    await door.post(own, target=HOUSE, outcome="spoke")
    await door.post(own, target=HOUSE, outcome="wrote")
    first = [row[2] for row in await door.told()]
    await door.post(own, target=MINISTRY, outcome="wrote")
    await door.post(own, target=MINISTRY, outcome="voicemail")

    assert first == ["spoke"]
    assert [row[2] for row in await door.told()] == ["spoke", "voicemail"]


async def test_calls_and_letters_count_toward_the_goal(door: Door) -> None:
    for outcome in ("spoke", "spoke", "spoke", "voicemail", "wrote"):
        await door.post(await door.make_page("Ben"), target=HOUSE, outcome=outcome)

    page = await door.get(await door.make_page())

    assert 'max="50" value="5" aria-label="5 of 50 calls and letters"' in page
    assert "<b>4</b> calls heard" in page
    assert "<b>1</b> letters" in page


async def test_not_my_representative_opens_a_picked_district_again(
    door: Door, now: datetime
) -> None:
    own = await door.make_page("Chloe", **CAMBRIDGE | {"district": 5}, district_how="picked")
    assert "Rep. Marta Maple" in await door.get(own)

    status, where = await door.post(own, target="us:house:MA:5", outcome="not_mine")
    page = await door.get(where)

    assert (status, await chloe(door, now)) == (303, ("02139", None, "split", "Cambridge"))
    assert "Which is yours?" in page
    assert "Nora Nogal" in page
    assert "Marta Maple" not in page
    assert 'href="?zip="' in page


async def test_not_my_representative_of_a_plain_zip_asks_for_the_home_and_corrects_it(
    door: Door, now: datetime
) -> None:
    own = await door.make_page("Chloe")

    _, where = await door.post(own, target=HOUSE, outcome="not_mine")
    asked = await door.get(where)
    _, bad = await door.post(f"{own}/home", zip="12")
    told = await door.get(bad)
    _, good = await door.post(f"{own}/home", zip="02139")

    assert f'method="post" action="{own}/home"' in asked
    assert "We noted that Rep. Encina does not stand for you." in asked
    assert "is not a ZIP code" in told
    assert f'method="post" action="{own}/home"' in told
    assert await chloe(door, now) == ("02139", None, "split", "")
    assert "Which is yours?" in await door.get(good)
    assert await door.told() == []


async def test_slip_is_taken_back_by_an_answer(door: Door, now: datetime) -> None:
    own = await door.make_page("Chloe")

    await door.post(own, target=HOUSE, outcome="not_mine")
    again = await door.get(f"{own}?target={HOUSE}")
    await door.post(own, target=HOUSE, outcome="spoke")

    assert "tel:+12025550130" in again
    assert "Sen. Guava" in await door.get(own)
    assert (await chloe(door, now))[:3] == ("53703", 2, "zip_single")


async def test_organizers_word_outlives_a_not_mine(door: Door, now: datetime) -> None:
    own = await door.make_page("Chloe", **CAMBRIDGE | {"district": 5}, district_how="organizer")

    _, where = await door.post(own, target="us:house:MA:5", outcome="not_mine")

    assert (await chloe(door, now))[1:3] == (5, "organizer")
    assert "ZIP code of the home you vote from" in await door.get(where)


@pytest.mark.parametrize("zip_code", ["02139", ""])
async def test_nobody_moves_a_person_who_said_nothing_of_the_kind(
    door: Door, now: datetime, zip_code: str
) -> None:
    own = await door.make_page("Chloe")

    status, _ = await door.post(f"{own}/home", zip=zip_code)

    assert (status, (await chloe(door, now))[0]) == (400, "53703")


async def test_stranger_whose_member_it_is_not_is_asked_again_and_nothing_is_stored(
    door: Door,
) -> None:
    shared = f"/p/{door.alert.slug}"

    _, plain = await door.post(f"{shared}?zip=53703", target=HOUSE, outcome="not_mine")
    _, split = await door.post(
        f"{shared}?zip=02139&district=MA-5", target="us:house:MA:5", outcome="not_mine"
    )

    assert 'name="zip"' in await door.get(plain)
    assert "Which is yours?" in await door.get(split)
    async with door.client.post(f"{shared}/home", data={"zip": "02139"}) as answer:
        assert answer.status in (404, 405)


@pytest.mark.parametrize("target", [MINISTRY, "switchboard"])
async def test_office_of_nobodys_cannot_be_disowned(door: Door, target: str) -> None:
    status, _ = await door.post(await door.make_page(), target=target, outcome="not_mine")

    assert status == 400


async def test_wrong_number_brings_another_number_and_the_next_office(door: Door) -> None:
    own = await door.make_page()

    _, where = await door.post(own, target=HOUSE, outcome="wrong_number")
    page = await door.get(where)

    assert "We will check that number. This office can also be reached here:" in page
    assert "(608) 555-0130" in page
    assert "Next: Sen. Guava." in page


async def test_number_that_two_people_found_wrong_warns_the_third(door: Door) -> None:
    own = await door.make_page("Amina")

    await door.post(await door.make_page("Ben"), target=HOUSE, outcome="wrong_number")
    one = await door.get(own)
    await door.post(await door.make_page("Chloe"), target=HOUSE, outcome="wrong_number")
    two = await door.get(own)

    assert "told us that this number is wrong" not in one
    assert "told us that this number is wrong" in two
    assert "<details open><summary>Line busy? Call a local office" in two


async def test_facts_that_came_after_the_persons_copy_are_marked(door: Door, now: datetime) -> None:
    own = await door.make_page()
    before = await door.get(own)

    def add(conn: Connection) -> None:
        conn.execute(update(FactVersion).values(noted_at=now - timedelta(hours=1)))

    await door.opened.database.write(add)

    assert "New since we wrote to you" not in before
    assert "New since we wrote to you" in await door.get(own)
    assert "New since" not in await door.get(f"/p/{door.alert.slug}?zip=53703")


async def test_page_is_passed_on_in_the_language_it_is_read_in(door: Door) -> None:
    page = await door.get(f"{await door.make_page('Lucía', language='es')}")

    assert f"{PUBLIC_URL}/p/{door.alert.slug}?lang=es" in page
    assert 'href="https://wa.me/?text=Libertad%20para%20los%20catorce%20http%3A' in page
    assert 'href="sms:?&amp;body=Libertad' in page
    assert 'href="mailto:?subject=Libertad%20para%20los%20catorce&amp;body=' in page
