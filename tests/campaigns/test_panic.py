"""Locking everything: on both databases nothing is claimed afterwards, and nobody is lost for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from campaigns import firing, panic
from campaigns.models import Reason, RunStatus
from database import locking
from database.locking import AlreadyLocked, Locked, NotLocked
from database.opening import Opened, opened
from messages import control
from messages.models import MessageKind, MessageStatus, Status
from messages.providers.provider import Outgoing
from organizers import sessions
from organizers.models import Session
from tests.builders import make_message, make_organizer
from tests.campaigns.test_firing import HOUSE, NINE, schedule
from tests.messages.test_sending import Bench


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


async def lock(bench: Bench) -> int:
    return int(
        await bench.write(
            panic.lock_everything, by="organizer:1", reason="a phone is gone", now=bench.now
        )
    )


async def test_lock_in_the_midst_of_sending_lets_nothing_more_be_claimed(bench: Bench) -> None:
    await bench.contacts(*["Amina"] * 20, email=None)
    message = await bench.launch()
    sender = bench.sender()

    async def lock_now(_items: Sequence[Outgoing]) -> None:
        if bench.texts.before_answering is not None:
            bench.texts.before_answering = None
            await lock(bench)

    bench.texts.before_answering = lock_now
    await bench.work(sender)
    late = bench.sender()
    await late.start()
    await bench.work(late)

    found = await bench.progress(message)
    assert len(bench.texts.given) == bench.policy.window  # what was on the wire already
    assert found.status == MessageStatus.PAUSED
    assert found.paused_because == panic.LOCKED
    assert found.equation.balanced
    assert await bench.counts_agree(message)


@pytest.mark.postgres
async def test_of_several_senders_none_claims_another_window_after_the_lock(
    postgres_url: str, now: datetime
) -> None:
    """Three connections to one server, each with a window on the wire when everything is locked."""
    async with (
        opened(postgres_url) as one,
        opened(postgres_url) as two,
        opened(postgres_url) as three,
    ):
        benches = [Bench(here, now) for here in (one, two, three)]
        first = benches[0]
        for _ in range(3):
            await first.contacts("Amina", "Ben", "Chloe", "Dario", email=None)
        messages = [await first.launch() for _ in benches]
        on_wire, go_on = asyncio.Semaphore(0), asyncio.Event()

        async def hold(_items: Sequence[Outgoing]) -> None:
            on_wire.release()
            await go_on.wait()

        for bench in benches:
            bench.texts.before_answering = hold
        working = [asyncio.create_task(bench.work()) for bench in benches]
        for _ in benches:
            await on_wire.acquire()
        await lock(first)
        claimed = sum(len(bench.texts.given) for bench in benches)
        go_on.set()
        await asyncio.gather(*working)

        assert claimed == 3 * first.policy.window
        assert sum(len(bench.texts.given) for bench in benches) == claimed
        for message in messages:
            assert (await first.progress(message)).equation.balanced
            assert await first.counts_agree(message)


async def test_what_was_locked_goes_on_only_when_a_person_resumes_it(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben", "Chloe", email=None)
    message = await bench.launch()
    await lock(bench)

    await bench.write(panic.unlock, by="command line", now=bench.now)
    await bench.work()

    assert bench.texts.given == []

    await bench.write(control.resume, bench.jobs, message, now=bench.now)
    await bench.work()

    found = await bench.progress(message)
    assert len(set(bench.texts.addresses)) == len(bench.texts.addresses) == 3
    assert found.status == MessageStatus.FINISHED
    assert found.equation.balanced
    assert await bench.counts_agree(message)


async def test_nothing_is_launched_or_resumed_while_everything_is_locked(bench: Bench) -> None:
    await bench.contacts("Amina")
    message = await bench.launch()
    await lock(bench)

    with pytest.raises(Locked):
        await bench.launch()
    with pytest.raises(Locked):
        await bench.write(control.resume, bench.jobs, message, now=bench.now)


async def test_message_that_is_being_sent_all_the_same_is_not_claimed(bench: Bench) -> None:
    """An answer is queued by whoever asked for it; it waits for the lock's end, and leaves then."""
    await bench.contacts("Amina", email=None)
    message = await bench.launch(kind=MessageKind.REPLY, priority=0)
    await lock(bench)

    await bench.work()

    assert (await bench.progress(message)).status == MessageStatus.SENDING
    assert bench.texts.given == []

    await bench.write(panic.unlock, by="command line", now=bench.now)
    bench.now += timedelta(seconds=2)
    await bench.work()

    assert len(bench.texts.given) == 1


async def test_sender_that_had_found_its_work_before_the_lock_does_not_claim_it(
    bench: Bench,
) -> None:
    """The row is asked again by the claim itself: to find nothing would not be enough."""
    await bench.contacts("Amina", email=None)
    message = await bench.launch(kind=MessageKind.REPLY, priority=0)
    sender = bench.sender()
    await sender._expand_all(message)  # noqa: SLF001 - one step of several
    work = await bench.write(sender._take_most_urgent)  # noqa: SLF001 - one step of several
    assert work.kind == "send_batch"
    await lock(bench)

    await sender._send_slice(work.key)  # noqa: SLF001 - one step of several

    assert bench.texts.given == []
    [copy] = await bench.rows(message)
    assert copy.status == Status.PENDING


async def test_everybody_is_signed_out_also_who_came_in_at_that_instant(bench: Bench) -> None:
    def come_in(conn: Connection) -> str:
        return sessions.begin(conn, make_organizer(conn), bench.now)

    await bench.write(come_in)
    number = await lock(bench)
    await bench.write(come_in)

    await bench.write(panic.unlock, by="command line", now=bench.now)

    left = await bench.database.read(
        lambda conn: conn.scalar(select(func.count(Session.created_at)))
    )
    assert left == 0
    assert number == 1


async def test_campaigns_email_that_comes_due_is_held_for_a_person(bench: Bench) -> None:
    email = await bench.write(schedule, bench.now)
    await lock(bench)

    fired = await bench.write(firing.fire, bench.jobs, email, house=HOUSE, now=NINE)

    assert [(each.status, each.reason) for each in fired] == [(RunStatus.HELD, Reason.LOCKED)]


async def test_lock_and_unlock_say_so_when_there_is_nothing_to_do(bench: Bench) -> None:
    with pytest.raises(NotLocked):
        await bench.write(panic.unlock, by="command line", now=bench.now)
    await lock(bench)
    with pytest.raises(AlreadyLocked):
        await lock(bench)


@pytest.mark.postgres
async def test_locking_waits_for_a_claim_under_way_and_bars_the_next(
    postgres_url: str, now: datetime
) -> None:
    """Two connections: whoever has passed the gate commits first, whoever comes later sees the lock."""
    passed = asyncio.Event()
    loop = asyncio.get_running_loop()

    async with opened(postgres_url) as here, opened(postgres_url) as there:
        await here.database.write(lambda conn: make_message(conn, status=MessageStatus.SENDING))

        def claim(conn: Connection) -> bool:
            found = locking.is_locked(conn)
            loop.call_soon_threadsafe(passed.set)
            conn.exec_driver_sql("SELECT pg_sleep(0.3)")
            return found

        claiming = asyncio.create_task(there.database.write(claim))
        await passed.wait()
        locking_task = asyncio.create_task(
            here.database.write(panic.lock_everything, by="organizer:1", reason="", now=now)
        )
        done, _ = await asyncio.wait([claiming, locking_task], return_when=asyncio.FIRST_COMPLETED)
        assert claiming in done
        assert not claiming.result()
        await locking_task
        assert await there.database.write(locking.is_locked)
