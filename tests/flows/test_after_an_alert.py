"""From an alert to a reminder, the question how it went, an answer, and thanks; each copy once."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from actions.models import Response
from alerts.asking import ask_how_it_went, write_due
from alerts.models import Alert
from contacts.models import Channel, Standing
from database.opening import Opened
from messages.house import HouseRules
from messages.identity import Identity
from messages.links import person_token
from messages.models import Delivery, Status
from messages.prompt_models import Prompt
from messages.providers.provider import Inbound
from messages.replies import receive
from messages.sending import Policy, Sender
from tests.builders import (
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_standing,
)
from tests.doubles import NoJobs, ProviderInMemory
from tests.web.serving import LINKS_SECRET, serving

PHONE = "+16085550142"
SATURDAY = datetime(2026, 11, 21, 17, tzinfo=UTC)
QUIET = {"opens": "10:00", "closes": "20:00", "sunday_opens": "12:00"}
HOUSE_SEAT = "us:house:WI:2"
RULES = HouseRules(
    identity=Identity("Red", "PO Box 1", "http://localhost", LINKS_SECRET), weekly_cap=3
)
PHONE_BROWSER = "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"  # a person's


class World:
    """An alert that Lucía got on a Saturday, a sender, and a clock that tests set."""

    def __init__(self, opened: Opened) -> None:
        self.opened, self.now = opened, SATURDAY
        self.jobs, self.texts = NoJobs(), ProviderInMemory()
        providers: dict[Channel, Any] = {Channel.SMS: self.texts, Channel.EMAIL: ProviderInMemory()}
        self.sender = Sender(
            opened.database,
            self.jobs,
            providers,
            RULES.identity,
            Policy(window=3),
            clock=lambda _conn: self.now,
        )
        self.copy = 0

    async def begin(self) -> None:
        def made(conn: Connection) -> int:
            load_invented_officials(conn)
            alert = make_alert(conn, hours=QUIET, launched_at=self.now)
            conn.execute(update(Alert).values(ask_hours=2))
            lucia = make_contact(conn, "Lucía", phone=PHONE, email=None, language="es")
            return make_delivery(conn, alert.message_id, lucia, status=Status.DELIVERED)

        self.copy = await self.opened.database.write(made)

    @property
    def page(self) -> str:
        return f"/a/{person_token(LINKS_SECRET, self.copy)}"

    async def get(self, path: str) -> str:
        async with (
            serving(self.opened, self.now, public_url="http://localhost") as client,
            client.get(path, headers={"User-Agent": PHONE_BROWSER}) as answer,
        ):
            assert answer.status == 200
            return await answer.text()

    async def post(self, path: str, **form: str) -> int:
        async with (
            serving(self.opened, self.now, public_url="http://localhost") as client,
            client.post(path, data=form, allow_redirects=False) as answer,
        ):
            return answer.status

    async def tick(self) -> None:
        rows = self.opened.database
        await rows.write(ask_how_it_went, now=self.now)
        await rows.write(partial(write_due, house=RULES), self.jobs, now=self.now)

    async def send(self) -> list[str]:
        """Send what is due; the words that left."""
        before = len(self.texts.given)
        while await self.sender.next(0):
            pass
        return [getattr(each, "body", "") for each in self.texts.given[before:]]

    async def reply(self, body: str) -> None:
        inbound = Inbound(channel="sms", address=PHONE, body=body, key=f"SM{body}")
        answer = partial(receive, network="Red", public_url="", default_language="en", now=self.now)
        await self.opened.database.write(answer, self.jobs, inbound)


@pytest.fixture
async def world(opened: Opened) -> World:
    made = World(opened)
    await made.begin()
    return made


def first_time(page: str) -> str:
    found = re.search(r'name="at" value="(\d{8}T\d{4}Z)"', page)
    assert found is not None
    return found[1]


async def test_reminder_question_answer_and_thanks_each_come_once(world: World) -> None:
    at = first_time(await world.get(world.page))
    form = {"target": HOUSE_SEAT, "at": at}
    assert await world.post(f"{world.page}/remind", **form) == 303
    assert "Le avisaremos" in await world.get(world.page)
    await world.tick()
    assert await world.send() == []  # it is Saturday: how it went is asked later, too

    world.now = datetime.strptime(at, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    await world.tick()
    await world.tick()
    sent = await world.send()
    reminders = [each for each in sent if "El aviso que usted quiso" in each]
    assert len(reminders) == 1
    assert "Encina" in reminders[0]
    link = re.search(r"http://localhost(/a/\w+)", reminders[0])
    assert link is not None
    assert "Encina" in await world.get(link[1])

    questions = [each for each in sent if "¿Qué tal su llamada" in each]
    world.now += timedelta(hours=3)
    await world.tick()
    questions += await world.send()
    assert len(questions) == 1
    await world.reply("2")
    await world.reply("no, 1")
    thanks = await world.send()
    assert [("Muchas gracias" in each) for each in thanks] == [True]

    def told(conn: Connection) -> list[tuple[str, str]]:
        rows = conn.execute(select(Response.target, Response.outcome))
        return [(row.target, row.outcome) for row in rows]

    assert await world.opened.database.read(told) == [(HOUSE_SEAT, "spoke")]


async def test_who_says_stop_in_between_gets_no_reminder(world: World) -> None:
    at = first_time(await world.get(world.page))
    await world.post(f"{world.page}/remind", target=HOUSE_SEAT, at=at)
    world.now = datetime.strptime(at, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    await world.tick()

    def refuse(conn: Connection) -> None:
        make_standing(conn, "sms", PHONE, Standing.OPTED_OUT)

    await world.opened.database.write(refuse)

    assert await world.send() == []

    def reasons(conn: Connection) -> list[str]:
        copies = select(Delivery.reason).join(Prompt, Prompt.delivery_id == Delivery.id)
        return list(conn.scalars(copies))

    assert set(await world.opened.database.read(reasons)) == {"opted_out"}


async def test_who_has_said_stop_is_offered_no_reminder(world: World) -> None:
    at = first_time(await world.get(world.page))

    def refuse(conn: Connection) -> None:
        make_standing(conn, "sms", PHONE, Standing.OPTED_OUT)

    await world.opened.database.write(refuse)

    assert "/remind" not in await world.get(world.page)
    assert await world.post(f"{world.page}/remind", target=HOUSE_SEAT, at=at) == 400


async def test_a_time_that_was_not_offered_is_refused(world: World) -> None:
    for at in ("20261123T0300Z", "20300101T1500Z", "now", ""):
        assert await world.post(f"{world.page}/remind", target=HOUSE_SEAT, at=at) == 400


async def test_two_processes_that_tick_at_once_write_one_copy(world: World) -> None:
    at = first_time(await world.get(world.page))
    await world.post(f"{world.page}/remind", target=HOUSE_SEAT, at=at)
    world.now = datetime.strptime(at, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)

    await asyncio.gather(*(world.tick() for _ in range(8)))

    def copies(conn: Connection) -> list[tuple[str, int]]:
        of = select(Prompt.kind, func.count(Delivery.id)).join(
            Delivery, Delivery.id == Prompt.delivery_id
        )
        every = conn.scalar(select(func.count(Delivery.id)))
        kinds = conn.execute(of.group_by(Prompt.kind))
        return [*((row[0], int(row[1])) for row in kinds), ("all", int(every or 0))]

    found = dict(await world.opened.database.read(copies))
    assert found["remind"] == 1
    assert found["all"] == 1 + found["remind"] + found.get("ask", 0)
    assert len([each for each in await world.send() if "usted quiso" in each]) == 1
