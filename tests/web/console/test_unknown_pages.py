"""The page of copies whose fate nobody knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from database.opening import Opened
from messages import counts, doubts
from messages.doubts import Closed
from messages.lookups import Found
from messages.models import Batch, Delivery, Doubt, Message, MessageStatus, Status
from tests.builders import make_alert, make_contact, make_delivery, make_project
from tests.web.organizing import Desk, console, desk
from web.console.unknown_copies import Unknowns, unknown_count

PAGE = "/console/unknown"


@dataclass
class Office:
    """Amina of Madison, and a copy of an alert of hers to Ben, which is unknown."""

    amina: Desk
    opened: Opened
    madison: int
    copy: int
    message: int
    alert: int

    async def write(self, unit: Any) -> Any:
        return await self.opened.database.write(unit)

    async def learn(self, **values: Any) -> None:
        await self.write(lambda conn: conn.execute(update(Doubt).values(**values)))

    async def press(self, act: str, copy: int | None = None, **form: str) -> int:
        return (await self.amina.post(f"{PAGE}/{copy or self.copy}/{act}", form)).status

    async def state(self) -> tuple[int, int]:
        def read(conn: Connection) -> tuple[int, int]:
            row = conn.execute(select(Delivery).where(Delivery.id == self.copy)).one()
            return row.status, row.approved_sends

        found: tuple[int, int] = await self.opened.database.read(read)
        return found

    async def doubt(self) -> Any:
        one = select(Doubt).where(Doubt.delivery_id == self.copy)
        return await self.opened.database.read(lambda conn: conn.execute(one).one())


def make_unknown(conn: Connection, message_id: int, contact_id: int, now: datetime) -> int:
    copy = make_delivery(
        conn,
        message_id,
        contact_id,
        status=Status.UNKNOWN,
        reason="HTTP 500",
        changed_at=now - timedelta(minutes=5),
    )
    doubts.note_found(conn, [copy], now=now)
    deltas = counts.Deltas()
    deltas[counts.place(message_id, "sms", Status.UNKNOWN, "HTTP 500", None)] += 1
    counts.apply(conn, deltas)
    return copy


@pytest.fixture
async def office(opened: Opened, now: datetime) -> AsyncIterator[Office]:
    def make(conn: Connection) -> tuple[int, int, int, int]:
        madison = make_project(conn)
        ben = make_contact(conn, "Ben", projects=[madison])
        alert = make_alert(conn, project_id=madison)
        copy = make_unknown(conn, alert.message_id, ben, now)
        return madison, copy, alert.message_id, alert.alert_id

    made = await opened.database.write(make)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[made[0]])
        yield Office(amina, opened, *made)


async def test_a_quiet_day_says_what_comes_here(opened: Opened, now: datetime) -> None:
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)

        assert "No copy is unknown" in await amina.page(PAGE)
        assert "Unknown copies" not in await amina.page("/console/")


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"looks": 0}, "Nobody was asked yet"),
        (
            {"found": Found.NOT_FOUND, "asked": "twilio", "looks": 3},
            "Twilio was asked 3 times and does not list it. Most likely it did not go out, but that",
        ),
        ({"found": Found.SEVERAL, "asked": "twilio"}, "Twilio lists something that may be it"),
        ({"found": Found.COULD_NOT_ASK, "asked": "twilio"}, "Twilio could not be asked"),
        ({"found": Found.NOTHING_TO_ASK, "asked": "sendgrid"}, "SendGrid has no list"),
        ({"found": Found.NOTHING_TO_ASK, "asked": "smtp"}, "The mail server has no list"),
    ],
)
async def test_page_tells_what_is_known_of_a_copy(
    office: Office, known: dict[str, Any], sentence: str
) -> None:
    await office.learn(**known)

    shown = await office.amina.page(PAGE)

    assert "Ben Rivas" in shown
    assert "Free the fourteen" in shown
    assert "The provider answered with an error (HTTP 500)" in shown
    assert sentence in shown
    assert "they may get it twice" in shown


async def test_what_needs_a_person_stands_out_everywhere(office: Office) -> None:
    before = await office.amina.page(PAGE)
    await office.learn(next_look_at=None)

    after, home = await office.amina.page(PAGE), await office.amina.page("/console/")
    alert = await (await office.amina.get(f"/console/alerts/{office.alert}")).text()

    assert "Being looked for" in before
    assert "Needs you" in after
    assert "1 needs a person" in after
    assert "1 copy is unknown" in home
    assert f'href="/console/unknown?message={office.message}"' in alert
    assert "Ben Rivas" in await office.amina.page(f"{PAGE}?message={office.message}")
    assert "Ben Rivas" not in await office.amina.page(f"{PAGE}?message=999")


async def test_copy_is_sent_again_because_a_person_says_so_and_her_name_is_kept(
    office: Office,
) -> None:
    def in_a_batch(conn: Connection) -> None:
        row = conn.execute(select(Delivery).where(Delivery.id == office.copy)).one()
        batch = {
            "message_id": office.message,
            "channel": "sms",
            "lo_id": row.id,
            "hi_id": row.id + 1,
            "priority": 1,
            "open": False,
            "next_at": row.changed_at,
        }
        conn.execute(insert(Batch).values(batch))

    await office.write(in_a_batch)

    first, second = await office.press("again"), await office.press("again")

    doubt = await office.doubt()
    assert (first, second) == (303, 409)
    assert await office.state() == (Status.PENDING, 2)
    assert (doubt.closed_how, doubt.closed_by) == (
        Closed.AGAIN,
        f"organizer:{office.amina.organizer_id}",
    )


@pytest.mark.parametrize(
    ("said", "status", "how"),
    [("yes", Status.ACCEPTED, Closed.SENT), ("no", Status.FAILED, Closed.NOT_SENT)],
)
async def test_what_a_person_saw_at_the_provider_settles_a_copy(
    office: Office, said: str, status: Status, how: Closed
) -> None:
    first, second = await office.press("settle", sent=said), await office.press("settle", sent=said)

    doubt = await office.doubt()
    assert (first, second) == (303, 409)
    assert await office.state() == (status, 1)
    assert (doubt.closed_how, doubt.closed_by) == (how, f"organizer:{office.amina.organizer_id}")
    assert "No copy is unknown" in await office.amina.page(PAGE)


async def test_person_may_have_the_provider_asked_again(office: Office, now: datetime) -> None:
    await office.learn(next_look_at=None)

    assert await office.press("look") == 303
    assert (await office.doubt()).next_look_at == now


async def test_nothing_is_offered_of_a_message_that_ended(office: Office) -> None:
    ended = {"status": MessageStatus.STOPPED}
    await office.write(
        lambda conn: conn.execute(
            update(Message).where(Message.id == office.message).values(**ended)
        )
    )

    assert "Its message has ended" in await office.amina.page(PAGE)
    assert await office.press("again") == 409


async def test_people_of_other_projects_are_neither_shown_nor_touched(
    office: Office, now: datetime
) -> None:
    def make_theirs(conn: Connection) -> int:
        stranger = make_contact(conn, "Benedicta", projects=[make_project(conn, "Bangor")])
        return make_unknown(conn, office.message, stranger, now)

    theirs = await office.write(make_theirs)

    assert "Benedicta" not in await office.amina.page(PAGE)
    assert "1 copy" in await office.amina.page(PAGE)
    assert [await office.press(act, theirs) for act in ("again", "look", "settle")] == [409] * 3

    def count(conn: Connection) -> list[Unknowns]:
        return [unknown_count(conn, within) for within in (None, [office.madison], [])]

    everybodys = await office.opened.database.read(count)
    assert [each.all for each in everybodys] == [2, 1, 0]


async def test_page_speaks_spanish(office: Office, now: datetime) -> None:
    rosa = await desk(
        office.amina.client, office.opened, now, projects=[office.madison], language="es"
    )
    await office.learn(found=Found.NOT_FOUND, asked="twilio", looks=1, looked_at=now)

    shown = await rosa.page(PAGE)

    assert "Copias desconocidas" in shown
    assert "Se le preguntó una vez a Twilio y no la tiene en su lista." in shown
    assert "Enviarlo una vez más" in shown
