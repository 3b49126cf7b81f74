"""The sending promise, on the real sender and both databases, with a provider in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uvloop
from sqlalchemy import Connection, select, update
from structlog.testing import capture_logs

from contacts.consent import refuse, settle_review
from contacts.models import Channel, Standing
from database.engine import driver_url
from database.opening import Opened
from database.opening import opened as open_database
from messages import control, counts
from messages.hours import DEFAULT, write
from messages.identity import Identity
from messages.models import Batch, Delivery, Message, MessageStatus, Status
from messages.progress import Progress, progress
from messages.providers.provider import (
    Accepted,
    Harm,
    Misconfigured,
    NotSent,
    Outcome,
    Outgoing,
    Rejected,
    Unknown,
)
from messages.sending import Policy, Sender
from messages.unknowns import approve_another_send
from tests.builders import make_contact, make_message
from tests.doubles import NoJobs, ProviderInMemory

IDENTITY = Identity(
    network="Sister Cities",
    postal_address="1 Main St, Madison WI",
    public_url="https://call.example.org",
    secret="s" * 64,
)


class Bench:
    """A sender with a clock that tests set, on a database of its own."""

    def __init__(self, opened: Opened, now: datetime) -> None:
        self.database = opened.database
        self.now = now
        self.jobs = NoJobs()
        self.texts = ProviderInMemory()
        self.emails = ProviderInMemory()
        self.policy = Policy(window=3)

    def sender(self) -> Sender:
        return Sender(
            self.database,
            self.jobs,
            {Channel.SMS: self.texts, Channel.EMAIL: self.emails},
            IDENTITY,
            self.policy,
            clock=lambda _conn: self.now,
        )

    async def write(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.database.write(unit, *args, **kwargs)

    async def contacts(self, *names: str, **values: Any) -> list[int]:
        def add(conn: Connection) -> list[int]:
            return [make_contact(conn, name, **values) for name in names]

        return list(await self.write(add))

    async def launch(self, *, undo_seconds: int = 0, **values: Any) -> int:
        def add(conn: Connection) -> int:
            message_id = make_message(conn, **values)
            control.queue(
                conn,
                self.jobs,
                message_id,
                confirmed=0,
                launched_by="organizer:1",
                undo_seconds=undo_seconds,
                now=self.now,
            )
            return message_id

        return int(await self.write(add))

    async def work(self, sender: Sender | None = None) -> None:
        """Do everything that is due now, as the embedded dispatcher would."""
        sender = sender or self.sender()
        while await sender.next(0):
            pass

    async def progress(self, message_id: int) -> Progress:
        found: Progress = await self.database.read(progress, message_id, now=self.now)
        return found

    async def rows(self, message_id: int, channel: Channel = Channel.SMS) -> list[Any]:
        def read(conn: Connection) -> list[Any]:
            mine = (Delivery.message_id == message_id, Delivery.channel == channel)
            return list(conn.execute(select(Delivery).where(*mine).order_by(Delivery.id)))

        return list(await self.database.read(read))

    async def counts_agree(self, message_id: int) -> bool:
        def compare(conn: Connection) -> bool:
            return counts.kept(conn, [message_id]) == counts.counted(conn, message_id)

        return bool(await self.database.read(compare))


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


async def test_everybody_gets_one_text_and_one_email_in_their_language(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben")
    await bench.contacts("Chloe", language="es")

    message = await bench.launch()
    await bench.work()

    found = await bench.progress(message)
    assert found.status == MessageStatus.FINISHED
    assert found.equation.sent == 6
    assert found.equation.balanced
    assert len(set(bench.texts.addresses)) == len(bench.texts.addresses) == 3
    assert any("arrestaron" in body for body in bench.texts.bodies.values())
    assert await bench.counts_agree(message)


async def test_nothing_leaves_before_the_undo_time_is_over(bench: Bench) -> None:
    await bench.contacts("Amina")

    message = await bench.launch(undo_seconds=60)
    await bench.work()

    assert bench.texts.given == []

    bench.now += timedelta(seconds=60)
    await bench.work()

    assert len(bench.texts.given) == 1
    assert (await bench.progress(message)).equation.sent == 2


async def test_undone_message_reaches_nobody(bench: Bench) -> None:
    await bench.contacts("Amina")
    message = await bench.launch(undo_seconds=60)
    await bench.work()

    await bench.write(control.undo, message, now=bench.now)
    bench.now += timedelta(minutes=2)
    await bench.work()

    found = await bench.progress(message)
    assert bench.texts.given == []
    assert found.equation.stopped == 2
    assert found.equation.balanced


async def test_undo_comes_too_late_with_a_sentence(bench: Bench) -> None:
    await bench.contacts("Amina")
    message = await bench.launch()

    with pytest.raises(control.NotNow, match="undo time is over"):
        await bench.write(control.undo, message, now=bench.now)


async def test_opt_out_after_the_launch_is_caught_by_the_claim(bench: Bench) -> None:
    await bench.contacts("Chloe", phone="+16082005555")
    message = await bench.launch(undo_seconds=60)
    await bench.work()

    def opt_out(conn: Connection) -> None:
        refuse(
            conn,
            Channel.SMS,
            "+16082005555",
            standing=Standing.OPTED_OUT,
            source="sms",
            evidence="STOP",
            actor="supporter",
            now=bench.now,
        )

    await bench.write(opt_out)
    bench.now += timedelta(minutes=2)
    await bench.work()

    assert bench.texts.given == []
    assert (await bench.progress(message)).equation.skipped == {"opted_out": 1}


async def test_a_country_taken_off_the_list_after_the_launch_gets_nothing(bench: Bench) -> None:
    await bench.contacts("Rosa", phone="+50370001234", email=None)
    await bench.contacts("Amina", phone="+16082005555", email=None)
    message = await bench.launch(countries="US SV", undo_seconds=60)
    await bench.work()

    await bench.write(lambda conn: conn.execute(update(Message).values(countries="US")))
    bench.now += timedelta(minutes=2)
    await bench.work()

    assert [item.address for item in bench.texts.given] == ["+16082005555"]
    assert (await bench.progress(message)).equation.skipped["foreign"] == 1


async def test_sender_that_dies_leaves_unknowns_and_never_sends_them_again(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben", "Chloe", "Dora")
    message = await bench.launch()

    class Killed(BaseException):
        """What SIGKILL is to a process, this is to a coroutine."""

    def die(_item: Outgoing) -> Outcome:
        raise Killed

    bench.texts = bench.emails = ProviderInMemory(die)
    with pytest.raises(Killed):
        await bench.work()
    on_the_wire = {item.address for item in bench.texts.given}
    bench.texts, bench.emails = ProviderInMemory(), ProviderInMemory()
    bench.now += timedelta(minutes=2)

    survivor = bench.sender()
    await survivor.start()
    await bench.work(survivor)

    found = await bench.progress(message)
    assert found.equation.unknown == len(on_the_wire) == 3
    assert found.equation.sent == 5
    assert found.equation.balanced
    assert on_the_wire.isdisjoint(bench.texts.addresses + bench.emails.addresses)


async def test_answer_of_a_sender_that_slept_past_its_lease_settles_the_unknown(
    bench: Bench,
) -> None:
    await bench.contacts("Amina")
    message = await bench.launch()
    sleeper = bench.sender()
    seen: list[int] = []

    async def sleep_past_the_lease(_items: Sequence[Outgoing]) -> None:
        bench.now += timedelta(minutes=2)
        await bench.sender().housekeeping()
        seen.extend(row.status for row in await bench.rows(message))

    bench.texts.before_answering = sleep_past_the_lease
    await bench.work(sleeper)

    [row] = await bench.rows(message)
    assert seen == [Status.UNKNOWN]
    assert row.status == Status.ACCEPTED
    assert len(bench.texts.given) == 1
    assert await bench.counts_agree(message)


async def test_answer_about_an_earlier_attempt_changes_nothing(bench: Bench) -> None:
    await bench.contacts("Amina")
    message = await bench.launch()

    async def approve_another_attempt(_items: Sequence[Outgoing]) -> None:
        def attempt_again(conn: Connection) -> None:
            newer = {"attempt": 2, "owner": "another", "approved_sends": 2}
            conn.execute(update(Delivery).where(Delivery.channel == Channel.SMS).values(newer))

        await bench.write(attempt_again)

    bench.texts.before_answering = approve_another_attempt
    await bench.work()

    [row] = await bench.rows(message)
    assert (row.status, row.attempt, row.owner) == (Status.SENDING, 2, "another")


async def test_lost_answer_is_unknown_and_is_not_sent_again(bench: Bench) -> None:
    await bench.contacts("Amina")
    bench.texts = ProviderInMemory(lambda _item: Unknown("timeout"))

    message = await bench.launch()
    await bench.work()
    bench.now += timedelta(days=1)
    await bench.work()

    assert len(bench.texts.given) == 1
    [row] = await bench.rows(message)
    assert (row.status, row.reason) == (Status.UNKNOWN, "timeout")


async def test_person_may_approve_one_more_send_of_an_unknown_copy(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben")
    bench.texts = ProviderInMemory(lambda _item: Unknown("timeout"))
    message = await bench.launch(reach="sms")
    await bench.work()
    bench.texts = ProviderInMemory()
    [first, second] = await bench.rows(message)

    await bench.write(approve_another_send, bench.jobs, first.id, by="organizer:1", now=bench.now)
    await bench.work()

    [again, left] = await bench.rows(message)
    assert (again.status, again.attempt, again.approved_sends) == (Status.ACCEPTED, 2, 2)
    assert (left.status, left.attempt, left.approved_sends) == (Status.UNKNOWN, 1, 1)
    assert bench.texts.addresses == [first.address]
    found = await bench.progress(message)
    assert found.status == MessageStatus.FINISHED
    assert found.equation.balanced
    assert await bench.counts_agree(message)
    with pytest.raises(control.NotNow, match="no longer unknown"):
        await bench.write(
            approve_another_send, bench.jobs, first.id, by="organizer:1", now=bench.now
        )
    assert second.id == left.id


async def test_nothing_is_sent_again_of_a_message_that_was_stopped(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben", zones=["Pacific/Honolulu"])
    await bench.contacts("Chloe", zones=["America/New_York"])
    bench.now = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
    bench.texts = ProviderInMemory(lambda _item: Unknown("timeout"))
    message = await bench.launch(reach="sms", hours=write(DEFAULT))
    await bench.work()
    await bench.write(control.stop, message, now=bench.now)
    [unknown] = [row for row in await bench.rows(message) if row.status == Status.UNKNOWN]

    with pytest.raises(control.NotNow, match="stopped"):
        await bench.write(
            approve_another_send, bench.jobs, unknown.id, by="organizer:1", now=bench.now
        )


async def test_what_was_provably_not_sent_is_tried_again_later(bench: Bench) -> None:
    await bench.contacts("Amina")
    answers: list[Outcome] = [NotSent("429", retry_seconds=30), Accepted("SM1")]
    bench.texts = ProviderInMemory(lambda _item: answers.pop(0))

    message = await bench.launch()
    await bench.work()
    assert len(bench.texts.given) == 1
    bench.now += timedelta(seconds=31)
    await bench.work()

    [row] = await bench.rows(message)
    assert (row.status, row.attempt, row.provider_id) == (Status.ACCEPTED, 2, "SM1")
    assert await bench.counts_agree(message)


async def test_refusal_is_final_and_the_address_is_remembered(bench: Bench) -> None:
    await bench.contacts("Amina", phone="+16082007777")
    bench.texts = ProviderInMemory(lambda _item: Rejected("21610", Harm.OPTED_OUT))

    first = await bench.launch()
    await bench.work()
    second = await bench.launch()
    await bench.work()

    assert len(bench.texts.given) == 1
    assert (await bench.progress(first)).equation.failed == {"21610": 1}
    assert (await bench.progress(second)).equation.skipped == {"opted_out": 1}


async def test_wrong_account_pauses_the_message_and_loses_nobody(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben")
    bench.texts = ProviderInMemory(lambda _item: Misconfigured("20003", "Check the token."))

    message = await bench.launch()
    await bench.work()
    paused = await bench.progress(message)
    bench.texts = ProviderInMemory()
    await bench.write(control.resume, bench.jobs, message, now=bench.now)
    await bench.work()

    assert (paused.status, paused.paused_because) == (MessageStatus.PAUSED, "Check the token.")
    assert paused.equation.balanced
    assert (await bench.progress(message)).equation.sent == 4


async def test_text_is_held_until_morning_and_then_goes_by_itself(bench: Bench) -> None:
    await bench.contacts("Amina", zones=["America/New_York"])
    await bench.contacts("Ben", zones=["Pacific/Honolulu"])
    bench.now = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)  # 10:30 in New York, 5:30 in Honolulu

    message = await bench.launch(hours=write(DEFAULT))
    await bench.work()
    early = await bench.progress(message)
    bench.now = datetime(2026, 11, 19, 20, 0, 1, tzinfo=UTC)
    await bench.work()

    assert early.equation.held == 1
    assert early.openings == {datetime(2026, 11, 19, 20, 0, tzinfo=UTC): 1}
    assert early.equation.balanced
    assert (await bench.progress(message)).equation.held == 0
    assert len(bench.texts.given) == 2
    assert len(bench.emails.given) == 2


async def test_expired_message_leaves_nobody_waiting(bench: Bench) -> None:
    await bench.contacts("Ben", zones=["Pacific/Honolulu"])
    bench.now = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
    message = await bench.launch(hours=write(DEFAULT), expires_at=bench.now + timedelta(hours=1))
    await bench.work()

    bench.now += timedelta(hours=8)
    await bench.sender().housekeeping()
    await bench.work()

    found = await bench.progress(message)
    assert found.status == MessageStatus.EXPIRED
    assert found.equation.expired == 1
    assert found.equation.balanced
    assert bench.texts.given == []


async def test_paused_message_sends_nothing_until_resumed(bench: Bench) -> None:
    await bench.contacts("Amina")
    message = await bench.launch(undo_seconds=10)
    await bench.work()
    await bench.write(control.pause, message)
    bench.now += timedelta(seconds=20)
    await bench.work()

    assert bench.texts.given == []

    await bench.write(control.resume, bench.jobs, message, now=bench.now)
    await bench.work()

    assert len(bench.texts.given) == 1


async def test_pace_is_kept_in_segments_and_outlives_the_sender(bench: Bench) -> None:
    await bench.contacts(*"ABCDEF")
    bench.policy = Policy(window=100, pace={Channel.SMS: 2.0})
    await bench.launch()

    per_second = []
    for _ in range(4):
        before = len(bench.texts.given)
        await bench.work(bench.sender())
        per_second.append(len(bench.texts.given) - before)
        bench.now += timedelta(seconds=1)

    assert per_second == [2, 2, 2, 0]


async def test_pace_follows_the_segments_a_text_really_takes(bench: Bench) -> None:
    await bench.contacts(*"ABCDEFGH")
    bench.policy = Policy(window=100, pace={Channel.SMS: 4.0})
    texts = {"en": {"sms": "word " * 50 + "{{ link }}", "subject": "", "body": ""}}
    await bench.launch(texts=texts, reach="sms", segments=1)  # it takes 2 or more

    sent_after = []
    for _ in range(4):
        await bench.work(bench.sender())
        sent_after.append(len(bench.texts.given))
        bench.now += timedelta(seconds=1)

    assert {row.segments for row in await bench.rows(1) if row.segments} == {3}
    assert sent_after == [4, 4, 4, 8]  # twelve segments are paid for before the next leave


def test_a_pace_that_allows_the_next_copy_almost_now_is_kept_on_the_loop_of_the_service(
    database_url: str, now: datetime
) -> None:
    async def course() -> list[int]:
        async with open_database(driver_url(database_url)) as opened:
            bench, sent = Bench(opened, now), []
            bench.policy = Policy(window=100, pace={Channel.SMS: 2.0})
            await bench.contacts(*"ABC")
            sender = bench.sender()
            for seconds in (0.4999, 0.0, 0.0001):
                await bench.launch(reach="sms")
                await bench.work(sender)
                sent.append(len(bench.texts.given))
                bench.now += timedelta(seconds=seconds)
            await bench.work(sender)
            return [*sent, len(bench.texts.given)]

    with capture_logs() as lines:
        sent = uvloop.run(course())

    assert (sent, lines) == ([2, 2, 2, 3], [])


async def test_copy_of_a_person_whose_reply_is_being_read_waits(bench: Bench) -> None:
    await bench.contacts("Amina", phone="+16082005555")
    message = await bench.launch(undo_seconds=60, reach="sms")
    await bench.work()

    def word(standing: Standing) -> Callable[[Connection], None]:
        def say(conn: Connection) -> None:
            refuse(
                conn,
                Channel.SMS,
                "+16082005555",
                standing=standing,
                source="sms",
                evidence="please stop, or not",
                actor="supporter",
                now=bench.now,
            )

        return say

    await bench.write(word(Standing.REVIEW))
    bench.now += timedelta(minutes=2)
    await bench.work()
    meanwhile = await bench.progress(message)

    def read_it(conn: Connection) -> None:
        settle_review(
            conn, Channel.SMS, "+16082005555", opted_out=False, actor="organizer:1", now=bench.now
        )

    await bench.write(read_it)
    bench.now += timedelta(minutes=1)
    await bench.work()

    assert meanwhile.equation.waiting == 1
    assert meanwhile.equation.balanced
    assert bench.texts.addresses == ["+16082005555"]


async def test_gap_in_a_text_fails_that_copy_and_says_which_field(bench: Bench) -> None:
    await bench.contacts("Amina", city="")
    texts = {"en": {"sms": "Call from {{ city }}: {{ link }}", "subject": "", "body": ""}}

    message = await bench.launch(texts=texts)
    await bench.work()

    assert bench.texts.given == []
    assert (await bench.progress(message)).equation.failed == {"no_city": 1, "no_text": 1}


async def test_three_unclean_starts_pause_all_sending_and_say_so(bench: Bench) -> None:
    await bench.contacts("Amina")
    message = await bench.launch(undo_seconds=600)
    for _ in range(3):
        await bench.sender().start()
        bench.now += timedelta(seconds=90)

    warnings = await bench.sender().start()

    assert any("paused" in sentence for sentence in warnings)
    assert (await bench.progress(message)).status == MessageStatus.PAUSED


async def test_clean_ends_never_trip_the_breaker(bench: Bench) -> None:
    for _ in range(5):
        sender = bench.sender()
        assert await sender.start() == []
        await sender.drain()
        bench.now += timedelta(seconds=90)


async def test_batch_taken_by_one_sender_is_not_taken_by_another(bench: Bench) -> None:
    await bench.contacts("Amina")
    await bench.launch()
    await bench.sender().next(0)

    def lease_all(conn: Connection) -> None:
        later = bench.now + timedelta(seconds=60)
        conn.execute(update(Batch).values(owner="another", lease_until=later))

    await bench.write(lease_all)
    await bench.work()

    assert bench.texts.given == []


async def test_message_without_a_row_left_over_is_finished(bench: Bench) -> None:
    await bench.contacts("Amina", consent=None)

    message = await bench.launch()
    await bench.work()

    def status(conn: Connection) -> str:
        return str(conn.scalar(select(Message.status).where(Message.id == message)))

    assert await bench.database.read(status) == MessageStatus.FINISHED
