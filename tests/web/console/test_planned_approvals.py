"""A committee asks for approval of a planned email: a letter with a link, a note that comes back, and the queue."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, null, select, update

from campaigns.models import CampaignEmail, CampaignRun, RunStatus, ScheduleStatus
from contacts.models import Channel
from database.jobs import EmbeddedJobs
from database.opening import Opened
from messages.models import Delivery, Message, MessageKind, MessageStatus, MessageText
from messages.series_models import SeriesStep
from organizers import audit
from organizers.models import Organizer
from organizers.roles import Role
from tests.builders import make_contact, make_message, make_project
from tests.web.console.test_planned_emails import EMAIL
from tests.web.organizing import LOOPBACK, OURS, Desk, console, desk, words
from tests.web.serving import Client, make_site
from web.console.letters import any_waiting, write_letters

LINK = re.compile(r"/console/approve-email/([A-Za-z0-9_-]{43})")
DIGEST = re.compile(r'name="seen" value="([0-9a-f]{64})"')
PHONE = "+16085550143"


@dataclass
class Committee:
    """Amina plans in Madison; Berta may send there and reads both languages; Carla looks on."""

    client: Client
    opened: Opened
    now: datetime
    amina: Desk
    berta: Desk
    carla: Desk
    email: str

    async def letters(self, now: datetime | None = None) -> dict[str, list[tuple[str, str]]]:
        """Subject and words of all letters so far, by organizer; a text has no subject."""

        def unit(conn: Connection) -> dict[str, list[tuple[str, str]]]:
            at = now or self.now
            if any_waiting(conn, at):
                site = make_site(public_url=LOOPBACK, approvals=2)
                write_letters(conn, EmbeddedJobs(), site, at)
            rows = (
                select(Organizer.name, Delivery.channel, MessageText)
                .join(Message, Message.id == Delivery.message_id)
                .join(MessageText, MessageText.message_id == Message.id)
                .join(
                    Organizer,
                    (Organizer.email == Delivery.address) | (Organizer.phone == Delivery.address),
                )
                .where(Message.kind == MessageKind.REPLY)
                .order_by(Delivery.id)
            )
            found: dict[str, list[tuple[str, str]]] = {}
            for row in conn.execute(rows):
                text = row.channel == Channel.SMS
                said = ("", row.sms) if text else (row.subject, row.body)
                found.setdefault(row.name, []).append(said)
            return found

        return await self.opened.database.write(unit)

    async def ask(self) -> str:
        """The secret part of the link that Berta gets."""
        asked = await self.amina.post(
            f"{self.email}/ask", {"at": "", "approver": str(self.berta.organizer_id)}
        )
        assert asked.status == 303, await asked.text()
        return str(LINK.findall((await self.letters())["Berta"][-1][1])[-1])

    async def seen(self) -> str:
        return str(DIGEST.findall(await (await self.berta.get(self.email)).text())[0])


@asynccontextmanager
async def committee(opened: Opened, now: datetime) -> AsyncIterator[Committee]:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    await opened.database.write(lambda conn: make_contact(conn, projects=[madison]))
    async with console(opened, now, approvals=2) as client:
        own = {"projects": [madison]}
        amina = await desk(client, opened, now, name="Amina", **own)
        berta = await desk(
            client, opened, now, name="Berta", reads="en es", role=Role.SENDER, phone=PHONE, **own
        )
        carla = await desk(client, opened, now, name="Carla", role=Role.VIEWER, **own)
        made = await amina.post("/console/campaigns", {"name": "Water", "project": str(madison)})
        planned = await amina.post(made.headers["Location"], EMAIL)
        email = planned.headers["Location"]
        yield Committee(client, opened, now, amina, berta, carla, email)


@pytest.fixture
async def here(opened: Opened, now: datetime) -> AsyncIterator[Committee]:
    async with committee(opened, now) as found:
        yield found


async def test_a_letter_leads_to_exactly_what_is_approved_and_a_button_approves_it(
    here: Committee,
) -> None:
    token = await here.ask()
    letters = await here.letters()
    reminded = (await here.letters(datetime.fromisoformat("2027-02-13T08:00:00+00:00")))["Berta"]
    at = f"/console/approve-email/{LINK.findall(reminded[-1][1])[-1]}"

    opened = words(await (await here.client.get(at)).text())
    done = await here.client.post(at, data={"language": "en es"}, headers=OURS)
    again = await here.client.get(at)

    (_, text), (subject, letter) = letters["Berta"]
    assert token in letter
    assert token in text
    assert subject == "Amina asks you to approve a planned email: News of the river"
    assert re.search(r"first goes on Sun, Feb 14, 2027, 2:30.AM, New York \(Eastern Time\)", letter)
    assert [said for said, _ in reminded[2:]] == [
        "",
        "It still waits for your approval: News of the river",
    ]
    for part in ("Read this.", "Lea esto.", "Written by Amina", "Sun, Feb 14, 2027", "Madison"):
        assert part in opened
    assert "It is approved" in await done.text()
    assert again.status == 404
    assert "Approved by Berta" in await here.amina.page(here.email)
    entries = await here.opened.database.read(audit.entries, None, act="email.approve")
    assert entries[0].after == {"how": "link", "languages": "en es"}


async def test_a_link_that_is_over_or_of_before_a_change_approves_nothing(here: Committee) -> None:
    token = await here.ask()
    await here.amina.post(
        f"{here.email}/change", {**EMAIL, "body_en": "Read that.", "act": "schedule"}
    )

    changed = await here.client.post(
        f"/console/approve-email/{token}", data={"language": "en es"}, headers=OURS
    )
    forged = await here.client.get("/console/approve-email/" + "x" * 43)

    assert changed.status == 409
    assert "has changed since you opened it" in await changed.text()
    assert forged.status == 404
    assert "Waits for:" in await here.amina.page(here.email)


async def test_what_is_over_asks_nobody_for_an_approval_any_more(here: Committee) -> None:
    waiting = await here.amina.page(here.email)

    def end(conn: Connection) -> None:
        conn.execute(update(CampaignRun).values(status=RunStatus.SKIPPED))
        conn.execute(update(CampaignEmail).values(status=ScheduleStatus.OVER, next_run_at=None))

    await here.opened.database.write(end)
    over = await here.amina.page(here.email)

    assert "Ask for approval" in waiting
    assert "Ask for approval" not in over
    assert "Waits for:" not in over


async def test_a_note_comes_back_to_the_page_and_to_its_author(here: Committee) -> None:
    token = await here.ask()
    form = {"at": "", "seen": await here.seen(), "note": "Please change the date in paragraph 2."}

    empty = await here.berta.post(f"{here.email}/send-back", {**form, "note": " "})
    sent = await here.berta.post(f"{here.email}/send-back", form)
    page, letters = await here.amina.page(here.email), await here.letters()
    spent = await here.client.get(f"/console/approve-email/{token}")

    assert (empty.status, sent.status, spent.status) == (422, 303, 404)
    assert "Berta sent it back: Please change the date in paragraph 2." in page
    assert letters["Amina"][-1][0] == "Berta sent your planned email back: News of the river"
    assert "“Please change the date in paragraph 2.”" in letters["Amina"][-1][1]
    assert "Approve these words" not in await here.berta.page(here.email)
    unread = await here.berta.post(f"{here.email}/approve", {**form, "language": "en"})
    assert unread.status == 422
    assert "This was sent back with a note" in await unread.text()
    assert "Sent back" in await here.amina.page("/console/approvals")
    assert "Nothing waits for your approval" in await here.berta.page("/console/approvals")


async def test_a_note_by_the_link_of_a_letter_comes_back_likewise(here: Committee) -> None:
    token = await here.ask()

    done = await here.client.post(
        f"/console/approve-email/{token}", data={"note": "Too long."}, headers=OURS
    )

    assert "It is sent back" in await done.text()
    assert "Berta sent it back: Too long." in await here.amina.page(here.email)
    entries = await here.opened.database.read(audit.entries, None, act="email.send_back")
    assert entries[0].after == {"how": "link"}


async def test_the_queue_counts_planned_emails_and_says_who_asks(here: Committee) -> None:
    await here.ask()

    queue, mine = [await each.page("/console/approvals") for each in (here.berta, here.amina)]
    first = await here.berta.page("/console/")

    assert re.search("News of the river Planned email, first [^·]* · Amina asks you", queue)
    assert re.search("News of the river Planned email · Berta Waits for:", mine)
    assert "Waits for your approval: News of the river" in first
    assert re.search(r"Approvals\s+1\b", first)
    await here.opened.database.write(pause_all, here.now)
    queue = await here.berta.page("/console/approvals")
    page = await (await here.amina.get(here.email)).text()
    assert "News of the river Planned email · Amina asks you" in queue
    assert "Today Words of one date: Sun, Nov 1, 2026" in queue
    assert page.count(f'action="{here.email}/ask"') == 2, "of its words, and of the date's"


def pause_all(conn: Connection, now: datetime) -> None:
    """Both dates of the email have gone, one with words of its own, and are paused."""
    own = {code: {"subject": "Today", "body": "Read."} for code in ("en", "es")}
    over = {"status": ScheduleStatus.OVER, "next_local": None, "next_run_at": None}
    conn.execute(update(CampaignEmail).values(over))
    email_id = conn.scalars(select(CampaignEmail.id)).one()
    for day, texts in (("2026-11-01", own), ("2026-11-02", null())):
        paused = make_message(conn, status=MessageStatus.PAUSED, kind=MessageKind.CAMPAIGN)
        at = {"local_time": f"{day}T09:00", "planned_at": now, "status": RunStatus.FIRED}
        run = {**at, "email_id": email_id, "message_id": paused, "texts": texts}
        conn.execute(insert(CampaignRun).values(run))


async def test_who_may_not_send_there_is_not_asked_and_sends_nothing_back(here: Committee) -> None:
    asked = await here.amina.post(
        f"{here.email}/ask", {"at": "", "approver": str(here.carla.organizer_id)}
    )
    nobody = await here.amina.post(f"{here.email}/ask", {"at": ""})
    sent = await here.carla.post(
        f"{here.email}/send-back", {"seen": await here.seen(), "note": "No."}
    )

    assert (asked.status, nobody.status, sent.status) == (422, 422, 403)
    assert "Choose who is to approve this" in await nobody.text()
    assert await here.letters(here.now + timedelta(days=1)) == {}


STEP = {
    "days": "1",
    "hour": "09:00",
    **{name: EMAIL[name] for name in ("subject_en", "body_en", "subject_es", "body_es")},
}


async def of_a_series(here: Committee) -> str:
    """A step of a series in Madison that Berta is asked about; its address."""
    project = "1"
    said = {"name": "Welcome", "trigger": "joined", "zone": "America/Chicago", "project": project}
    made = await here.amina.post("/console/series", said)
    assert made.status == 303, await made.text()
    await here.amina.post(f"{made.headers['Location']}/steps", STEP)
    step = await here.opened.database.read(lambda conn: conn.scalar(select(SeriesStep.id)))
    at = f"/console/series-steps/{step}"
    asked = await here.amina.post(f"{at}/ask", {"approver": str(here.berta.organizer_id)})
    assert asked.headers["Location"] == f"{made.headers['Location']}?notice=asked"
    return at


async def test_an_email_of_a_series_is_asked_about_read_by_a_link_and_approved(
    here: Committee,
) -> None:
    await of_a_series(here)
    subject, letter = (await here.letters())["Berta"][-1]
    at = f"/console/approve-email/{LINK.findall(letter)[-1]}"

    queue, mine = [await each.page("/console/approvals") for each in (here.berta, here.amina)]
    opened = words(await (await here.client.get(at)).text())
    done = await here.client.post(at, data={"language": "en es"}, headers=OURS)
    page = await here.amina.page("/console/series/1")

    assert subject == "Amina asks you to approve a planned email: News of the river"
    assert "Madison – Arcatao, in its series Welcome: News of the river" in letter
    assert "Whoever it comes to before it is approved waits." in letter
    assert "email of a series: Welcome · Amina asks you" in queue
    assert "email of a series: Welcome · Berta Waits for:" in mine
    for part in ("Read this.", "Lea esto.", "Written by Amina", "The next day at 09:00"):
        assert part in opened
    assert "It is approved" in await done.text()
    assert "Approved by Berta" in page
    [entry] = await here.opened.database.read(audit.entries, None, act="step.approve")
    assert entry.after == {"how": "link", "languages": "en es"}


async def test_an_email_of_a_series_comes_back_with_a_note(here: Committee) -> None:
    step = await of_a_series(here)
    series = await (await here.berta.get("/console/series/1")).text()
    form = {"seen": DIGEST.findall(series)[0], "note": "Warmer, please."}

    empty = await here.berta.post(f"{step}/send-back", {**form, "note": " "})
    sent = await here.berta.post(f"{step}/send-back", form)
    refused = await here.carla.post(f"{step}/send-back", form)
    page = await here.amina.page("/console/series/1?notice=sent_back")
    subject, letter = (await here.letters())["Amina"][-1]

    assert (empty.status, sent.status, refused.status) == (422, 303, 403)
    assert "Berta sent it back: Warmer, please." in page
    assert subject == "Berta sent your planned email back: News of the river"
    assert "/console/series/1" in letter
    assert "“Warmer, please.”" in letter
