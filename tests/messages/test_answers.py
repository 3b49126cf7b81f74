"""One answer of a kind a day, before any bulk, even to somebody who has just opted out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from contacts.models import Channel, Standing
from database.opening import Opened
from messages import counts
from messages.answers import answer
from messages.finding import Turns, most_urgent
from messages.models import Batch, Delivery, Message, MessageStatus
from tests.builders import make_contact
from tests.doubles import NoJobs
from tests.messages.test_sending import Bench


def help_text(conn: Connection, now: datetime, phone: str = "+16082001111", **more: Any) -> bool:
    return answer(
        conn,
        NoJobs(),
        purpose="help",
        channel=Channel.SMS,
        address=phone,
        contact_id=None,
        language="en",
        words="Sister Cities: call {us} at 608.",
        now=now,
        **more,
    )


def test_same_answer_is_given_once_a_day(conn: Connection, now: datetime) -> None:
    given = [help_text(conn, now), help_text(conn, now), help_text(conn, now + timedelta(days=1))]

    assert given == [True, False, True]


def test_answers_are_accounted_for_like_any_message(conn: Connection, now: datetime) -> None:
    help_text(conn, now)
    help_text(conn, now, "+16082002222")

    message = conn.execute(select(Message)).one()
    assert message.expected == 2
    assert counts.kept(conn, [message.id]) == counts.counted(conn, message.id)


async def test_answer_leaves_before_bulk_and_to_one_who_opted_out(
    opened: Opened, now: datetime
) -> None:
    bench = Bench(opened, now)
    await bench.contacts("Amina", "Ben")
    await bench.contacts("Chloe", phone="+16082001111", consent=Standing.OPTED_OUT)
    await bench.launch()
    sender = bench.sender()
    await sender.next(0)
    await bench.write(help_text, now)

    first = await bench.database.read(most_urgent, now=now, turns=Turns(), rates={})
    await bench.work(sender)

    def answered(conn: Connection) -> int | None:
        return conn.scalar(select(Batch.id).where(Batch.priority == 0))

    assert first.work is not None
    assert first.work.key == await bench.database.read(answered)
    assert bench.texts.bodies["+16082001111"] == "Sister Cities: call {us} at 608."


async def test_day_message_is_sent_again_for_a_second_person(opened: Opened, now: datetime) -> None:
    bench = Bench(opened, now)
    await bench.write(help_text, now)
    await bench.work()
    await bench.write(help_text, now, "+16082002222")
    await bench.work()

    def state(conn: Connection) -> tuple[Any, int]:
        status = conn.scalar(select(Message.status))
        return status, len(conn.execute(select(Delivery.id)).all())

    assert await bench.database.read(state) == (MessageStatus.FINISHED, 2)
    assert set(bench.texts.addresses) == {"+16082001111", "+16082002222"}


async def test_who_writes_from_abroad_is_answered(opened: Opened, now: datetime) -> None:
    bench = Bench(opened, now)
    await bench.write(help_text, now, "+50370001234")
    await bench.work()

    assert bench.texts.addresses == ["+50370001234"]


async def test_contact_is_answered_in_the_language_of_the_answer(
    opened: Opened, now: datetime
) -> None:
    bench = Bench(opened, now)

    def ask(conn: Connection) -> None:
        contact = make_contact(conn, phone="+16082003333", language="en")
        answer(
            conn,
            NoJobs(),
            purpose="help",
            channel="sms",
            address="+16082003333",
            contact_id=contact,
            language="es",
            words="Hermanas: llame.",
            now=now,
        )

    await bench.write(ask)
    await bench.work()

    assert bench.texts.bodies == {"+16082003333": "Hermanas: llame."}
