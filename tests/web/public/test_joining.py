"""People join and choose by themselves: nothing counts before the address itself has said so."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import Connection, func, select

from contacts.models import (
    AddressStanding,
    Consent,
    ConsentWording,
    Contact,
    Membership,
    SignUp,
    Standing,
)
from contacts.preferences import preferences_of
from contacts.sign_ups import save_form
from database.opening import Opened
from messages.links import person_token, proof_token
from messages.models import Delivery, Message, MessageStatus, MessageText, Status
from messages.providers.provider import Inbound
from messages.replies import receive
from tests.builders import make_contact, make_delivery, make_message, make_project, make_standing
from tests.web.serving import LINKS_SECRET, Client, make_site
from web.app import make_app

AMINA, PHONE = "amina@example.org", "+16085550142"
SITE = "https://madison-arcatao.example.org"
BOTH = {"given_name": "Amina", "email": AMINA, "agree_email": "yes", "zip": "53703"}


@dataclass
class Door:
    """A stranger's browser, a clock, and what stands behind."""

    client: Client
    opened: Opened
    now: datetime
    project_id: int

    async def read(self, unit: Any, *args: Any, **values: Any) -> Any:
        return await self.opened.database.read(unit, *args, **values)

    async def write(self, unit: Any, *args: Any, **values: Any) -> Any:
        return await self.opened.database.write(unit, *args, **values)

    async def scalar(self, statement: Any) -> Any:
        return await self.read(lambda conn: conn.scalar(statement))

    async def page(self, path: str, status: int = 200) -> str:
        async with self.client.get(path, allow_redirects=False) as answer:
            assert answer.status == status, (path, answer.status)
            return await answer.text()

    async def post(self, path: str, form: Mapping[str, str], **headers: str) -> ClientResponse:
        return await self.client.post(path, data=form, headers=headers, allow_redirects=False)

    async def join(
        self, form: Mapping[str, str], path: str = "/join/madison?lang=en"
    ) -> ClientResponse:
        page = await self.page(path)
        hidden = dict(re.findall(r'name="(token|shown)" value="([^"]*)"', page))
        return await self.post(path, {**hidden, "language": "en", **form})

    async def text(self, body: str, *, phone: str = PHONE, handled: str = "") -> Any:
        inbound = Inbound("sms", phone, body, f"SM-{body}-{self.now}", handled=handled)
        rules: dict[str, Any] = {
            "network": "Sister Cities",
            "default_language": "en",
            "public_url": "https://llamado.example.org",
        }
        jobs = self.opened.jobs
        return await self.write(receive, jobs, inbound, **rules, now=self.now)

    async def questions(self, address: str) -> list[tuple[int, str]]:
        """Copies queued to an address, with the words of each."""
        return await self.read(_questions, address)  # type: ignore[no-any-return]

    async def proof(self, address: str = AMINA) -> str:
        return proof_token(LINKS_SECRET, (await self.questions(address))[-1][0])

    async def standing(self, address: str) -> str | None:
        held = AddressStanding
        return await self.scalar(  # type: ignore[no-any-return]
            select(held.standing).where(held.address == address, held.scope == "network")
        )


def _questions(conn: Connection, address: str) -> list[tuple[int, str]]:
    rows = conn.execute(
        select(Delivery.id, MessageText.sms, MessageText.body)
        .join(MessageText, MessageText.message_id == Delivery.message_id)
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.address == address, Message.key.like("answer:%"))
        .order_by(Delivery.id)
    )
    return [(row.id, row.sms or row.body) for row in rows]


def make_form(conn: Connection) -> int:
    project_id = make_project(conn, "Madison – Arcatao")
    save_form(
        conn,
        project_id,
        is_open=True,
        slug="madison",
        keyword="Arcatao",
        sites=SITE,
        welcome={"en": "Welcome, friends.", "es": "Bienvenidas."},
    )
    return project_id


@asynccontextmanager
async def opened_door(opened: Opened, now: datetime) -> AsyncIterator[Door]:
    door: Door
    app = make_app(opened.database, opened.jobs, make_site(), clock=lambda: door.now)
    project_id = await opened.database.write(make_form)
    async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
        door = Door(client, opened, now, project_id)
        yield door


@pytest.fixture
async def door(opened: Opened, now: datetime) -> AsyncIterator[Door]:
    async with opened_door(opened, now) as made:
        yield made


async def count(door: Door, table: Any) -> int:
    return int(await door.scalar(select(func.count()).select_from(table)))


async def test_the_form_shows_the_words_that_the_law_asks_and_no_box_is_ticked(door: Door) -> None:
    for language, words in {
        "en": (
            "message and data rates may apply",
            "reply stop",
            "help",
            "not a condition",
            "2 to 6",
        ),
        "es": ("tarifas de mensajes y datos", "alto", "ayuda", "no es condición", "2 a 6"),
    }.items():
        page = (await door.page(f"/join/madison?lang={language}")).lower()
        assert [each for each in words if each not in page] == []
        assert "sister cities" in page
        assert "https://llamado.example.org/privacy" in page
        assert page.count('type="checkbox"') == 2
        assert not re.search(r'type="checkbox"[^>]* checked', page)


async def test_nobody_is_granted_before_they_press_the_button_behind_their_own_link(
    door: Door,
) -> None:
    answer = await door.join(BOTH)

    assert answer.status == 303
    assert await count(door, Contact) == 0
    assert await count(door, Consent) == 0
    [(_, words)] = await door.questions(AMINA)
    assert "/confirm/" in words
    path = f"/confirm/{await door.proof()}"
    assert "Yes, it was me" in await door.page(f"{path}?lang=en")
    assert await count(door, Consent) == 0  # a scanner has followed the link
    assert (await door.post(path, {})).status == 303
    assert "You are on the list" in await door.page(f"{path}?lang=en&done=1")
    assert await door.standing(AMINA) == "granted"
    assert await door.scalar(select(Membership.project_id)) == door.project_id
    assert await door.scalar(select(SignUp.address)) is None
    assert await door.scalar(select(Contact.given_name)) == "Amina"


async def test_the_ledger_points_at_the_exact_words_that_stood_beside_the_box(door: Door) -> None:
    await door.join(BOTH)
    await door.post(f"/confirm/{await door.proof()}", {})

    agreed = await door.scalar(
        select(ConsentWording.words)
        .join(Consent, Consent.wording == ConsentWording.hash)
        .where(Consent.scope == "network")
    )

    page = await door.page("/join/madison?lang=en")
    assert agreed.startswith("Email me. By ticking this box")
    assert agreed.removesuffix("https://llamado.example.org/privacy") in page


async def test_a_phone_counts_only_by_its_own_yes(door: Door) -> None:
    form = {"given_name": "Amina", "phone": "(608) 555-0142", "agree_sms": "yes"}
    await door.join(form)

    assert "Reply YES" in (await door.questions(PHONE))[0][1]
    assert await door.standing(PHONE) is None
    await door.text("yes", phone="+16085550143")  # somebody else's
    assert await door.standing(PHONE) is None
    await door.text("Sí!")
    assert await door.standing(PHONE) == "granted"
    assert await count(door, Membership) == 1
    assert "You are on the list" in (await door.questions(PHONE))[-1][1]


async def test_a_yes_that_the_carrier_takes_for_start_confirms_too(door: Door) -> None:
    await door.join({"phone": PHONE, "agree_sms": "yes"})

    await door.text("YES", handled="START")

    assert await count(door, Membership) == 1


async def test_a_yes_to_a_later_message_confirms_no_sign_up(door: Door) -> None:
    await door.join({"phone": PHONE, "agree_sms": "yes"})

    def launch(conn: Connection) -> None:
        contact_id = make_contact(conn, phone=PHONE)
        later = door.now + timedelta(minutes=1)
        message = make_message(conn, status=MessageStatus.SENDING, launched_at=later)
        make_delivery(conn, message, contact_id, status=Status.DELIVERED)

    await door.write(launch)
    await door.text("yes")

    assert await count(door, Membership) == 0


@pytest.mark.parametrize("word", ["ARCATAO", "join arcatao", "Unirse Arcatao, por favor"])
async def test_a_keyword_asks_first(door: Door, word: str) -> None:
    await door.text(word)

    assert await door.standing(PHONE) is None
    assert "Reply YES" in (await door.questions(PHONE))[0][1]
    await door.text("SI")
    assert await door.standing(PHONE) == "granted"
    assert await door.scalar(select(Contact.language)) == "es"
    assert await door.scalar(select(SignUp.source)) == "keyword"


async def test_stop_and_outcomes_keep_their_meaning_beside_keywords(door: Door) -> None:
    await door.join({"phone": PHONE, "agree_sms": "yes"})
    assert await door.text("STOP") == "opt_out"
    assert await door.text("1") == "outcome"
    assert await door.text("HELP") == "help"
    assert await door.standing(PHONE) == "opted_out"


async def test_who_said_stop_is_not_texted_and_their_start_is_no_yes_to_what_others_typed(
    door: Door,
) -> None:
    await door.write(make_standing, "sms", PHONE, Standing.OPTED_OUT)

    answer = await door.join({"phone": PHONE, "agree_sms": "yes"})

    assert answer.headers["Location"].endswith("sent=1")
    assert await door.questions(PHONE) == []
    assert await door.standing(PHONE) == "opted_out"
    await door.text("START")
    assert await door.standing(PHONE) == "granted"
    assert await count(door, Membership) == 0
    await door.join({"phone": PHONE, "agree_sms": "yes"})
    await door.text("YES")
    assert await count(door, Membership) == 1


async def test_known_and_unknown_addresses_get_the_same_answer(door: Door) -> None:
    def known(conn: Connection) -> None:
        make_contact(conn, "Amina", email=AMINA)

    first = await door.join({**BOTH, "email": "new@example.org"})
    await door.write(known)
    second = await door.join(BOTH)
    third = await door.join(BOTH)

    pages = [await door.page(each.headers["Location"]) for each in (first, second, third)]
    assert len({(each.status, each.headers["Location"]) for each in (first, second, third)}) == 1
    assert len({re.sub(r'value="[^"]*"', "", page) for page in pages}) == 1


async def test_an_address_is_asked_once_a_week_however_often_a_form_is_sent(door: Door) -> None:
    for _ in range(5):
        assert (await door.join(BOTH)).status == 303
        assert (await door.join(BOTH, "/join/madison?lang=es")).status == 303
    assert len(await door.questions(AMINA)) == 1

    for day in range(1, 9):
        door.now += timedelta(days=1)
        await door.join(BOTH)
        assert len(await door.questions(AMINA)) == (1 if day < 7 else 2)


async def test_a_bomb_from_one_network_ends_and_asks_few_numbers_alike(door: Door) -> None:
    answers = []
    for number in range(65):
        form = {"phone": f"+1608555{number:04}", "agree_sms": "yes"}
        answers.append((await door.join(form)).status)

    assert answers[:60] == [303] * 60
    assert answers[60:] == [429] * 5
    texts = await door.scalar(select(func.count()).select_from(Delivery))
    assert texts == 20


async def test_who_fills_in_the_hidden_field_gets_the_same_answer_and_nothing_happens(
    door: Door,
) -> None:
    answer = await door.join({**BOTH, "website": "https://spam.example"})

    assert answer.status == 303
    assert await count(door, SignUp) == 0


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"email": AMINA}, "Tick a box"),
        ({"agree_email": "yes"}, "write your email address"),
        ({"agree_sms": "yes"}, "write your mobile number"),
        ({"email": "amina", "agree_email": "yes"}, "is not an email address"),
        ({"phone": "12", "agree_sms": "yes"}, "is not a"),
        ({"phone": "+50370123456", "agree_sms": "yes"}, "United States and Canada only"),
        ({**BOTH, "zip": "Madison"}, "ZIP"),
        ({**BOTH, "token": ""}, "open for too long"),
        ({**BOTH, "token": "1.abc"}, "open for too long"),
        ({**BOTH, "token": "x.é"}, "open for too long"),
    ],
)
async def test_what_cannot_be_taken_is_told_and_keeps_what_was_typed(
    door: Door, form: dict[str, str], says: str
) -> None:
    answer = await door.join({"given_name": "Amina", **form})

    page = await answer.text()
    assert answer.status == 422
    assert says in page
    assert 'value="Amina"' in page
    assert await count(door, SignUp) == 0


async def test_a_form_that_lay_about_for_long_is_sent_again(door: Door) -> None:
    page = await door.page("/join/madison?lang=en")
    hidden = dict(re.findall(r'name="(token|shown)" value="([^"]*)"', page))
    door.now += timedelta(hours=7)

    assert (await door.post("/join/madison", {**hidden, **BOTH})).status == 422


async def test_only_the_sites_of_a_project_may_frame_its_form(door: Door) -> None:
    async with door.client.get("/join/madison/embed") as framed:
        policy = framed.headers["Content-Security-Policy"]
        assert policy.endswith(f"frame-ancestors {SITE}")
        assert "X-Frame-Options" not in framed.headers
    for path in ("/join/madison", "/privacy", "/join/nobody/embed", "/console/sign-in"):
        async with door.client.get(path) as other:
            assert other.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
            assert other.headers["X-Frame-Options"] == "DENY"


async def test_a_closed_form_is_no_page(door: Door) -> None:
    def close(conn: Connection) -> None:
        values: dict[str, Any] = {
            "slug": "madison",
            "keyword": "arcatao",
            "sites": "",
            "welcome": {},
        }
        save_form(conn, door.project_id, is_open=False, **values)

    await door.write(close)

    await door.page("/join/madison", 404)
    await door.text("ARCATAO")
    assert await door.questions(PHONE) == []


async def test_proofs_can_be_neither_made_nor_swapped_nor_kept(door: Door) -> None:
    await door.join(BOTH)
    [(delivery_id, _)] = await door.questions(AMINA)
    proof = await door.proof()

    for wrong in (
        person_token(LINKS_SECRET, delivery_id),
        proof_token("other secret", delivery_id),
        proof[:-1] + ("a" if proof[-1] != "a" else "b"),
        proof_token(LINKS_SECRET, delivery_id + 1),
    ):
        assert (await door.post(f"/confirm/{wrong}", {})).status == 404
        await door.page(f"/mine/{wrong}", 404)
    await door.page(f"/mine/{proof}", 404)  # of another purpose
    await door.page(f"/me/{proof}", 404)
    door.now += timedelta(days=9)
    assert "expired" in await door.page(f"/confirm/{proof}?lang=en", 410)
    assert await count(door, Consent) == 0


async def a_member(door: Door) -> str:
    """Amina, confirmed, with a copy of a message; her own page's address."""

    def make(conn: Connection) -> int:
        projects = [door.project_id]
        contact_id = make_contact(conn, "Amina", email=AMINA, phone=PHONE, projects=projects)
        message_id = make_message(conn, status=MessageStatus.SENDING, expanded_at=door.now)
        return make_delivery(conn, message_id, contact_id, channel="email")

    return f"/me/{person_token(LINKS_SECRET, await door.write(make))}"


@pytest.mark.parametrize("about", ["9" * 20, "9" * 5000, "x"])
async def test_a_project_that_cannot_be_is_no_answer(door: Door, about: str) -> None:
    own = await a_member(door)

    assert (await door.post(own, {"act": "leave", "about": about})).status == 400


async def test_a_passed_on_link_shows_no_name_and_no_whole_address(door: Door) -> None:
    page = await door.page(f"{await a_member(door)}?lang=en")

    assert "Amina" not in page
    assert AMINA not in page
    assert "0142" not in page
    assert "example" not in re.sub("https?://[^ ]*", "", page)
    assert "a•••@e•••.org" in page


async def test_choices_hold_and_a_pause_ends_by_itself(door: Door) -> None:
    path = await a_member(door)
    await door.post(path, {"act": "choose", "frequency": "urgent", "language": "es"})
    await door.post(path, {"act": "pause"})

    contact_id = await door.scalar(select(Contact.id))
    wishes = await door.read(preferences_of, contact_id)
    assert wishes.urgent_only
    assert wishes.paused(door.now.date() + timedelta(days=29))
    assert not wishes.paused(door.now.date() + timedelta(days=30))
    assert "No recibe nada antes" in await door.page(path)
    await door.post(path, {"act": "resume"})
    assert (await door.read(preferences_of, contact_id)).paused_until is None


async def test_stop_everything_stops_everything_and_only_ones_own_yes_brings_one_back(
    door: Door,
) -> None:
    path = await a_member(door)
    await door.post(path, {"act": "stop"})
    assert [await door.standing(each) for each in (AMINA, PHONE)] == ["opted_out"] * 2

    await door.post(path, {"act": "again", "about": "1"})
    assert await door.standing(AMINA) == "opted_out"
    await door.post(f"/confirm/{await door.proof()}", {})
    assert await door.standing(AMINA) == "granted"
    assert await door.standing(PHONE) == "opted_out"


async def test_leaving_a_project_leaves_it_alone(door: Door) -> None:
    path = await a_member(door)
    await door.post(path, {"act": "leave", "about": str(door.project_id)})

    assert await count(door, Membership) == 0
    assert await door.standing(AMINA) == "granted"


@pytest.mark.parametrize(
    "form",
    [{}, {"act": "grant"}, {"act": "leave", "about": "x"}, {"act": "again", "about": "0"},
     {"act": "choose", "language": "xx"}],
)  # fmt: skip
async def test_what_no_button_says_changes_nothing(door: Door, form: dict[str, str]) -> None:
    path = await a_member(door)

    assert (await door.post(path, form)).status == 400


async def test_another_sites_form_changes_nothing(door: Door) -> None:
    path = await a_member(door)

    answer = await door.post(path, {"act": "stop"}, **{"Sec-Fetch-Site": "cross-site"})

    assert answer.status == 403
    assert await door.standing(AMINA) == "granted"


async def private(door: Door) -> str:
    path = await a_member(door)
    await door.post(path, {"act": "link"})
    return f"/mine/{await door.proof()}"


async def test_what_we_hold_is_shown_and_handed_out_only_behind_the_private_link(
    door: Door,
) -> None:
    path = await private(door)

    page = await door.page(f"{path}?lang=en")
    assert AMINA in page
    assert 'value="Amina"' in page
    data = await door.post(f"{path}/file", {"as": "json"})
    assert (await data.json())["person"]["given_name"] == "Amina"
    assert "attachment" in data.headers["Content-Disposition"]
    readable = await door.post(f"{path}/file", {"as": "html"})
    assert AMINA in await readable.text()
    door.now += timedelta(days=3)
    await door.page(path, 410)


async def test_corrections_hold_and_a_new_email_only_after_it_says_yes(door: Door) -> None:
    path = await private(door)
    await door.post(path, {"act": "correct", "given_name": "Aminata", "zip": "04401"})
    assert await door.scalar(select(Contact.given_name)) == "Aminata"

    await door.post(path, {"act": "address", "email": "new@example.org"})
    assert "new@example.org" not in await door.page(path)
    await door.post(f"/confirm/{await door.proof('new@example.org')}", {})
    assert await door.standing("new@example.org") == "granted"
    await door.page(path, 404)  # went to the address that was given up


async def test_deleting_takes_two_steps_and_leaves_nobody(door: Door) -> None:
    path = await private(door)

    assert (await door.post(f"{path}/delete", {})).status == 422
    assert await count(door, Contact) == 1
    assert (await door.post(f"{path}/delete", {"sure": "yes"})).status == 200
    assert await count(door, Contact) == 0
    await door.page(path, 404)
    await door.join(BOTH)
    assert await count(door, SignUp) == 0  # only their own writing brings them back
