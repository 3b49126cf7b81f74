"""A test to oneself: every language, once, by the way that everybody's copies take; its page counts nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select, update

from actions.models import Response
from alerts.trial_models import Trial
from contacts.consent import refuse
from contacts.models import Channel, Standing
from contacts.standing import NETWORK, project_scope
from database.opening import Opened
from messages.links import person_token
from messages.models import Click, Delivery, Message, MessageKind, Status
from messages.providers.provider import Text
from organizers.models import Organizer
from tests.builders import make_contact, make_project
from tests.messages.test_sending import Bench
from tests.web.console.test_alert_pages import ALERT, written
from tests.web.organizing import Desk, console, desk
from tests.web.serving import LINKS_SECRET

PHONE = "+16085550142"
KEY = re.compile(r'name="key" value="([A-Za-z0-9_-]+)"')
CLOCK: list[datetime] = []


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    CLOCK[:] = [now]
    await opened.database.write(lambda conn: make_contact(conn, "María", language="es"))
    async with console(opened, lambda: CLOCK[0]) as client:
        yield await desk(client, opened, now, phone=PHONE)


async def key_on(amina: Desk, address: str) -> str:
    found = KEY.search(await (await amina.get(address)).text())
    assert found
    return found[1]


async def send(amina: Desk, address: str, key: str = "") -> int:
    key = key or await key_on(amina, address)
    return (await amina.post(f"{address}/test", {"key": key})).status


async def copies(opened: Opened) -> list[tuple[str, str, str, int]]:
    def unit(conn: Connection) -> list[tuple[str, str, str, int]]:
        columns = (Delivery.channel, Delivery.language, Delivery.address, Delivery.status)
        mine = select(*columns).join(Message, Message.id == Delivery.message_id)
        rows = conn.execute(mine.where(Message.kind == MessageKind.TRIAL).order_by(Delivery.id))
        return [(row.channel, row.language, row.address or "", row.status) for row in rows]

    return await opened.database.read(unit)


def say_stop(conn: Connection, now: datetime, scope: str = NETWORK) -> None:
    said = {"source": "text", "evidence": "STOP", "actor": "x", "scope": scope}
    refuse(conn, Channel.SMS, PHONE, standing=Standing.OPTED_OUT, **said, now=now)


async def test_two_presses_are_one_test_and_everybody_else_gets_nothing(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    address = await written(amina)
    key = await key_on(amina, address)
    assert "No test of these words yet" in await amina.page(address)

    assert [await send(amina, address, key) for _ in range(2)] == [303, 303]

    found = await copies(opened)
    assert sorted(each[:2] for each in found) == [
        (Channel.EMAIL, "en"),
        (Channel.EMAIL, "es"),
        (Channel.SMS, "en"),
        (Channel.SMS, "es"),
    ]
    bench = Bench(opened, now)
    for _ in range(2):
        await bench.work()
    texts, emails = (
        [each for each in bench.texts.given if isinstance(each, Text)],
        bench.emails.given,
    )
    assert sorted(each.body.count("[Test]") for each in texts) == [0, 1]
    assert {each.address for each in texts} == {PHONE}
    assert all("[Test]" in each.body or "[Prueba]" in each.body for each in texts)
    assert all("Amina, 14 p" in each.body for each in texts)
    assert len(emails) == 2
    assert {each[3] for each in await copies(opened)} == {Status.ACCEPTED}
    page = await amina.page(address)
    assert page.count("Test sent to you on") == 2
    assert "sent, not confirmed yet" in page


async def test_a_test_counts_until_the_words_change(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    address = await written(amina)
    await send(amina, address)
    await Bench(opened, now).work()
    saved = await amina.post(f"{address}/edit", {**ALERT, "title_en": "Another title"})
    assert saved.status == 303
    assert "No test of these words yet" not in await amina.page(address)

    await amina.post(f"{address}/edit", {**ALERT, "sms_en": "Other words. {{ link }}"})

    page = await amina.page(address)
    assert "No test of these words yet" in page
    assert "The words have changed since your test." in page


async def test_five_tests_an_hour_are_the_most(amina: Desk, opened: Opened, now: datetime) -> None:
    address = await written(amina)

    answers = [await send(amina, address) for _ in range(6)]
    CLOCK[:] = [now + timedelta(minutes=61)]
    later = await send(amina, address)

    assert answers == [303] * 5 + [422]
    assert later == 303
    assert await opened.database.read(lambda conn: conn.scalar(select(func.count(Trial.id)))) == 6


async def test_a_phone_that_said_stop_gets_none_and_one_that_is_not_confirmed_neither(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    address = await written(amina)
    berta = await desk(
        amina.client, opened, now, name="Berta", phone="+16085550143", phone_confirmed=False
    )

    await opened.database.write(say_stop, now)
    shown, hers = await amina.page(address), await berta.page(address)
    await send(amina, address)
    await send(berta, address)

    assert "Your phone has said stop to us" in shown
    assert "No confirmed phone is noted for you" in hers
    assert {each[0] for each in await copies(opened)} == {Channel.EMAIL}
    assert await send(amina, (await written(amina, reach="sms"))) == 422


async def test_a_stop_after_the_press_wins(amina: Desk, opened: Opened, now: datetime) -> None:
    await send(amina, await written(amina))

    await opened.database.write(say_stop, now)
    bench = Bench(opened, now)
    await bench.work()

    assert bench.texts.given == []
    assert len(bench.emails.given) == 2


async def test_a_stop_to_the_project_that_sends_holds_for_its_tests_alone(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    others, own = await written(amina), await written(amina, to_project=str(madison))
    await opened.database.write(say_stop, now, scope=project_scope(madison))

    shown, free = await amina.page(own), await amina.page(others)
    await send(amina, own)

    assert "Your phone has said stop to us" in shown
    assert "Your phone has said stop to us" not in free
    assert {each[0] for each in await copies(opened)} == {Channel.EMAIL}


async def test_a_stop_to_the_project_after_the_press_wins(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    await send(amina, await written(amina, to_project=str(madison)))

    await opened.database.write(say_stop, now, scope=project_scope(madison))
    bench = Bench(opened, now)
    await bench.work()

    assert bench.texts.given == []
    assert len(bench.emails.given) == 2


async def test_its_link_shows_the_page_and_counts_nothing(amina: Desk, opened: Opened) -> None:
    await send(amina, await written(amina))
    ids = select(Delivery.id).join(Message).where(Message.kind == MessageKind.TRIAL).limit(1)
    delivery = await opened.database.read(lambda conn: conn.execute(ids).scalar_one())
    own = f"/a/{person_token(LINKS_SECRET, delivery)}"

    shown = await amina.client.get(own)
    told = [
        (
            await amina.client.post(
                f"{own}{end}", data={"target": "switchboard", "outcome": "spoke"}
            )
        ).status
        for end in ("", "/district", "/remind", "/home", "/connect", "/address")
    ]

    page = await shown.text()
    assert shown.status == 200
    assert "This is a test." in page
    assert "Free the fourteen" in page
    assert all(400 <= status < 500 for status in told), told

    def counted(conn: Connection) -> int:
        tables = (Response, Click)
        return sum(conn.scalar(select(func.count()).select_from(each)) or 0 for each in tables)

    assert await opened.database.read(counted) == 0


AMBER = {"level": "amber"}


async def launch(amina: Desk, address: str) -> int:
    return (await amina.post(f"{address}/launch", {"confirmed": "1"})).status


async def test_an_alert_is_not_launched_in_words_that_nobody_has_had_as_a_test(
    amina: Desk,
) -> None:
    address = await written(amina, **AMBER)

    shown, refused = await amina.page(address), await launch(amina, address)
    key = await key_on(amina, address)
    sent = await amina.post(f"{address}/test", {"key": key, "back": "launch"})
    await amina.post(f"{address}/edit", {**ALERT, **AMBER, "sms_en": "Other words. {{ link }}"})
    changed = await launch(amina, address)
    await send(amina, address)
    ready = await amina.page(address)

    assert "It waits for a test of its words." in shown
    assert "Launch to 1 person" not in shown
    assert refused == changed == 409
    assert sent.headers["Location"].endswith("#h-launch")
    assert "Launch to 1 person" in ready
    assert await launch(amina, address) == 303


async def test_a_test_that_a_colleague_had_is_enough(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    address = await written(amina, **AMBER)
    berta = await desk(amina.client, opened, now, name="Berta")

    await send(berta, address)

    assert await launch(amina, address) == 303


async def test_a_red_alert_waits_for_no_test(amina: Desk) -> None:
    assert await launch(amina, await written(amina)) == 303


async def test_who_can_get_no_test_launches_without(amina: Desk, opened: Opened) -> None:
    address = await written(amina, **AMBER, reach="sms")
    nobody = update(Organizer).values(phone_confirmed=False)
    await opened.database.write(lambda conn: conn.execute(nobody))

    assert await launch(amina, address) == 303


async def test_who_has_had_all_tests_of_an_hour_launches_without(amina: Desk) -> None:
    tested = await written(amina)
    for _ in range(5):
        await send(amina, tested)

    assert await launch(amina, await written(amina, **AMBER)) == 303
