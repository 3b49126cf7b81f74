"""The summer of the Suchitoto 14, played through the console by two people on their telephones.

Fourteen are arrested; five days later thirteen are charged; after three weeks five are free and nine held; after
four, a day of calls to one desk while it answers; then the end. Facts and days are those of July 2007, the people
are invented. What it costs in presses and screens is counted, and kept in ``build/storyline.md``.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import async_playwright
from sqlalchemy import Connection, select

from actions.custom_targets import Line, NamedOffice, save_office
from alerts.models import Alert
from contacts.models import Channel
from database.jobs import EmbeddedJobs
from database.opening import Opened, opened, prepare
from messages.models import Delivery, Message, MessageKind, MessageText, Status
from messages.providers.provider import Text
from messages.sending import Policy, Sender
from organizers import sessions
from organizers.sessions import Proof
from tests.browser.walking import Hands, Tally, Walker, sit_down
from tests.builders import load_invented_officials, make_contact, make_project
from tests.doubles import NoJobs, ProviderInMemory
from tests.web.organizing import LOOPBACK, Desk, console, desk
from tests.web.serving import make_site
from web.console.letters import write_letters

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WASHINGTON = ZoneInfo("America/New_York")
KEPT = Path(__file__).parents[2] / "build" / "storyline.md"
CLICKS = 12  # of both people, from the news to the launch
MINUTE = timedelta(minutes=1)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


def eastern(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=WASHINGTON).astimezone(UTC)


NEWS = eastern(7, 2, 20, 40)


@dataclass
class Story:
    """Amina writes and launches, Berta approves; a sender and a clock that the story sets."""

    opened: Opened
    now: list[datetime]
    amina: Walker
    berta: Walker
    tally: Tally
    texts: ProviderInMemory
    sender: Sender
    people: dict[str, int]

    async def begin(self, name: str, when: datetime) -> None:
        """Another day: both come in anew, which is no part of what is counted."""
        self.now[0] = when
        self.tally.begin(name)
        for each in (self.amina, self.berta):
            await each.come_in(await self.opened.database.write(self._session, each.desk))

    def _session(self, conn: Connection, of: Desk) -> str:
        return sessions.begin(conn, of.organizer_id, self.now[0], proof=Proof.CODE)

    async def at(self, when: datetime) -> None:
        """Time passes, and whatever is due leaves."""
        self.now[0] = when
        await self.sender.look(0)

    async def approve(self) -> None:
        """Amina asks; the letter's link takes Berta to what she approves."""
        await self.amina.press("Ask for approval")
        await self.berta.open(await self.opened.database.write(self._link))
        await self.berta.press("Approve both languages")
        assert "Thank you. It is approved." in await self.berta.words()

    def _link(self, conn: Connection) -> str:
        write_letters(
            conn, EmbeddedJobs(), make_site(public_url=LOOPBACK, approvals=2), self.now[0]
        )
        bodies = select(MessageText.body).join(Message, Message.id == MessageText.message_id)
        letters = conn.scalars(bodies.where(Message.kind == MessageKind.REPLY).order_by(Message.id))
        links = re.findall(r"/console/approve/[A-Za-z0-9_-]{43}", "".join(letters))
        return str(links[-1])

    async def launch(self, people: int) -> int:
        """Have a test, type the number, press the button; the number of the alert."""
        await self.amina.page.reload()
        waits = "It waits for a test of its words." in await self.amina.words()
        await self.amina.press("Send the test" if waits else "Send a test to me")
        assert f"Type {people}, the people it will reach" in await self.amina.words()
        await self.amina.type(confirmed=str(people))
        await self.amina.press(f"Launch to {people} {'person' if people == 1 else 'people'}")
        assert "Nothing" in await self.amina.words()  # has left yet, or leaves before
        return self.amina.number

    async def got(self, alert_id: int) -> dict[str, str]:
        """The texts of an alert that left, by whose they are."""
        known = {number: name for name, number in self.people.items()}

        def sent(conn: Connection) -> dict[int, str]:
            mine = select(Delivery.id, Delivery.contact_id).join(
                Alert, Alert.message_id == Delivery.message_id
            )
            left = Delivery.status.between(Status.ACCEPTED, Status.DELIVERED)
            rows = conn.execute(mine.where(Alert.id == alert_id, left))
            return {row.id: known[row.contact_id] for row in rows}

        owners = await self.opened.database.read(sent)
        given = [each for each in self.texts.given if isinstance(each, Text)]
        return {
            owners[each.ticket.delivery_id]: each.body
            for each in given
            if each.ticket.delivery_id in owners
        }


@asynccontextmanager
async def telling(folder: Path, hands: Hands) -> AsyncIterator[Story]:
    now = [NEWS]
    url = prepare(f"sqlite:///{folder / 'llamado.db'}")
    tally = Tally()
    async with (
        opened(url) as database,
        console(database, lambda: now[0], approvals=2) as client,
        async_playwright() as playwright,
    ):
        people = await database.database.write(fill)
        both: dict[str, Any] = {"network": True, "reads": "en es"}
        amina = await desk(client, database, now[0], name="Amina", **both)
        berta = await desk(client, database, now[0], name="Berta", **both)
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        texts = ProviderInMemory()
        sender = Sender(
            database.database,
            NoJobs(),
            {Channel.SMS: texts, Channel.EMAIL: ProviderInMemory()},
            make_site(public_url=LOOPBACK).house.identity,
            Policy(),
            clock=lambda _conn: now[0],
        )
        yield Story(
            opened=database,
            now=now,
            amina=await sit_down(browser, amina, tally, hands),
            berta=await sit_down(browser, berta, tally, hands),
            tally=tally,
            texts=texts,
            sender=sender,
            people=people,
        )
        await browser.close()


def fill(conn: Connection) -> dict[str, int]:
    """A network with a committee, five people, and the desk that is called in the end."""
    load_invented_officials(conn)
    madison = make_project(conn)
    save_office(
        conn,
        NamedOffice(
            key="desk",
            name="El Salvador desk, Department of State",
            phones=[Line("+12025550147")],
            hours="mon-fri 09:00-17:00",
            verified_on=date(2026, 6, 30),
            verified_by="Amina",
            source="their page",
        ),
    )
    return {
        "María": make_contact(conn, "María", language="es", projects=[madison]),
        "Ben": make_contact(conn, "Ben", projects=[madison]),
        "Chloe": make_contact(conn, "Chloe", zones=["America/New_York"]),
        "Walter": make_contact(conn, "Walter", phone=None),
        "Keala": make_contact(conn, "Keala", zones=["Pacific/Honolulu"]),
    }


ARRESTED = {
    "words_en": "fourteen people are held after a march about water",
    "words_es": "catorce personas detenidas tras una marcha por el agua",
    "key": "held",
    "sources": "CRIPDES\nTutela Legal",
}


CHARGED = {
    "words_en": "thirteen people are charged with terrorism, and held",
    "words_es": "trece personas están acusadas de terrorismo, y detenidas",
}
NINE = {
    "words_en": "nine people are held still; five are free",
    "words_es": "nueve personas siguen detenidas; cinco están libres",
}


async def the_news(story: Story) -> int:
    """From the phone call to the launch: a case, its fact, the alert, a second person."""
    amina = story.amina
    await story.begin("2 July, 20:40: fourteen are arrested; from the news to the launch", NEWS)
    await amina.open("/console/cases")
    await amina.follow("Begin a case")
    await amina.type(
        case_title_en="The Suchitoto 14",
        case_title_es="Los 14 de Suchitoto",
        case_summary_en="They were arrested at a march about water.",
        case_summary_es="Fueron detenidas en una marcha por el agua.",
    )
    await amina.press("Begin it")
    await amina.follow("Note a fact")
    await amina.type(**ARRESTED, happened_on="2026-07-02")
    await amina.press("Note it")
    await amina.follow("Write an alert about this case")
    await amina.press("People were arrested")
    await amina.tick("work", "advocacy")
    await amina.press("Save and check")
    await story.approve()
    return await story.launch(5)


async def a_fact_changes(story: Story, people: int, **words: str) -> int:
    """Note what is known now, draft the correction, have it approved, and launch it."""
    amina = story.amina
    await amina.open("/console/cases")
    await amina.follow("The Suchitoto 14")
    await amina.follow("Change the fact held")
    await amina.type(**words, note="CRIPDES and Tutela Legal tell it.")
    await amina.press("Save as a new version")
    assert f"Told otherwise: {people} people have not been told" in await amina.words()
    await amina.press("Draft the correction")
    await story.approve()
    return await story.launch(people)


async def a_call_in_day(story: Story) -> int:
    """The evening before: an alert to one desk, which begins when the desk answers."""
    amina = story.amina
    await amina.open("/console/cases")
    await amina.follow("The Suchitoto 14")
    await amina.follow("Write an alert about this case")
    await amina.press("A national call-in day, with one target")
    await amina.choose("ask_0_who", "office:desk")
    await amina.type(fill_en="9 to 5 Eastern", fill_es="de 9 a 5, hora del Este")
    await amina.type(begins_on="2026-07-30", last_day="2026-07-30")
    await amina.tick("work", "advocacy")
    await amina.press("Save and check")
    await story.approve()
    return await story.launch(5)


async def it_ends(story: Story) -> int:
    """The case is closed with its outcome, and who acted is told."""
    amina = story.amina
    await amina.open("/console/cases")
    await amina.follow("The Suchitoto 14")
    await amina.follow("Close the case")
    await amina.choose("outcome", "won")
    await amina.type(
        ended_on="2026-07-30",
        words_en="All thirteen are home.",
        words_es="Las trece personas están en casa.",
    )
    await amina.press("Close it, and call 0 copies off")
    story.tally.now.presses += 1
    tell = amina.page.get_by_role("listitem").filter(has_text="Tell those who acted")
    await amina.go(tell.get_by_role("button"))
    await story.approve()
    return await story.launch(3)


async def calls(story: Story, body: str) -> str:
    """Somebody follows the link of their text and says that they spoke with the office; what they read."""
    link = re.findall(r"/a/[A-Za-z0-9_-]+", body)[0]
    browser = story.amina.page.context.browser
    assert browser is not None
    page = await (await browser.new_context()).new_page()
    await page.goto(story.amina.base + link)
    read = await page.locator("body").inner_text()
    button = page.get_by_role("button", name=re.compile("I spoke with someone|Hablé con alguien"))
    if await button.count():
        await button.click()
    await page.context.close()
    return " ".join(read.split())


@pytest.mark.parametrize("hands", Hands)
async def test_the_summer_of_2007(tmp_path: Path, hands: Hands) -> None:
    async with telling(tmp_path, hands) as story:
        first = await the_news(story)
        await story.at(NEWS + MINUTE)
        evening = await story.got(first)
        await story.at(eastern(7, 3, 10))
        morning = await story.got(first)
        seen = await calls(story, morning["María"])

        await story.begin("7 July: thirteen are charged; the correction", eastern(7, 7, 12))
        second = await a_fact_changes(story, 5, **CHARGED)
        await story.at(eastern(7, 7, 16))
        charged = await story.got(second)
        anew = await calls(story, morning["Ben"])

        await story.begin("23 July: five are free, nine held; the correction", eastern(7, 23, 15))
        third = await a_fact_changes(story, 5, **NINE)
        await story.at(eastern(7, 23, 16))
        nine = await story.got(third)

        await story.begin("29 July: the call-in day is prepared", eastern(7, 29, 20, 40))
        fourth = await a_call_in_day(story)
        waiting = await story.amina.words()
        await story.at(eastern(7, 30, 8, 59))
        before = await story.got(fourth)
        await story.at(eastern(7, 30, 16))
        day = await story.got(fourth)
        desk_page = await calls(story, day["Chloe"])

        await story.begin("30 July: all are home; the case is closed", eastern(7, 30, 17, 30))
        last = await it_ends(story)
        await story.at(eastern(7, 30, 17, 30) + MINUTE)
        told = await story.got(last)
        over = await calls(story, day["Keala"])

    everybody = {"María", "Ben", "Chloe", "Keala"}
    assert set(evening) == everybody - {"Chloe"}  # past eight o'clock where she lives
    assert set(morning) == set(charged) == set(nine) == set(day) == everybody
    assert "catorce personas detenidas" in morning["María"]
    assert "trece personas están acusadas" in charged["María"]
    assert "nine people are held" in nine["Ben"]
    assert "catorce personas detenidas" in seen
    assert "Changed since we wrote to you" in anew
    assert "It begins on Jul 30, 2026" in waiting
    assert before == {}
    assert "El Salvador desk" in desk_page
    assert set(told) == everybody - {"Keala"}  # they told us of a call
    assert "This was won" in over
    if hands is Hands.TOUCH:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(story.tally.table())
    assert story.tally.acts[0].presses <= CLICKS
