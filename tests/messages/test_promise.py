"""The sending promise where two things happen at once, or one of them much too late."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, text, update

from contacts.models import Channel, Contact
from database.embedded import open_engine
from database.engine import is_sqlite
from database.opening import Opened
from messages import control, expanding
from messages.allowances import Limits
from messages.answers import answer
from messages.batches import FARTHEST, let_go, look_again, take_batch
from messages.claims import record_and_claim
from messages.hours import Hours, write
from messages.models import Batch, Message, MessageStatus
from messages.providers.provider import (
    SLOW_DOWN,
    Accepted,
    Misconfigured,
    NotSent,
    Outcome,
    Outgoing,
)
from messages.runs import release_dead
from messages.sending import Policy
from messages.zones import Zones
from tests.builders import make_message
from tests.doubles import NoJobs, ProviderInMemory
from tests.messages.test_sending import Bench

LEASE = timedelta(seconds=60)


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


@pytest.fixture
def engine(opened: Opened) -> Iterator[Engine]:
    """Transactions of another process, which a test may leave open as long as it likes."""
    made = open_engine(opened.url) if is_sqlite(opened.url) else create_engine(opened.url)
    yield made
    made.dispose()


async def meanwhile(
    engine: Engine, first: Callable[[Connection], Any], second: Callable[[Connection], Any]
) -> None:
    """Run ``second`` on another connection before ``first`` commits; it may have to wait for it."""

    def run_second() -> None:
        with engine.begin() as conn:
            second(conn)

    with engine.begin() as conn:
        first(conn)
        other = asyncio.create_task(asyncio.to_thread(run_second))
        await asyncio.wait([other], timeout=0.3)
    await other


async def expand_in_batches(bench: Bench, message_id: int, *, people: int) -> None:
    """Write the deliveries so that a batch has no more than ``people``."""
    while await bench.write(
        expanding.expand_chunk, bench.jobs, message_id, now=bench.now, chunk=people
    ):
        pass


async def batches_of(bench: Bench, message_id: int) -> list[Any]:
    def read(conn: Connection) -> list[Any]:
        found = select(Batch).where(Batch.message_id == message_id).order_by(Batch.id)
        return list(conn.execute(found))

    return list(await bench.database.read(read))


def say_help(conn: Connection, phone: str, now: datetime) -> bool:
    return answer(
        conn,
        NoJobs(),
        purpose="help",
        channel=Channel.SMS,
        address=phone,
        contact_id=None,
        language="en",
        words="Call us.",
        now=now,
    )


async def test_message_whose_last_two_batches_end_at_once_is_finished(
    bench: Bench, engine: Engine
) -> None:
    await bench.contacts("Amina")
    message = await bench.launch()
    await expand_in_batches(bench, message, people=1)
    batches = await batches_of(bench, message)

    def close(batch: Any) -> Callable[[Connection], None]:
        def end(conn: Connection) -> None:
            assert take_batch(conn, batch.id, owner="me", lease=LEASE, now=bench.now)
            let_go(conn, batch, "me", next_at=None, finished=True, now=bench.now)

        return end

    await meanwhile(engine, close(batches[0]), close(batches[1]))

    assert len(batches) == 2
    assert (await bench.progress(message)).status == MessageStatus.FINISHED


async def test_answer_added_while_its_message_ends_still_leaves(
    bench: Bench, engine: Engine
) -> None:
    await bench.write(say_help, "+16082001111", bench.now)
    [first] = await batches_of(bench, 1)
    await bench.write(take_batch, first.id, owner="me", lease=LEASE, now=bench.now)

    await meanwhile(
        engine,
        lambda conn: say_help(conn, "+16082002222", bench.now),
        lambda conn: let_go(conn, first, "me", next_at=None, finished=True, now=bench.now),
    )
    await bench.work()

    assert bench.texts.addresses == ["+16082002222"]


async def test_first_answers_of_a_day_do_not_undo_each_other(bench: Bench) -> None:
    phones = [f"+1608200{number}" for number in range(1111, 1119)]

    await asyncio.gather(*(bench.write(say_help, phone, bench.now) for phone in phones))
    await bench.work()

    assert sorted(bench.texts.addresses) == phones


async def test_copy_that_a_sleeper_brings_back_unsent_is_sent_after_all(bench: Bench) -> None:
    await bench.contacts("Amina")
    message = await bench.launch(reach="sms")
    survivor = bench.sender()
    ended: list[MessageStatus] = []

    async def sleep_past_the_end(_items: Sequence[Outgoing]) -> None:
        bench.texts.before_answering = None
        bench.now += timedelta(minutes=2)
        await survivor.housekeeping()
        await bench.work(survivor)
        ended.append((await bench.progress(message)).status)

    answers = iter([NotSent("lease nearly over", retry_seconds=0)])
    bench.texts = ProviderInMemory(lambda item: next(answers, accepted(item)))
    bench.texts.before_answering = sleep_past_the_end
    await bench.work(bench.sender())
    bench.now += timedelta(seconds=5)
    await bench.work(survivor)

    found = await bench.progress(message)
    assert ended == [MessageStatus.FINISHED]
    assert (found.status, found.equation.sent) == (MessageStatus.FINISHED, 1)
    assert await bench.counts_agree(message)


def accepted(item: Outgoing) -> Any:
    return ProviderInMemory()._answer(item)  # noqa: SLF001 - its usual answer


async def test_undo_that_comes_after_the_first_copy_says_so(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben")
    bench.policy = Policy(pace={Channel.SMS: 1.0})
    message = await bench.launch(undo_seconds=10, reach="sms")
    pressed = bench.now + timedelta(seconds=9)
    bench.now += timedelta(seconds=10)
    await bench.work()

    with pytest.raises(control.NotNow, match="first copies have left"):
        await bench.write(control.undo, message, now=pressed)

    assert (await bench.progress(message)).equation.waiting == 1


async def test_expired_message_does_not_leave_before_housekeeping_ends_it(bench: Bench) -> None:
    await bench.contacts("Amina")
    message = await bench.launch(undo_seconds=10, expires_at=bench.now + timedelta(hours=1))
    await bench.work()

    bench.now += timedelta(hours=9)  # the machine was off
    await bench.work()
    await bench.sender().housekeeping()

    found = await bench.progress(message)
    assert bench.texts.given == bench.emails.given == []
    assert (found.status, found.equation.expired) == (MessageStatus.EXPIRED, 2)


async def test_audience_that_changes_during_a_chunk_leaves_the_account_balanced(
    bench: Bench, engine: Engine
) -> None:
    await bench.contacts("Amina", "Ben", language="es")
    [chloe] = await bench.contacts("Chloe")
    await bench.contacts("Dora")
    message = await bench.launch(audience={"include": {"languages": ["es"]}})

    class Interrupting(NoJobs):
        """Somebody commits a change after the texts and before the emails."""

        def enqueue(self, *_args: Any, **_values: Any) -> None:
            if not self.asked and not bench.database.embedded:
                with engine.begin() as conn:
                    joined = update(Contact).where(Contact.id == chloe)
                    conn.execute(joined.values(language="es"))
            self.asked.append(("send_batch", 0))

    bench.jobs = Interrupting()
    await bench.write(expanding.expand_chunk, bench.jobs, message, now=bench.now)
    found = await bench.progress(message)

    assert found.equation.balanced
    assert found.equation.eligible == 4
    assert {channel: part.eligible for channel, part in found.channels.items()} == {
        Channel.SMS: 2,
        Channel.EMAIL: 2,
    }


async def test_senders_of_one_message_do_not_wait_for_each_other_in_a_circle(
    bench: Bench,
) -> None:
    await bench.contacts(*(f"Amina{number}" for number in range(40)))
    bench.policy = Policy(window=2, pace={Channel.EMAIL: 1000.0})
    message = await bench.launch()
    await expand_in_batches(bench, message, people=4)
    before = await bench.write(deadlocks)  # the database may have served other tests

    await asyncio.gather(*(bench.work(bench.sender()) for _ in range(6)))

    found = await bench.progress(message)
    assert (found.status, found.equation.sent) == (MessageStatus.FINISHED, 80)
    assert await bench.counts_agree(message)
    assert await bench.write(deadlocks) == before


def deadlocks(conn: Connection) -> int:
    """How many PostgreSQL has had to break in this database; SQLite's one writer knows none."""
    if conn.dialect.name == "sqlite":
        return 0
    conn.execute(text("SELECT pg_stat_force_next_flush()"))
    mine = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return int(conn.execute(text(mine)).scalar_one())


async def test_message_that_cannot_be_expanded_does_not_hold_up_the_others(bench: Bench) -> None:
    await bench.contacts("Amina")
    await bench.launch(audience={"nonsense": {}}, priority=1)
    sound = await bench.launch()
    sender = bench.sender()

    tries = [await sender.next(0) for _ in range(20)]

    assert tries[0] is False
    assert (await bench.progress(sound)).equation.sent == 2


async def test_batches_that_wait_for_the_pace_are_left_alone(bench: Bench) -> None:
    await bench.contacts(*(f"Amina{number}" for number in range(30)))
    bench.policy = Policy(window=100, pace={Channel.SMS: 1.0})
    message = await bench.launch(reach="sms")
    await expand_in_batches(bench, message, people=1)

    await bench.work()

    assert len(bench.texts.given) == 1
    denied = [row for row in await batches_of(bench, message) if row.next_at > bench.now]
    assert len(denied) <= 2


async def test_hours_that_suit_no_place_hold_one_copy_and_not_the_others(bench: Bench) -> None:
    await bench.contacts("Amina", zones=["America/New_York", "Pacific/Guam"])
    await bench.contacts("Ben", zones=["America/New_York"])
    never = write(Hours(time(12), time(14), time(12)))
    bench.now = datetime(2026, 11, 19, 18, 0, tzinfo=UTC)  # 13:00 in New York

    message = await bench.launch(hours=never, reach="sms")
    await bench.work()

    found = await bench.progress(message)
    assert (found.equation.sent, found.equation.held) == (1, 1)


async def test_batch_taken_over_in_this_instant_is_not_taken_back(
    bench: Bench, engine: Engine
) -> None:
    await bench.contacts("Amina")
    message = await bench.launch(reach="sms")
    await expand_in_batches(bench, message, people=1)
    [batch] = await batches_of(bench, message)
    long_ago = bench.now - timedelta(minutes=5)
    await bench.write(
        lambda conn: conn.execute(update(Batch).values(owner="dead", lease_until=long_ago)) and None
    )

    await meanwhile(
        engine,
        lambda conn: take_batch(conn, batch.id, owner="heir", lease=LEASE, now=bench.now),
        lambda conn: release_dead(conn, NoJobs(), now=bench.now),
    )

    assert [row.owner for row in await batches_of(bench, message)] == ["heir"]


async def test_a_frozen_process_does_not_keep_its_locks(opened: Opened) -> None:
    if opened.database.embedded:
        pytest.skip("one process")

    def shown(conn: Connection) -> tuple[str, str]:
        names = ("idle_in_transaction_session_timeout", "synchronous_commit")
        first, second = (conn.execute(text(f"SHOW {name}")).scalar_one() for name in names)
        return str(first), str(second)

    assert await opened.database.write(shown) == ("30s", "on")


async def test_sender_that_ends_leaves_the_jobs_to_the_others(bench: Bench, opened: Opened) -> None:
    if opened.database.embedded:
        pytest.skip("one process")
    await bench.contacts(*(f"Amina{number}" for number in range(12)))
    bench.jobs = opened.jobs  # type: ignore[assignment] # the real ones
    message = await bench.launch(reach="sms")
    await expand_in_batches(bench, message, people=1)
    sender = bench.sender()
    await sender.drain()

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await sender.run()

    def waiting(conn: Connection) -> int:
        jobs = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'"
        return int(conn.execute(text(jobs)).scalar_one())

    assert bench.texts.given == []
    assert await bench.database.read(waiting) >= 12 + 1 - bench.policy.batches


async def test_answers_that_were_paused_go_on_with_the_message_that_is_resumed(
    bench: Bench,
) -> None:
    await bench.contacts("Amina")
    bench.texts = ProviderInMemory(lambda _item: Misconfigured("20003", "Check the token."))
    message = await bench.launch(reach="sms")
    await bench.write(say_help, "+16082001111", bench.now)
    await bench.work()
    bench.texts = ProviderInMemory()

    await bench.write(control.resume, bench.jobs, message, now=bench.now)
    await bench.work()

    assert "+16082001111" in bench.texts.addresses
    assert len(bench.texts.given) == 2


async def test_paused_message_in_which_nobody_is_left_finishes_when_it_is_resumed(
    bench: Bench,
) -> None:
    await bench.contacts("Amina", phone=None)
    message = await bench.launch(reach="sms", undo_seconds=60)
    await bench.write(control.pause, message)
    await bench.work()  # writes the deliveries: nobody has a phone

    await bench.write(control.resume, bench.jobs, message, now=bench.now)
    await bench.work()

    assert (await bench.progress(message)).status == MessageStatus.FINISHED


async def test_clock_set_back_by_an_hour_does_not_hold_up_an_alert(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben")
    sender = bench.sender()
    await bench.launch()
    await sender.next(0)  # writes the deliveries
    await sender.housekeeping()

    bench.now -= timedelta(hours=1)
    await sender.housekeeping()
    await bench.work(sender)

    assert len(bench.texts.given) == 2
    assert len(bench.emails.given) == 2


async def test_clock_set_back_holds_up_neither_the_pace_nor_what_waits_for_another_try(
    bench: Bench,
) -> None:
    await bench.contacts("Amina", "Ben", "Carla")
    bench.policy = Policy(pace={Channel.SMS: 1.0})
    answers: list[Outcome] = [NotSent(SLOW_DOWN, 60)]
    bench.texts = ProviderInMemory(
        lambda item: answers.pop() if answers else Accepted(item.address)
    )
    sender = bench.sender()
    message = await bench.launch(reach="sms")
    await bench.work(sender)
    await sender.housekeeping()

    bench.now -= timedelta(hours=1)
    await sender.housekeeping()
    for _ in range(20):
        await bench.work(sender)
        bench.now += timedelta(seconds=1)

    assert len(bench.texts.given) == 1 + 3
    assert (await bench.progress(message)).equation.sent == 3


async def test_clock_set_back_does_not_keep_a_dead_senders_copies_for_an_hour(
    bench: Bench,
) -> None:
    await bench.contacts("Amina")
    message = await bench.launch(reach="sms")
    await expand_in_batches(bench, message, people=1)
    [batch] = await batches_of(bench, message)
    await bench.write(take_batch, batch.id, owner="dead", lease=LEASE, now=bench.now)
    await bench.write(
        record_and_claim,
        batch.id,
        owner="dead",
        done=(),
        limits=lambda _channel: Limits(10, 0, LEASE),
        zones=Zones(),
        now=bench.now,
    )

    bench.now -= timedelta(hours=1)
    await bench.write(look_again, NoJobs(), now=bench.now)
    bench.now += FARTHEST + timedelta(seconds=1)
    lost = await bench.write(release_dead, NoJobs(), now=bench.now)

    assert lost == 1


async def test_a_chosen_hour_is_waited_for_also_when_the_clock_is_set_back(bench: Bench) -> None:
    begins = bench.now + timedelta(hours=5)

    def launched(conn: Connection) -> int:
        times: dict[str, Any] = {"launched_at": bench.now, "starts_at": begins, "begins_at": begins}
        return make_message(conn, status=MessageStatus.SENDING, **times)

    message = await bench.write(launched)
    bench.now -= timedelta(hours=3)

    await bench.write(look_again, NoJobs(), now=bench.now)

    kept = select(Message.starts_at).where(Message.id == message)
    assert await bench.write(lambda conn: conn.scalar(kept)) == begins
