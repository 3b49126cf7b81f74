"""Receipts of one moment share a commit, and nobody is answered before it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.exc import OperationalError

from database.engine import DatabaseClosed
from database.opening import Opened, opened
from messages import counts, intake, links
from messages.intake import Intake, IntakeFull
from messages.models import Delivery, Event, MessageStatus, Status
from messages.receipts import RECEIPT, RawEvent, apply_waiting
from tests.builders import make_contact, make_delivery, make_message
from tests.doubles import GatedDatabase

SECRET = "s" * 64


@pytest.fixture
def gated(opened: Opened) -> GatedDatabase:
    return GatedDatabase(opened.database)


def make_sent_text(conn: Connection, status: Status = Status.ACCEPTED) -> int:
    """A text the provider has; returns its delivery's id."""
    message_id = make_message(conn, status=MessageStatus.SENDING)
    delivery_id = make_delivery(conn, message_id, make_contact(conn), status=status, attempt=1)
    deltas = counts.Deltas()
    deltas[counts.place(message_id, "sms", status, "", None)] = 1
    counts.apply(conn, deltas)
    return delivery_id


def callback(delivery_id: int, status: str, *, code: str = "", attempt: int = 1) -> RawEvent:
    payload = {
        "d": str(delivery_id),
        "a": str(attempt),
        "k": links.receipt_token(SECRET, delivery_id, attempt),
        "MessageSid": f"SM{delivery_id}",
        "MessageStatus": status,
        "ErrorCode": code,
    }
    return RawEvent("twilio", f"SM{delivery_id}:{status}:{code}", RECEIPT, payload)


def stored(conn: Connection) -> list[tuple[str, bool]]:
    rows = conn.execute(select(Event.key, Event.applied_at).order_by(Event.key))
    return [(row.key, row.applied_at is not None) for row in rows]


def status_of(conn: Connection, delivery_id: int) -> int | None:
    return conn.scalar(select(Delivery.status).where(Delivery.id == delivery_id))


def counts_agree(conn: Connection) -> bool:
    ids = list(conn.scalars(select(Delivery.message_id).distinct()))
    return all(counts.kept(conn, [one]) == counts.counted(conn, one) for one in ids)


async def handed_in(
    taking: Intake, groups: list[list[RawEvent]], now: datetime
) -> list[asyncio.Task[None]]:
    """Hand each group in as a request of its own; return once all of them wait."""
    tasks = [asyncio.create_task(taking.take(group, now=now)) for group in groups]
    await asyncio.sleep(0)
    return tasks


async def test_receipts_of_one_moment_share_one_commit_and_are_applied_in_it(
    gated: GatedDatabase, now: datetime
) -> None:
    texts = [await gated.write(make_sent_text) for _ in range(5)]
    taking, before = Intake(gated, secret=SECRET), gated.writes

    tasks = await handed_in(taking, [[callback(each, "delivered")] for each in texts], now)
    await asyncio.gather(*tasks)

    assert gated.writes == before + 1
    assert [await gated.read(status_of, each) for each in texts] == [Status.DELIVERED] * 5
    assert all(applied for _, applied in await gated.read(stored))
    assert await gated.read(counts_agree)


async def test_nobody_is_answered_before_the_commit(gated: GatedDatabase, now: datetime) -> None:
    taking = Intake(gated, secret=SECRET, gather_seconds=0)
    gated.close_gate()

    [task] = await handed_in(taking, [[callback(1, "sent")]], now)
    await gated.somebody_waits()

    assert not task.done()
    gated.open_gate()
    await task
    assert await gated.read(stored) == [("SM1:sent:", True)]


async def test_forty_six_copies_at_once_are_one_event(gated: GatedDatabase, now: datetime) -> None:
    text = await gated.write(make_sent_text)
    taking = Intake(gated, secret=SECRET)

    tasks = await handed_in(taking, [[callback(text, "sent")] * 2] * 23, now)
    await asyncio.gather(*tasks)
    await taking.take([callback(text, "sent")], now=now)

    assert await gated.read(stored) == [(f"SM{text}:sent:", True)]
    assert await gated.read(status_of, text) == Status.SENT
    assert await gated.read(counts_agree)


@pytest.mark.parametrize(
    ("first", "then", "end"),
    [
        (("undelivered", "30003"), ("delivered", ""), Status.UNDELIVERED),
        (("delivered", ""), ("undelivered", "30003"), Status.DELIVERED),
        (("delivered", ""), ("sent", ""), Status.DELIVERED),
    ],
)
async def test_within_a_group_what_came_first_is_applied_first(
    gated: GatedDatabase,
    now: datetime,
    first: tuple[str, str],
    then: tuple[str, str],
    end: Status,
) -> None:
    text = await gated.write(make_sent_text)
    taking = Intake(gated, secret=SECRET)

    events = [callback(text, status, code=code) for status, code in (first, then)]
    await asyncio.gather(*await handed_in(taking, [[event] for event in events], now))

    assert await gated.read(status_of, text) == end
    assert len(await gated.read(stored)) == 2
    assert await gated.read(counts_agree)


async def test_everybody_in_a_group_hears_that_it_failed_and_may_hand_in_again(
    gated: GatedDatabase, now: datetime
) -> None:
    texts = [await gated.write(make_sent_text) for _ in range(3)]
    groups = [[callback(each, "sent")] for each in texts]
    taking = Intake(gated, secret=SECRET)
    gated.fail_next(2)  # to store and apply, and to store

    results = await asyncio.gather(*await handed_in(taking, groups, now), return_exceptions=True)
    kept = await gated.read(stored)
    await asyncio.gather(*await handed_in(taking, groups, now))

    assert [type(result) for result in results] == [OperationalError] * 3
    assert kept == []
    assert len(await gated.read(stored)) == 3
    assert [await gated.read(status_of, each) for each in texts] == [Status.SENT] * 3


async def test_what_cannot_be_applied_now_is_stored_and_applied_later(
    gated: GatedDatabase, now: datetime
) -> None:
    text = await gated.write(make_sent_text)
    taking = Intake(gated, secret=SECRET)
    gated.fail_next(1)

    await taking.take([callback(text, "delivered")], now=now)

    assert await gated.read(stored) == [(f"SM{text}:delivered:", False)]
    assert await gated.read(status_of, text) == Status.ACCEPTED
    assert await gated.write(apply_waiting, secret=SECRET, now=now) == 1
    assert await gated.read(status_of, text) == Status.DELIVERED
    assert await gated.read(counts_agree)


async def test_who_hangs_up_loses_nothing_and_takes_nobody_along(
    gated: GatedDatabase, now: datetime
) -> None:
    taking = Intake(gated, secret=SECRET)
    events = [[callback(number, "sent")] for number in (1, 2, 3)]

    before, during, other = await handed_in(taking, events, now)
    before.cancel()
    gated.close_gate()
    await gated.somebody_waits()
    during.cancel()
    await asyncio.wait([before, during])
    gated.open_gate()
    await other

    assert before.cancelled()
    assert during.cancelled()
    assert [key for key, _ in await gated.read(stored)] == ["SM1:sent:", "SM2:sent:", "SM3:sent:"]


async def test_a_stop_stores_what_was_handed_in_and_takes_no_more(
    gated: GatedDatabase, now: datetime
) -> None:
    taking = Intake(gated, secret=SECRET, gather_seconds=3600)
    tasks = await handed_in(taking, [[callback(number, "sent")] for number in (1, 2)], now)

    await taking.close()

    await asyncio.gather(*tasks)
    assert len(await gated.read(stored)) == 2
    with pytest.raises(DatabaseClosed):
        await taking.take([callback(3, "sent")], now=now)


async def test_more_than_can_wait_is_refused_at_once(gated: GatedDatabase, now: datetime) -> None:
    taking = Intake(gated, secret=SECRET)
    copies = [callback(1, "sent")] * intake.MOST_WAITING

    [first] = await handed_in(taking, [copies], now)
    with pytest.raises(IntakeFull, match="send it again"):
        await taking.take([callback(2, "sent")], now=now)

    await first
    await taking.take([callback(2, "sent")], now=now)


async def test_a_number_that_is_dead_is_learnt_at_once(gated: GatedDatabase, now: datetime) -> None:
    text = await gated.write(make_sent_text)

    def other_copy(conn: Connection) -> int:
        contact = conn.scalar(select(Delivery.contact_id).where(Delivery.id == text))
        message = make_message(conn, status=MessageStatus.SENDING)
        waiting = make_delivery(conn, message, contact)
        deltas = counts.Deltas()
        deltas[counts.place(message, "sms", Status.PENDING, "", None)] = 1
        counts.apply(conn, deltas)
        return waiting

    waiting = await gated.write(other_copy)

    await Intake(gated, secret=SECRET).take([callback(text, "failed", code="30005")], now=now)

    assert await gated.read(status_of, text) == Status.FAILED
    assert await gated.read(status_of, waiting) == Status.SKIPPED
    assert await gated.read(counts_agree)


@pytest.mark.postgres
async def test_a_row_that_somebody_holds_delays_no_answer_for_long(
    postgres_url: str, now: datetime
) -> None:
    somebody = create_engine(postgres_url)
    async with opened(postgres_url) as here:
        text = await here.database.write(make_sent_text)

        with somebody.begin() as conn:
            lock(conn, text)
            await Intake(here.database, secret=SECRET).take([callback(text, "sent")], now=now)

        assert await here.database.read(stored) == [(f"SM{text}:sent:", False)]
        assert await here.database.write(apply_waiting, secret=SECRET, now=now) == 1
        assert await here.database.read(status_of, text) == Status.SENT
    somebody.dispose()


@pytest.mark.postgres
async def test_two_processes_with_the_same_copies_keep_each_once(
    postgres_url: str, now: datetime
) -> None:
    async with opened(postgres_url) as first, opened(postgres_url) as second:
        texts = [await first.database.write(make_sent_text) for _ in range(60)]
        events = [callback(each, status) for each in texts for status in ("sent", "delivered")]
        intakes = [Intake(one.database, secret=SECRET) for one in (first, second)]

        groups = [events[at : at + 20] for at in range(0, len(events), 20)]
        await asyncio.gather(
            *await handed_in(intakes[0], groups, now),
            *await handed_in(intakes[1], [group[::-1] for group in reversed(groups)], now),
        )

        assert await first.database.read(lambda conn: conn.scalar(count_of(Event))) == len(events)
        states = [await first.database.read(status_of, each) for each in texts]
        assert states == [Status.DELIVERED] * len(texts)
        assert await first.database.read(counts_agree)


def count_of(model: Any) -> Any:
    return select(func.count()).select_from(model)


def lock(conn: Connection, delivery_id: int) -> None:
    conn.execute(select(Delivery.id).where(Delivery.id == delivery_id).with_for_update())
