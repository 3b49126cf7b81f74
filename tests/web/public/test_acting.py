from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, select, update

import web
from actions.flooding import ADDRESS, PAGE
from actions.models import Action, AnswerCount, Response, Script
from actions.office_models import Source
from actions.reports import open_reports
from actions.staffers import Aide, save_staffer
from actions.whereabouts import place_of_contact
from contacts.models import AddressStanding, Contact, Standing
from database.opening import Opened
from messages.links import person_token
from messages.models import Click
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_message,
)
from tests.web.serving import LINKS_SECRET, Client, serving

HOUSE, SENATE = "us:house:WI:2", "us:senate:WI:1"
PUBLIC_URL = "http://localhost"  # not https, so that the cookie comes back
CAMBRIDGE: dict[str, Any] = {"zip": "02139", "city": "Cambridge", "state": "MA", "district": None}


@dataclass
class Door:
    """The public pages of one alert."""

    client: Client
    opened: Opened
    alert: Alerted

    async def make_page(self, name: str = "Amina", **contact: Any) -> str:
        """A supporter's own page."""

        def copy(conn: Connection) -> int:
            return make_delivery(conn, self.alert.message_id, make_contact(conn, name, **contact))

        return page_of(await self.opened.database.write(copy))

    async def get(self, path: str, **options: Any) -> str:
        async with self.client.get(path, **options) as answer:
            assert answer.status == 200
            return await answer.text()

    async def post(self, path: str, **form: str) -> tuple[int, str]:
        """Answer a form; the status and where it leads."""
        async with self.client.post(path, data=form, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    async def told(self) -> list[tuple[Any, ...]]:
        def rows(conn: Connection) -> list[tuple[Any, ...]]:
            columns = select(Response.who, Response.target, Response.outcome, Response.note)
            return [tuple(row) for row in conn.execute(columns.order_by(Response.id))]

        return await self.opened.database.read(rows)


def page_of(delivery_id: int) -> str:
    return f"/a/{person_token(LINKS_SECRET, delivery_id)}"


def make_called_alert(conn: Connection) -> Alerted:
    load_invented_officials(conn)
    return make_alert(conn)


@pytest.fixture
async def door(opened: Opened, now: datetime) -> AsyncIterator[Door]:
    alert = await opened.database.write(make_called_alert)
    async with serving(opened, now, public_url=PUBLIC_URL) as client:
        yield Door(client, opened, alert)


async def test_page_names_the_office_and_merges_the_script(door: Door) -> None:
    page = await door.get(await door.make_page())

    assert 'href="tel:+12025550130"' in page
    assert "(202) 555-0130" in page
    assert "My name is <mark>Amina</mark> and I live in <mark>Madison, 53703</mark>." in page
    assert "I ask <mark>Representative Encina</mark> to speak up" in page
    assert "Police arrested fourteen people." in page


async def test_withheld_fact_is_on_no_page(door: Door) -> None:
    assert "A name nobody may read" not in await door.get(await door.make_page())


async def test_page_speaks_the_persons_language_whatever_the_browser_wants(door: Door) -> None:
    own = await door.make_page("Lucía", language="es")

    page = await door.get(own, headers={"Accept-Language": "en"})

    assert '<html lang="es">' in page
    assert "Diga esto" in page
    assert "Le pido a <mark>Congresista Encina</mark>" in page
    assert "Si contestan en inglés" in page


async def test_language_can_be_switched_and_stays(door: Door) -> None:
    own = await door.make_page()

    page = await door.get(f"{own}?lang=es")

    assert '<html lang="es">' in page
    assert 'href="?lang=en" lang="en"' in page
    assert f'action="{own}?lang=es"' in page


async def test_shared_page_follows_the_browsers_language(door: Door) -> None:
    page = await door.get(f"/p/{door.alert.slug}", headers={"Accept-Language": "es-SV,es;q=0.9"})

    assert '<html lang="es">' in page


async def test_outcome_leads_to_the_next_office_with_thanks(door: Door) -> None:
    own = await door.make_page()

    status, where = await door.post(
        own, target=HOUSE, outcome="voicemail", note=" Dana \n he\0ard "
    )
    page = await door.get(where)

    assert status == 303
    assert "We noted for Rep. Encina: left a message." in page
    assert "Next: Sen. Guava." in page
    assert f'name="target" value="{SENATE}"' in page
    [(_, target, outcome, note)] = await door.told()
    assert (target, outcome, note) == (HOUSE, "voicemail", "Dana heard")


async def test_second_outcome_corrects_the_first(door: Door) -> None:
    own = await door.make_page()

    await door.post(own, target=HOUSE, outcome="no_answer")
    await door.post(own, target=HOUSE, outcome="spoke")

    assert [row[2] for row in await door.told()] == ["spoke"]


async def test_after_the_last_call_the_page_asks_for_one_more_person(door: Door) -> None:
    own = await door.make_page()
    for target in (HOUSE, SENATE, "us:senate:WI:3"):
        _, where = await door.post(own, target=target, outcome="spoke")

    page = await door.get(where)

    assert "You have made every call" in page
    assert f"{PUBLIC_URL}/p/{door.alert.slug}" in page


async def test_whoever_cannot_call_today_is_not_pushed_on_but_may_come_back(door: Door) -> None:
    own = await door.make_page()

    _, where = await door.post(own, target=HOUSE, outcome="skipped")

    assert "This page waits for you" in await door.get(where)
    assert f'name="target" value="{HOUSE}"' in await door.get(own)


@pytest.mark.parametrize(
    "form",
    [
        {"target": "us:house:CA:14", "outcome": "spoke"},
        {"target": HOUSE, "outcome": "shouted"},
        {"target": HOUSE},
        {},
    ],
)
async def test_answer_the_page_did_not_offer_is_refused(door: Door, form: dict[str, str]) -> None:
    status, _ = await door.post(await door.make_page(), **form)

    assert status == 400
    assert await door.told() == []


async def test_opening_the_page_is_recorded_once_per_look(door: Door) -> None:
    own = await door.make_page()

    await door.get(own)
    await door.get(f"{own}?lang=es")

    def clicks(conn: Connection) -> int:
        return conn.execute(select(func.count()).select_from(Click)).scalar_one()

    assert await door.opened.database.read(clicks) == 1


async def test_split_zip_asks_and_remembers_the_answer(door: Door, now: datetime) -> None:
    own = await door.make_page("Chloe", **CAMBRIDGE, district_how="split")
    question = await door.get(own)

    status, where = await door.post(f"{own}/district", district="MA-5")
    page = await door.get(where)

    assert "Nora Nogal" in question
    assert "tel:" not in question
    assert (status, "Marta Maple" in page) == (303, True)

    def where_now(conn: Connection) -> tuple[int | None, str]:
        contact_id = conn.scalars(select(Contact.id).where(Contact.given_name == "Chloe")).one()
        place = place_of_contact(conn, contact_id, now=now)
        return place.district, place.how

    assert await door.opened.database.read(where_now) == (5, "picked")


@pytest.mark.parametrize("district", ["WI-2", "MA", "MA-²", "unsure", ""])
async def test_district_outside_the_zip_is_not_remembered(door: Door, district: str) -> None:
    own = await door.make_page(**CAMBRIDGE, district_how="split")

    status, _ = await door.post(f"{own}/district", district=district)

    assert status == 400
    assert "Nora Nogal" in await door.get(own)


@pytest.mark.parametrize("number", ["9999", "9" * 20, "9" * 5000])
@pytest.mark.parametrize("prefix", ["MA-", "address-MA-"])
async def test_number_of_no_district_leaves_the_question_as_it_was(
    door: Door, prefix: str, number: str
) -> None:
    own = await door.make_page("Ben", **CAMBRIDGE, district_how="split")

    page = await door.get(f"/p/{door.alert.slug}?zip=02139&district={prefix}{number}")
    status, _ = await door.post(f"{own}/district", district=f"{prefix}{number}")

    assert "Nora Nogal" in page
    assert status == 400


@pytest.mark.parametrize("part", ["home", "remind", "district", "address", "connect"])
async def test_the_way_back_after_an_error_leads_to_the_page(door: Door, part: str) -> None:
    own = await door.make_page()
    foreign = {"Origin": "https://elsewhere.example"}
    async with door.client.post(f"{own}/{part}?lang=es", data={}, headers=foreign) as answer:
        page = await answer.text()

    assert answer.status == 403
    assert f'href="{own}?lang=es"' in page


async def test_a_page_named_as_a_part_of_others_is_itself_the_way_back(door: Door) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    async with door.client.post("/p/home", data={}, headers=foreign) as answer:
        assert 'href="/p/home"' in await answer.text()


async def test_not_sure_gives_the_switchboard_and_both_senators(door: Door) -> None:
    own = await door.make_page(**CAMBRIDGE, district_how="split")

    page = await door.get(f"{own}?district=unsure")

    assert "tel:+12022243121" in page
    assert "Sen. Oak" in page
    assert "Sen. Pine" in page


async def test_vacant_seat_is_shown_beside_the_senators(door: Door) -> None:
    own = await door.make_page(zip="78741", city="Austin", state="TX", district=35)

    page = await door.get(own)

    assert "The seat of Texas, district 35 is vacant" in page
    assert "Sen. Ciro Ceiba" in page


async def test_person_without_a_zip_is_asked_for_one(door: Door) -> None:
    own = await door.make_page(zip="", city="", state="", district=None, district_how="unknown")

    assert 'name="zip"' in await door.get(own)
    assert "Rep. Emil Encina" in await door.get(f"{own}?zip=53703")


async def test_town_we_do_not_know_leaves_no_hole_in_the_script(door: Door) -> None:
    page = await door.get(await door.make_page(city=""))

    assert "I live in <mark>53703</mark>." in page


async def test_stranger_enters_a_zip_and_calls(door: Door) -> None:
    shared = f"/p/{door.alert.slug}"

    assert 'name="zip"' in await door.get(shared)
    page = await door.get(f"{shared}?zip=53703")
    status, where = await door.post(f"{shared}?zip=53703", target=HOUSE, outcome="spoke")

    assert "Rep. Emil Encina" in page
    assert 'My name is <mark class="you">[your name]</mark>' in page
    assert status == 303
    assert "zip=53703" in where
    [(who, target, *_)] = await door.told()
    assert who.startswith("visitor:")
    assert target == HOUSE


async def test_strangers_second_answer_corrects_their_first(door: Door) -> None:
    shared = f"/p/{door.alert.slug}?zip=53703"

    await door.post(shared, target=HOUSE, outcome="no_answer")
    await door.post(shared, target=HOUSE, outcome="spoke")

    assert [row[2] for row in await door.told()] == ["spoke"]


async def test_zip_that_is_none_is_explained_in_its_place(door: Door) -> None:
    page = await door.get(f"/p/{door.alert.slug}?zip=12&lang=es")

    assert "no es un código postal" in page
    assert 'value="12"' in page


async def test_stranger_of_a_split_zip_picks_without_being_stored(door: Door) -> None:
    shared = f"/p/{door.alert.slug}"

    assert "zip=02139&amp;district=MA-5" in await door.get(f"{shared}?zip=02139")
    assert "Marta Maple" in await door.get(f"{shared}?zip=02139&district=MA-5")
    assert "Which is yours?" in await door.get(f"{shared}?zip=02139&district=WI-2")


async def test_after_the_deadline_the_page_says_so_and_records_nothing(
    door: Door, now: datetime
) -> None:
    own = await door.make_page()

    def end(conn: Connection) -> None:
        conn.execute(update(Action).values(deadline=now - timedelta(days=2)))

    await door.opened.database.write(end)
    await door.post(own, target=HOUSE, outcome="spoke")
    page = await door.get(own)

    assert "It ended on November 17, 2026. Please do not call any more." in page
    assert "tel:" not in page
    assert await door.told() == []


async def test_progress_is_shown_once_there_are_enough_callers(door: Door) -> None:
    own = await door.make_page()

    def goal(conn: Connection) -> None:
        conn.execute(update(Action).values(goal=50))

    await door.opened.database.write(goal)
    for _ in range(4):
        await door.post(await door.make_page("Ben"), target=HOUSE, outcome="spoke")
    few = await door.get(own)
    await door.post(await door.make_page("Ben"), target=HOUSE, outcome="voicemail")
    enough = await door.get(own)

    assert "Be among the first to call" in few
    assert '<progress max="50" value="5" aria-label="5 of 50 calls">' in enough


@pytest.mark.parametrize(
    "path", ["/a/zzzzzzzzzzzzzz", "/a/1", "/p/nothing", "/u/x,", "/r/zzz/1", "/a/a b", "/a/"]
)
async def test_address_that_is_none_of_ours_is_met_with_help(door: Door, path: str) -> None:
    async with door.client.get(path, headers={"Accept-Language": "es"}) as answer:
        page = await answer.text()

    assert answer.status == 404
    assert "Este enlace no lleva a ninguna parte" in page


async def test_copy_of_a_message_without_an_action_leads_nowhere(door: Door) -> None:
    def copy(conn: Connection) -> int:
        return make_delivery(conn, make_message(conn), make_contact(conn))

    path = page_of(await door.opened.database.write(copy))

    async with door.client.get(path) as answer:
        assert answer.status == 404


async def test_draft_is_not_open_to_the_public(door: Door) -> None:
    draft = await door.opened.database.write(lambda conn: make_alert(conn, launched_at=None))

    async with door.client.get(f"/p/{draft.slug}") as answer:
        assert answer.status == 404


async def test_contact_deleted_since_can_still_answer(door: Door) -> None:
    own = await door.make_page()

    def forget(conn: Connection) -> None:
        conn.execute(delete(Contact))

    await door.opened.database.write(forget)
    status, _ = await door.post(f"{own}?zip=53703", target=HOUSE, outcome="spoke")

    assert status == 303
    [(who, *_)] = await door.told()
    assert who.startswith("visitor:copy:")


async def test_hostile_words_are_shown_as_words(door: Door) -> None:
    page = await door.get(await door.make_page("<script>alert(1)</script>"))

    assert "<script" not in page
    assert "&lt;script&gt;" in page


async def test_page_needs_no_script_and_tells_nobody_where_it_led(door: Door) -> None:
    async with door.client.get(await door.make_page()) as answer:
        page = await answer.text()

    assert "<script" not in page
    assert " style=" not in page
    assert '<meta name="referrer" content="no-referrer">' in page
    assert '<meta name="robots" content="noindex">' in page
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_page_is_light_enough_for_a_bad_line(door: Door) -> None:
    page = await door.get(await door.make_page())
    style = (Path(web.__file__).parent / "static" / "public.css").read_bytes()

    assert len(gzip.compress(style)) <= 3 * 1024
    assert len(gzip.compress(page.encode())) + len(gzip.compress(style)) <= 15 * 1024


async def full(door: Door, most: int) -> None:
    """Let whatever answered have answered so often."""
    counts = update(AnswerCount).values(answers=most)
    await door.opened.database.write(lambda conn: conn.execute(counts))


async def test_too_many_answers_from_one_network_are_refused_whatever_the_page(door: Door) -> None:
    shared = f"/p/{door.alert.slug}?zip=53703"
    status, _ = await door.post(shared, target=HOUSE, outcome="spoke")
    assert status == 303
    await full(door, ADDRESS.an_hour)

    own = await door.make_page()
    refused = [
        (await door.post(shared, target=SENATE, outcome="spoke"))[0],
        (await door.post(own, target=HOUSE, outcome="spoke"))[0],
        (await door.post(f"{own}/district", district="WI-2"))[0],
    ]

    assert refused == [429] * 3
    assert len(await door.told()) == 1


async def test_one_page_cannot_answer_without_end(door: Door) -> None:
    own = await door.make_page()
    assert (await door.post(own, target=HOUSE, outcome="spoke"))[0] == 303
    await full(door, PAGE.an_hour)

    assert (await door.post(own, target=HOUSE, outcome="voicemail"))[0] == 429
    assert (await door.post(await door.make_page("Ben"), target=HOUSE, outcome="spoke"))[0] == 303


async def test_no_limit_stands_before_the_way_out(door: Door) -> None:
    own = await door.make_page()
    await door.post(own, target=HOUSE, outcome="spoke")
    await full(door, 10**6)

    status, _ = await door.post(own.replace("/a/", "/u/"))

    assert status == 303
    left = select(AddressStanding.standing).where(AddressStanding.standing == Standing.OPTED_OUT)
    assert await door.opened.database.read(lambda conn: conn.scalar(left)) is not None


async def test_form_that_cannot_be_read_is_refused_kindly(door: Door) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}

    async with door.client.post(
        await door.make_page(), data=b"--x\r\nno", headers=headers
    ) as answer:
        page = await answer.text()

    assert answer.status == 400
    assert "This is not a form that can be read." in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_another_sites_form_does_not_answer_in_a_visitors_name(
    door: Door, headers: dict[str, str]
) -> None:
    form = {"target": HOUSE, "outcome": "spoke"}
    shared, own = f"/p/{door.alert.slug}?zip=53703", await door.make_page()

    for path in (shared, own):
        async with door.client.post(path, data=form, headers=headers) as answer:
            assert answer.status == 403
            assert "sent from another site" in await answer.text()

    assert await door.told() == []


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}]
)
async def test_our_own_form_answers_also_from_a_browser_that_says_little(
    door: Door, headers: dict[str, str]
) -> None:
    form = {"target": HOUSE, "outcome": "spoke"}

    async with door.client.post(await door.make_page(), data=form, headers=headers) as answer:
        assert answer.status == 200

    assert len(await door.told()) == 1


async def test_what_was_heard_waits_for_an_organizer(door: Door) -> None:
    own = await door.make_page()
    form = {
        "target": HOUSE,
        "outcome": "spoke",
        "stance": "committed",
        "staffer_name": "Ana\nPérez",
    }

    assert (await door.post(own, **form, staffer_phone="202-555-0147"))[0] == 303
    assert (await door.post(own, target=SENATE, outcome="spoke", stance="done"))[0] == 303

    def waiting(conn: Connection) -> list[tuple[str, str, str, str]]:
        found = open_reports(conn, door.alert.action_id)
        return [(each.target, each.stance, each.aide.name, each.aide.phone) for each in found]

    assert await door.opened.database.read(waiting) == [
        (HOUSE, "committed", "", ""),
        (HOUSE, "unknown", "Ana Pérez", "202-555-0147"),
    ]
    assert "Ana" not in await door.get(await door.make_page("Ben"))


async def test_the_aide_is_in_the_script_or_a_phrase_instead(door: Door, now: datetime) -> None:
    def rewrite(conn: Connection) -> None:
        conn.execute(update(Script).values(opening="May I speak with {{ staffer }}?"))

    await door.opened.database.write(rewrite)
    own = await door.make_page()
    assert "May I speak with the staff member who handles foreign affairs?" in await door.get(own)
    spanish = await door.get(f"{own}?lang=es")
    assert "May I speak with la persona encargada de asuntos exteriores?" in spanish

    known: dict[str, Any] = {"project_id": None, "source": Source.ORGANIZER, "actor": "x"}
    await door.opened.database.write(save_staffer, HOUSE, Aide(name="Ana Pérez"), now=now, **known)

    assert "May I speak with <mark>Ana Pérez</mark>?" in await door.get(own)
