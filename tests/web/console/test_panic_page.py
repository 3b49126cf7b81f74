"""The panic button: one press, everybody is out, and every page of the console says why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from campaigns.panic import unlock
from database.opening import Opened
from messages.links import person_token
from organizers import audit
from organizers.access import create_organizer
from tests.builders import make_alert, make_contact, make_delivery
from tests.web.organizing import OURS, console, desk
from tests.web.serving import LINKS_SECRET


async def test_button_signs_everybody_out_and_the_sign_in_page_says_why(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(lambda conn: make_alert(conn, starts_at=now))
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        ben = await desk(client, opened, now, email="ben@example.org")
        page = await amina.page("/console/lock")

        pressed = await amina.post("/console/lock", {"reason": "a phone is gone"})
        shown = await client.get(pressed.headers["Location"])
        told = await shown.text()
        of_ben = await ben.get("/console/alerts")

    assert "signs out every organizer" in page
    assert pressed.status == 303
    assert (shown.status, of_ben.status) == (423, 423)
    assert "llamado unlock" in told
    [entry] = await opened.database.read(lambda conn: audit.entries(conn, None))
    assert (entry.act, entry.object) == ("lock.begin", "lock:1")
    assert entry.after == {"sessions": 2, "messages": 1, "ended": False}
    assert "phone" not in str(entry)


async def test_nobody_signs_in_before_it_is_unlocked_on_the_server(
    opened: Opened, now: datetime
) -> None:
    ben = {"email": "ben@example.org", "password": "four words do well"}
    await opened.database.write(
        lambda conn: create_organizer(
            conn, name="Ben", email=ben["email"], password=ben["password"], now=now
        )
    )
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        await amina.post("/console/lock")
        refused = await client.post(
            "/console/sign-in", data=ben, headers=OURS, allow_redirects=False
        )
        await opened.database.write(unlock, by="command line", now=now)
        again = await amina.get("/console/alerts")
        let_in = await client.post(
            "/console/sign-in", data=ben, headers=OURS, allow_redirects=False
        )

    assert refused.status == 423
    assert again.headers["Location"].startswith("/console/sign-in")  # the old session is gone
    assert let_in.status == 303


async def test_people_can_leave_the_list_while_the_console_is_locked(
    opened: Opened, now: datetime
) -> None:
    def prepare(conn: Connection) -> int:
        return make_delivery(conn, make_alert(conn).message_id, make_contact(conn))

    delivery = await opened.database.write(prepare)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        await amina.post("/console/lock")
        way_out = await client.get(f"/u/{person_token(LINKS_SECRET, delivery)}")

    assert way_out.status == 200
