"""The page on deliverability: what is in order, what is held, and what a person can do about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from contacts.consent import refuse, standings
from contacts.models import Standing
from database.opening import Opened
from messages import complaints, sender_checks, suppression_lists, troubles, unproven_stops
from messages.models import Message, MessageStatus
from messages.reach_models import ListDifference, SenderHold
from messages.sender_records import Finding, Verdict
from messages.troubles import SoftRule
from organizers import audit
from tests.builders import make_alert, make_contact, make_message, make_project
from tests.messages.test_troubles import soft
from tests.web.organizing import console, desk
from web.translations import translators

BAD = Finding("spf_missing", Verdict.BAD, name="example.org", record="v=spf1 mx ~all")


def held(conn: Connection, now: datetime) -> int:
    message = make_message(conn, kind="campaign")
    row = {"domain": "example.org", "complaints": 3, "delivered": 90, "at": now, "ended_by": ""}
    made = insert(SenderHold).values(message_id=message, **row).returning(SenderHold.id)
    return conn.execute(made).scalar_one()


async def test_what_is_wrong_stands_there_with_the_record_to_copy(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(
        lambda conn: sender_checks.keep(conn, "example.org", [BAD], now=now)
    )
    async with console(opened, now, email_sender="Sister Cities <alerts@example.org>") as client:
        amina = await desk(client, opened, now)
        page = await amina.page("/console/deliverability")
        overview = await amina.page("/console/")

    assert "There is no SPF record; add this one." in page
    assert "v=spf1 mx ~all" in page
    assert "The records of example.org are not in order" in overview


async def test_who_looks_lets_planned_mail_go_on_and_the_record_says_so(
    opened: Opened, now: datetime
) -> None:
    hold = await opened.database.write(held, now)
    async with console(opened, now, email_sender="Sister Cities <alerts@example.org>") as client:
        amina = await desk(client, opened, now)
        before = await amina.page("/console/deliverability")
        pressed = await amina.post(f"/console/deliverability/{hold}/go-on")

    assert "3 of 90 people" in before
    assert pressed.status == 303
    assert await opened.database.read(complaints.held) == []
    [entry] = await opened.database.read(lambda conn: audit.entries(conn, None))
    assert (entry.act, entry.object) == ("hold.end", f"hold:{hold}")


async def test_an_urgent_alert_that_many_mark_as_spam_goes_on_and_says_so(
    opened: Opened, now: datetime
) -> None:
    def prepare(conn: Connection) -> tuple[int, int]:
        alert = make_alert(conn, urgent=True, confirmed=12)
        row = {"domain": "example.org", "complaints": 3, "delivered": 900, "ended_by": ""}
        conn.execute(insert(SenderHold).values(message_id=alert.message_id, at=now, **row))
        return alert.alert_id, alert.message_id

    alert, message = await opened.database.write(prepare)
    async with console(opened, now, email_sender="Sister Cities <alerts@example.org>") as client:
        amina = await desk(client, opened, now)
        live = await amina.page(f"/console/alerts/{alert}")
        overview = await amina.page("/console/")
        paused = {"status": MessageStatus.PAUSED}
        mine = update(Message).where(Message.id == message).values(paused)
        await opened.database.write(lambda conn: conn.execute(mine))
        since = await amina.page(f"/console/alerts/{alert}")

    assert "3 marked it as spam. It goes on, because it is urgent" in live
    assert "3 marked it as spam. It goes on, because it is urgent" in overview
    hold = complaints.Hold(1, "example.org", message, complaints.Rate(3, 900), now)
    assert "Sigue adelante porque" in translators(("es",))["es"].sentence(hold.warning)
    assert "It goes on" not in since


async def test_a_worn_out_mailbox_is_written_to_again_and_sendgrid_asked(
    opened: Opened, now: datetime
) -> None:
    def prepare(conn: Connection) -> int:
        soft(conn, now - timedelta(days=9), 0, 4, 8)
        troubles.refuse_worn_out(conn, SoftRule(), now=now)
        row = {"name": "bounces", "channel": "email", "address": "ana@example.org", "found_at": now}
        conn.execute(insert(ListDifference).values(**row, clearing_by="", failed=""))
        return make_contact(conn, "Ana", phone=None, email="ana@example.org")

    contact = await opened.database.write(prepare)
    async with console(opened, now, email_sender="Sister Cities <alerts@example.org>") as client:
        amina = await desk(client, opened, now)
        pressed = await amina.post(f"/console/contacts/{contact}/let-through")

    assert pressed.status == 303

    def stands(conn: Connection) -> tuple[bool, str | None]:
        pair = ("email", "ana@example.org")
        asked = conn.scalar(select(ListDifference.clearing_by))
        return pair in standings(conn, [pair]).refused, asked

    refused, asked = await opened.database.read(stands)
    assert not refused
    assert asked
    assert asked.startswith("organizer:")
    assert [row.name for row in await opened.database.read(suppression_lists.differences)] == [
        "bounces"
    ]


def silenced(conn: Connection, now: datetime) -> list[str]:
    """People whom emails that nobody vouches for took off, all from one server."""
    people = [f"p{number}@example.org" for number in range(unproven_stops.MANY)]
    for each in people:
        make_contact(conn, "Ana", phone=None, email=each)
        said = {"standing": Standing.OPTED_OUT, "source": "email", "evidence": "stop"}
        line = refuse(conn, "email", each, **said, actor="supporter", now=now)  # type: ignore[arg-type]
        assert line is not None
        unproven_stops.note(conn, line, origin="8.8.4.4", now=now)
    return people


async def test_many_opt_outs_that_may_be_forged_are_told_and_undone_together(
    opened: Opened, now: datetime
) -> None:
    people = await opened.database.write(silenced, now)
    pairs = [("email", each) for each in people]
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        project = await opened.database.write(make_project, "Madison – Arcatao")
        ben = await desk(client, opened, now, name="Ben", projects=[project])
        overview, theirs = await amina.page("/console/"), await ben.page("/console/")
        page, others = (
            await amina.page("/console/deliverability"),
            await ben.page("/console/deliverability"),
        )
        [wave] = await opened.database.read(lambda conn: unproven_stops.waves(conn, now=now))
        path = f"/console/deliverability/stops/{wave.id}/undo"
        refused = await ben.post(path)
        before = await opened.database.read(standings, pairs)
        pressed = await amina.post(path)
        after = await amina.page(pressed.headers["Location"])

    assert "10 opt-outs by email may be forged" in overview
    assert "from the server 8.8.4.4" in page
    assert "may be forged" not in theirs + others
    assert refused.status in (403, 404)
    assert len(before.refused) == len(people)
    assert "10 people get messages as before." in after
    assert not (await opened.database.read(standings, pairs)).refused
    [entry] = await opened.database.read(lambda conn: audit.entries(conn, None))
    assert (entry.act, entry.object) == ("stop.undo", f"stop:{wave.id}")
