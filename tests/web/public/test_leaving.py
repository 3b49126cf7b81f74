from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from aiohttp import FormData
from sqlalchemy import Connection, func, insert, select

from contacts.models import AddressStanding, Channel, Consent, Standing
from database.opening import Opened
from messages.links import person_token
from messages.models import Click, Delivery, Link, MessageStatus, Status
from tests.builders import make_contact, make_delivery, make_message
from tests.web.serving import LINKS_SECRET, Client, serving

ADDRESS = "amina@example.org"


@dataclass
class Copy:
    """An email that waits for Amina, and its door out."""

    client: Client
    opened: Opened
    delivery_id: int

    @property
    def way_out(self) -> str:
        return f"/u/{person_token(LINKS_SECRET, self.delivery_id)}"

    async def standing(self) -> str | None:
        return await self.opened.database.read(_standing)

    async def scalar(self, statement: Any) -> Any:
        return await self.opened.database.read(lambda conn: conn.scalar(statement))


def _standing(conn: Connection) -> str | None:
    found = select(AddressStanding.standing)
    return conn.scalar(found.where(AddressStanding.channel == Channel.EMAIL))


def make_copy(conn: Connection) -> int:
    message_id = make_message(conn, status=MessageStatus.SENDING)
    amina = make_contact(conn, email=ADDRESS, language="es")
    return make_delivery(conn, message_id, amina, channel=Channel.EMAIL)


@pytest.fixture
async def copy(opened: Opened, now: datetime) -> AsyncIterator[Copy]:
    delivery_id = await opened.database.write(make_copy)
    async with serving(opened, now) as client:
        yield Copy(client, opened, delivery_id)


async def test_looking_at_the_page_unsubscribes_nobody(copy: Copy) -> None:
    async with copy.client.get(copy.way_out) as answer:
        page = await answer.text()

    assert answer.status == 200
    assert "<button" in page
    assert "¿No más correos?" in page
    assert await copy.standing() == Standing.GRANTED


@pytest.mark.parametrize("multipart", [False, True])
async def test_one_click_of_a_mail_program_acts_at_once_without_a_redirect(
    copy: Copy, *, multipart: bool
) -> None:
    form = FormData(default_to_multipart=multipart)
    form.add_field("List-Unsubscribe", "One-Click")

    async with copy.client.post(copy.way_out, data=form, allow_redirects=False) as answer:
        assert answer.status == 200

    assert await copy.standing() == Standing.OPTED_OUT
    assert await copy.scalar(select(Consent.source).order_by(Consent.id.desc())) == "one_click"


async def test_what_waits_for_the_address_is_cancelled(copy: Copy) -> None:
    await copy.client.post(copy.way_out)

    waiting = select(Delivery.status).where(Delivery.id == copy.delivery_id)
    assert await copy.scalar(waiting) == Status.SKIPPED


async def test_button_leads_to_a_page_that_says_it_is_done(copy: Copy) -> None:
    async with copy.client.post(copy.way_out) as answer:
        page = await answer.text()

    assert answer.status == 200
    assert "Ya no está en la lista" in page
    assert "<button" not in page


async def test_leaving_twice_is_as_good_as_once(copy: Copy) -> None:
    await copy.client.post(copy.way_out)
    async with copy.client.post(copy.way_out) as answer:
        assert answer.status == 200

    assert await copy.standing() == Standing.OPTED_OUT
    refusals = select(func.count()).where(Consent.standing == Standing.OPTED_OUT)
    assert await copy.scalar(refusals) == 1


async def test_forged_token_takes_nobody_off(copy: Copy) -> None:
    async with copy.client.post(copy.way_out[:-1] + "0") as answer:
        assert answer.status == 404

    assert await copy.standing() == Standing.GRANTED


async def test_short_link_leads_on_and_is_counted(copy: Copy) -> None:
    def add_link(conn: Connection) -> int:
        message_id = conn.scalar(select(Delivery.message_id))
        row = {"message_id": message_id, "url": "https://cripdes.example/letter?a=1"}
        return conn.execute(insert(Link).values(**row).returning(Link.id)).scalar_one()

    link_id = await copy.opened.database.write(add_link)
    path = f"{copy.way_out.replace('/u/', '/r/')}/{link_id}"

    async with copy.client.get(path, allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Location"] == "https://cripdes.example/letter?a=1"

    assert await copy.scalar(select(Click.link_id)) == link_id


async def test_link_of_another_message_leads_nowhere(copy: Copy) -> None:
    def add_link(conn: Connection) -> int:
        row = {"message_id": make_message(conn), "url": "https://elsewhere.example/"}
        return conn.execute(insert(Link).values(**row).returning(Link.id)).scalar_one()

    link_id = await copy.opened.database.write(add_link)

    async with copy.client.get(f"{copy.way_out.replace('/u/', '/r/')}/{link_id}") as answer:
        assert answer.status == 404
