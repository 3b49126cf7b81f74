"""Unknown copies, looked up at a real local Twilio, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, update

from contacts.consent import refuse
from contacts.models import Channel, Contact, Standing
from database.opening import Opened
from messages import calling_off, control, counts, doubts, links, receipts, unknowns
from messages.control import NotNow
from messages.doubts import NOT_SENT_AGAIN, Closed
from messages.identity import Identity
from messages.lookups import FIRST_LOOK, Found
from messages.models import Delivery, Doubt, Message, MessageStatus, Status
from messages.providers.lookup import (
    Finding,
    Lookup,
    OutboxLookup,
    Sought,
    Unlisted,
)
from messages.providers.provider import Outcome, Outgoing, Provider, Receipt, Unknown, Verdict
from messages.providers.twilio import Twilio, TwilioAccount
from messages.providers.twilio_list import TwilioList
from messages.reconciling import POLICY, Reconciler
from messages.sending import Policy, Sender
from tests.builders import make_contact, make_message
from tests.crash import checker
from tests.doubles import NoJobs, ProviderInMemory
from tests.fakes import provider
from tests.fakes.faults import Fault
from tests.fakes.outgoing import ACCOUNT, SERVICE

PHONE = "+16082000001"
IDENTITY = Identity(
    network="Sister Cities",
    postal_address="1 Main St, Madison WI",
    public_url="https://call.example.org",
    secret="s" * 64,
)


class Killed(BaseException):
    """What SIGKILL is to a process, this is to a coroutine."""


class Between:
    """A provider with something that happens between its answer and the sender who waits for it."""

    name, window, bulk = "twilio", 500, False

    def __init__(self, inner: Twilio, happens: Callable[[], Awaitable[None]]) -> None:
        self._inner = inner
        self._happens = happens

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        outcomes = await self._inner.send(items, deadline=deadline)
        await self._happens()
        return outcomes

    async def close(self) -> None:
        await self._inner.close()


async def nothing() -> None:
    """Nothing happens in between."""


async def die() -> None:
    raise Killed


# The same words for everybody: without a link of their own nothing tells two copies apart.
PLAIN = {"en": {"sms": "Call your representative today.", "subject": "", "body": ""}}


class Bench:
    """Senders and reconcilers on a database of their own, with a clock that tests set."""

    def __init__(self, opened: Opened, url: str, fake: provider.FakeProvider) -> None:
        self.database = opened.database
        self.url = url
        self.fake = fake
        self.now = datetime.now(UTC)  # the fake stamps its list with the real time
        self.jobs = NoJobs()
        self.emails = ProviderInMemory(lambda _item: Unknown("HTTP 500"))
        self.between = nothing
        self.email_lookup: Lookup = Unlisted("sendgrid", events_for=timedelta(hours=24))
        self.account = TwilioAccount(
            ACCOUNT,
            ACCOUNT,
            "fake-auth-token",
            IDENTITY.public_url,
            api_base=fake.url,
            timeout=0.3,
        )

    def clock(self, _conn: Connection) -> datetime:
        return self.now

    @asynccontextmanager
    async def sender(self) -> AsyncIterator[Sender]:
        texts = Between(Twilio(self.account), self.between)
        providers: dict[Channel, Provider] = {Channel.SMS: texts, Channel.EMAIL: self.emails}
        try:
            yield Sender(self.database, self.jobs, providers, IDENTITY, Policy(), clock=self.clock)
        finally:
            await texts.close()

    @asynccontextmanager
    async def reconciler(
        self, *, sms: Lookup | None = None, resend_after: timedelta | None = None
    ) -> AsyncIterator[Reconciler]:
        lookups = {Channel.SMS: sms or TwilioList(self.account), Channel.EMAIL: self.email_lookup}
        made = Reconciler(
            self.database,
            self.jobs,
            lookups,
            IDENTITY,
            resend_after=resend_after,
            clock=self.clock,
        )
        try:
            yield made
        finally:
            await made.close()

    async def contact(self, name: str = "Amina", **values: Any) -> int:
        made = {"phone": PHONE, "email": None, **values}
        return int(await self.database.write(lambda conn: make_contact(conn, name, **made)))

    async def launch(self, *faults: Fault, **values: Any) -> int:
        """Launch and send a message; what is sent meets these faults in turn."""

        def add(conn: Connection) -> int:
            made = {"sms_sender": SERVICE, "reach": "sms", **values}
            message_id = make_message(conn, **made)
            control.queue(
                conn,
                self.jobs,
                message_id,
                confirmed=0,
                launched_by="x",
                undo_seconds=0,
                now=self.now,
            )
            return message_id

        self.fake.faults.script.extend(faults)
        message_id = int(await self.database.write(add))
        await self.work()
        return message_id

    async def work(self) -> None:
        async with self.sender() as sender:
            while await sender.next(0):
                pass

    async def tick(self, **options: Any) -> None:
        async with self.reconciler(**options) as reconciler:
            await reconciler.tick()

    def later(self, age: timedelta = FIRST_LOOK) -> None:
        self.now += age

    async def write(self, unit: Callable[..., Any], *args: Any, **more: Any) -> Any:
        return await self.database.write(unit, *args, **more)

    async def copies(self) -> list[Any]:
        return list(
            await self.database.read(
                lambda conn: conn.execute(select(Delivery).order_by(Delivery.id)).all()
            )
        )

    async def doubts(self) -> list[Any]:
        return list(
            await self.database.read(
                lambda conn: conn.execute(select(Doubt).order_by(Doubt.id)).all()
            )
        )

    async def statuses(self) -> list[Status]:
        return [Status(copy.status) for copy in await self.copies()]

    async def require_sound(self, *, approved_again: bool = False) -> None:
        """What the crash runs assert in the end; a person who approves may have one written twice."""
        ledger = await asyncio.to_thread(checker.read_ledger, self.url)
        wrong = checker.wrong_at_the_end(ledger, self.fake.journal.entries)
        if approved_again:
            wrong = [each for each in wrong if not each.startswith("an address got 2 copies")]
        assert wrong == []


@pytest.fixture
async def fake() -> AsyncIterator[provider.FakeProvider]:
    # Nobody hears its callbacks: they are the other way to settle a copy.
    options = provider.Options(callback_retries=0, hang_seconds=1.0)
    async with provider.running(options) as running:
        yield running


@pytest.fixture
def bench(opened: Opened, database_url: str, fake: provider.FakeProvider) -> Bench:
    return Bench(opened, database_url, fake)


@pytest.mark.parametrize("fault", [Fault.ACCEPT_500, Fault.ACCEPT_HANG, Fault.ACCEPT_RESET])
async def test_copy_that_was_taken_before_its_answer_was_lost_is_proven(
    bench: Bench, fault: Fault
) -> None:
    await bench.contact()
    await bench.launch(fault)
    before = await bench.statuses()

    bench.later()
    await bench.tick()

    (copy,), (doubt,) = await bench.copies(), await bench.doubts()
    assert (before, Status(copy.status)) == ([Status.UNKNOWN], Status.ACCEPTED)
    assert copy.provider_id == bench.fake.journal.of("accepted")[0]["id"]
    assert (doubt.found, doubt.closed_how, doubt.asked) == (Found.FOUND, Closed.PROVIDER, "twilio")
    assert (doubt.looks, doubt.provider_status) == (1, Verdict.ACCEPTED)
    await bench.require_sound()


async def test_copy_that_was_not_taken_is_looked_for_again_and_then_a_persons(
    bench: Bench,
) -> None:
    await bench.contact()
    await bench.launch(Fault.ERROR_500)

    bench.later()
    await bench.tick()
    (first,) = await bench.doubts()
    for _ in range(5):
        bench.later(timedelta(hours=13))
        await bench.tick()
    bench.later(timedelta(days=30))
    await bench.tick(resend_after=timedelta(hours=24))

    (last,) = await bench.doubts()
    assert await bench.statuses() == [Status.UNKNOWN]
    assert (first.found, first.looks) == (Found.NOT_FOUND, 1)
    assert first.next_look_at == bench.now - timedelta(days=30, hours=65) + timedelta(minutes=1)
    assert (last.looks, last.next_look_at, last.closed_at) == (6, None, None)
    assert len(bench.fake.journal.of("accepted")) == 0
    await bench.require_sound()


async def test_nothing_is_asked_before_the_list_may_show_it(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)

    bench.later(FIRST_LOOK - timedelta(seconds=1))
    await bench.tick()

    (doubt,) = await bench.doubts()
    assert (doubt.looks, doubt.looked_at) == (0, None)


async def test_copy_that_the_list_shows_late_is_found_at_a_later_look(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    bench.fake.twilio.listing_delay = 3600
    bench.later()
    await bench.tick()
    before = await bench.statuses()

    bench.fake.twilio.listing_delay = 0
    bench.later(timedelta(minutes=1))
    await bench.tick()

    assert (before, await bench.statuses()) == ([Status.UNKNOWN], [Status.ACCEPTED])
    await bench.require_sound()


async def test_copies_of_a_sender_that_died_are_proven_one_by_one(bench: Bench) -> None:
    for number in range(4):
        await bench.contact(phone=f"+1608200001{number}")
    bench.fake.faults.by_address["+16082000012"] = Fault.ERROR_500
    bench.between = die
    with pytest.raises(Killed):
        await bench.launch()
    bench.later(timedelta(minutes=2))
    bench.between = nothing

    async with bench.sender() as heir:
        await heir.start()
    before = await bench.statuses()
    bench.later()
    await bench.tick()

    assert before == [Status.UNKNOWN] * 4
    assert sorted(await bench.statuses()) == [Status.UNKNOWN, *[Status.ACCEPTED] * 3]
    await bench.require_sound()


async def test_answer_that_comes_after_the_look_changes_nothing(bench: Bench) -> None:
    await bench.contact()

    async def sleep_while_others_look() -> None:
        bench.between = nothing
        bench.later(timedelta(minutes=2))
        async with bench.sender() as other:
            await other.housekeeping()
        bench.later()
        await bench.tick()

    bench.between = sleep_while_others_look
    await bench.launch()

    (doubt,) = await bench.doubts()
    assert await bench.statuses() == [Status.ACCEPTED]
    assert doubt.closed_how == Closed.PROVIDER
    await bench.require_sound()


async def test_copy_that_a_sleeper_brings_back_unsent_leaves_a_closed_doubt(bench: Bench) -> None:
    await bench.contact()

    async def sleep_while_others_look() -> None:
        bench.between = nothing
        bench.later(timedelta(minutes=2))
        async with bench.sender() as other:
            await other.housekeeping()
        bench.later()
        await bench.tick()

    bench.between = sleep_while_others_look
    await bench.launch(Fault.TOO_MANY)
    bench.later(timedelta(minutes=2))
    await bench.work()
    await bench.tick()

    (doubt,) = await bench.doubts()
    assert await bench.statuses() == [Status.ACCEPTED]
    assert (doubt.attempt, doubt.found, doubt.closed_how) == (1, Found.NOT_FOUND, Closed.SETTLED)
    await bench.require_sound()


class Meanwhile:
    """A look-up with something that happens between asking and the answer."""

    name = "twilio"

    def __init__(self, inner: Lookup, happens: Callable[[], Awaitable[None]]) -> None:
        self._inner = inner
        self._happens = happens
        self.asked = 0

    async def look_up(self, items: Sequence[Sought]) -> list[Finding]:
        self.asked += len(items)
        findings = await self._inner.look_up(items)
        await self._happens()
        return findings

    async def close(self) -> None:
        await self._inner.close()


async def receive(bench: Bench, verdict: Verdict, code: str = "") -> None:
    """A callback about the only copy comes in."""
    (copy,) = await bench.copies()
    token = links.receipt_token(IDENTITY.secret, copy.id, copy.attempt)
    receipt = Receipt(copy.id, copy.attempt, token, verdict, code=code, provider_id="SM9")
    told = [(Channel.SMS, receipt)]
    await bench.write(receipts.apply, told, secret=IDENTITY.secret, now=bench.now)


async def test_receipt_that_comes_while_we_ask_wins(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    bench.later()

    async def undelivered() -> None:
        await receive(bench, Verdict.UNDELIVERED, "30003")

    await bench.tick(sms=Meanwhile(TwilioList(bench.account), undelivered))
    await bench.tick()

    (copy,), (doubt,) = await bench.copies(), await bench.doubts()
    assert (copy.status, copy.reason, copy.provider_id) == (Status.UNDELIVERED, "30003", "SM9")
    assert doubt.closed_how == Closed.SETTLED


async def test_receipt_settles_first_and_nothing_is_asked(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    await receive(bench, Verdict.DELIVERED)
    bench.later()

    there = Meanwhile(TwilioList(bench.account), nothing)
    await bench.tick(sms=there)

    (doubt,) = await bench.doubts()
    assert there.asked == 0
    assert (doubt.looks, doubt.closed_how) == (0, Closed.SETTLED)


async def test_send_approved_while_we_ask_is_left_alone(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    (copy,) = await bench.copies()
    bench.later()

    async def approve() -> None:
        approve_it = unknowns.approve_another_send
        await bench.write(approve_it, bench.jobs, copy.id, by="organizer:1", now=bench.now)

    await bench.tick(sms=Meanwhile(TwilioList(bench.account), approve))
    (first,) = await bench.doubts()
    before = await bench.statuses()
    await bench.work()

    (copy,) = await bench.copies()
    assert before == [Status.PENDING]
    assert (first.closed_how, first.closed_by) == (Closed.AGAIN, "organizer:1")
    assert (copy.status, copy.attempt, copy.approved_sends) == (Status.ACCEPTED, 2, 2)
    await bench.require_sound(approved_again=True)


async def stop_it(bench: Bench, message: int) -> None:
    await bench.write(control.stop, message, now=bench.now)


async def expire_it(bench: Bench, message: int) -> None:
    ended = update(Message).where(Message.id == message).values(expires_at=bench.now)
    await bench.write(lambda conn: conn.execute(ended).rowcount)
    await bench.write(control.expire_due, now=bench.now)


async def say_stop(bench: Bench, _message: int) -> None:
    await opt_out(bench)
    await bench.write(
        calling_off.cancel_pending, channel="sms", address=PHONE, reason="opted_out", now=bench.now
    )


async def opt_out(bench: Bench, _message: int = 0) -> None:
    """Known only to the next claim, as when the reply is still being stored."""

    def no(conn: Connection) -> None:
        refuse(
            conn,
            Channel.SMS,
            PHONE,
            standing=Standing.OPTED_OUT,
            source="sms",
            evidence="STOP",
            actor="supporter",
            now=bench.now,
        )

    await bench.write(no)


async def refuse_it(bench: Bench, _message: int) -> None:
    bench.fake.faults.script.append(Fault.BAD_ADDRESS)


async def stop_while_it_comes_back_unsent(bench: Bench, message: int) -> None:
    bench.fake.faults.script.append(Fault.TOO_MANY)

    async def stop_meanwhile() -> None:
        bench.between = nothing
        await stop_it(bench, message)

    bench.between = stop_meanwhile


@pytest.mark.parametrize(
    "thwart",
    [stop_it, expire_it, say_stop, opt_out, refuse_it, stop_while_it_comes_back_unsent],
)
async def test_copy_that_is_not_sent_again_after_all_is_unknown_as_before(
    bench: Bench, thwart: Callable[[Bench, int], Awaitable[None]]
) -> None:
    await bench.contact()
    message = await bench.launch(Fault.ACCEPT_500)
    (copy,), (first,) = await bench.copies(), await bench.doubts()
    await bench.write(
        unknowns.approve_another_send, bench.jobs, copy.id, by="organizer:1", now=bench.now
    )
    await thwart(bench, message)
    await bench.work()

    (copy,), (*_, doubt) = await bench.copies(), await bench.doubts()
    assert (copy.status, copy.reason) == (Status.UNKNOWN, NOT_SENT_AGAIN)
    assert (doubt.attempt, doubt.closed_at, doubt.closed_how) == (copy.attempt, None, "")
    assert doubt.claimed_at == first.claimed_at

    bench.later()
    await bench.tick()  # the first one is in the provider's list

    (copy,), (*_, doubt) = await bench.copies(), await bench.doubts()
    assert (copy.status, doubt.closed_how) == (Status.ACCEPTED, Closed.PROVIDER)
    await bench.require_sound()


async def test_receipt_of_the_first_try_settles_a_copy_that_is_unknown_at_its_second(
    bench: Bench,
) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    (copy,) = await bench.copies()
    await bench.write(
        unknowns.approve_another_send, bench.jobs, copy.id, by="organizer:1", now=bench.now
    )
    bench.fake.faults.script.append(Fault.ERROR_500)
    await bench.work()
    before = await bench.statuses()
    token = links.receipt_token(IDENTITY.secret, copy.id, 1)

    def hear(conn: Connection) -> None:
        failed = Receipt(copy.id, 1, token, Verdict.FAILED)
        delivered = Receipt(copy.id, 1, token, Verdict.DELIVERED)
        told = [(Channel.SMS, failed), (Channel.SMS, delivered)]
        receipts.apply(conn, told, secret=IDENTITY.secret, now=bench.now)

    await bench.write(hear)

    assert before == [Status.UNKNOWN]
    assert await bench.statuses() == [Status.DELIVERED]  # that the first failed said nothing


async def test_second_process_does_not_ask_about_the_same_copy(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    (copy,) = await bench.copies()
    bench.later()
    second = Meanwhile(TwilioList(bench.account), nothing)
    told: list[object] = []

    async def another_process_looks() -> None:
        await bench.tick(sms=second)
        async with bench.reconciler(sms=second) as reconciler:
            told.append(await reconciler.look(copy.id))

    await bench.tick(sms=Meanwhile(TwilioList(bench.account), another_process_looks))

    assert (second.asked, told) == (0, [None])
    assert await bench.statuses() == [Status.ACCEPTED]


async def test_many_processes_at_once_ask_about_each_copy_once(bench: Bench) -> None:
    for number in range(30):
        await bench.contact(phone=f"+160820001{number:02}")
    bench.fake.faults.by_address.update(
        {f"+160820001{number:02}": Fault.ACCEPT_500 for number in range(30)}
    )
    await bench.launch()
    bench.later()
    theirs = [Meanwhile(TwilioList(bench.account), nothing) for _ in range(4)]

    await asyncio.gather(*(bench.tick(sms=there) for there in theirs))

    assert sum(there.asked for there in theirs) == 30
    assert await bench.statuses() == [Status.ACCEPTED] * 30
    await bench.require_sound()


async def test_process_that_dies_while_asking_holds_a_copy_for_five_minutes(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    bench.later()
    with pytest.raises(Killed):
        await bench.tick(sms=Meanwhile(TwilioList(bench.account), die))

    bench.later(timedelta(minutes=4))
    await bench.tick()
    before = await bench.statuses()
    bench.later(timedelta(minutes=2))
    await bench.tick()

    assert (before, await bench.statuses()) == ([Status.UNKNOWN], [Status.ACCEPTED])


async def test_two_unknown_copies_with_the_same_words_are_not_settled_by_one_message(
    bench: Bench,
) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500, texts=PLAIN)
    await bench.launch(Fault.ERROR_500, texts=PLAIN)

    bench.later()
    await bench.tick()

    assert await bench.statuses() == [Status.UNKNOWN] * 2
    assert [doubt.found for doubt in await bench.doubts()] == [Found.SEVERAL] * 2


async def test_message_that_is_another_copys_proves_nothing(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ERROR_500, texts=PLAIN)
    await bench.launch(texts=PLAIN)

    bench.later()
    await bench.tick()

    (doubt,) = await bench.doubts()
    assert doubt.found == Found.NOT_FOUND
    assert await bench.statuses() == [Status.UNKNOWN, Status.ACCEPTED]
    await bench.require_sound()


async def test_copies_with_links_of_their_own_are_told_apart(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    await bench.launch(Fault.ERROR_500)

    bench.later()
    await bench.tick()

    assert await bench.statuses() == [Status.ACCEPTED, Status.UNKNOWN]
    await bench.require_sound()


async def test_text_is_recognised_by_its_link_though_the_persons_name_changed(
    bench: Bench,
) -> None:
    contact = await bench.contact("Amina")
    await bench.launch(Fault.ACCEPT_500)

    def rename(conn: Connection) -> None:
        conn.execute(update(Contact).where(Contact.id == contact).values(given_name="Amina María"))

    await bench.write(rename)
    bench.later()
    await bench.tick()

    assert await bench.statuses() == [Status.ACCEPTED]


async def test_failed_message_in_the_list_fails_the_copy_and_teaches_about_the_number(
    bench: Bench,
) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    _, message = bench.fake.twilio.messages[0]
    message |= {"status": "undelivered", "error_code": 30006}

    bench.later()
    await bench.tick()

    (copy,) = await bench.copies()
    assert (copy.status, copy.reason) == (Status.UNDELIVERED, "30006")
    second = await bench.launch()
    left_out = [copy.reason for copy in await bench.copies() if copy.message_id == second]
    assert left_out == ["not_textable"]


async def test_email_nobody_heard_of_waits_for_a_person_after_a_day(bench: Bench) -> None:
    await bench.contact(phone=None, email="amina@example.org")
    await bench.launch(reach="email")

    bench.later()
    await bench.tick()
    (first,) = await bench.doubts()
    bench.later(timedelta(days=2))
    await bench.tick()
    (last,) = await bench.doubts()

    assert (first.found, first.next_look_at) == (
        Found.NOTHING_TO_ASK,
        first.noted_at + timedelta(hours=24),
    )
    assert (last.next_look_at, last.closed_at) == (None, None)
    assert await bench.statuses() == [Status.UNKNOWN]


async def test_policy_sends_an_email_once_more_and_never_a_third_time(bench: Bench) -> None:
    await bench.contact(phone=None, email="amina@example.org")
    await bench.launch(reach="email")
    policy = timedelta(hours=24)

    for _ in range(4):
        bench.later(timedelta(hours=25))
        await bench.tick(resend_after=policy)
        await bench.work()

    (copy,), rows = await bench.copies(), await bench.doubts()
    assert (copy.status, copy.attempt, copy.approved_sends) == (Status.UNKNOWN, 2, 2)
    assert len(bench.emails.given) == 2
    assert [(row.attempt, row.closed_how, row.closed_by) for row in rows] == [
        (1, Closed.AGAIN, POLICY),
        (2, "", ""),
    ]
    assert rows[1].next_look_at is None
    await bench.require_sound()


async def test_policy_never_sends_an_unknown_text_again(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ERROR_500)

    class NoList(Unlisted):
        """Even if texts had a provider without a list."""

    for _ in range(3):
        bench.later(timedelta(days=2))
        await bench.tick(sms=NoList("twilio"), resend_after=timedelta(hours=24))
        await bench.work()

    assert await bench.statuses() == [Status.UNKNOWN]
    assert (await bench.copies())[0].approved_sends == 1


async def test_policy_leaves_a_stopped_message_and_a_person_who_opted_out_alone(
    bench: Bench,
) -> None:
    await bench.contact(phone=None, email="amina@example.org")
    stopped = await bench.launch(reach="email")
    live = await bench.launch(reach="email")

    def stop_and_opt_out(conn: Connection) -> None:
        ended = {"status": MessageStatus.STOPPED, "finished_at": bench.now}
        conn.execute(update(Message).where(Message.id == stopped).values(ended))
        refuse(
            conn,
            Channel.EMAIL,
            "amina@example.org",
            standing=Standing.OPTED_OUT,
            source="email",
            evidence="stop",
            actor="supporter",
            now=bench.now,
        )

    await bench.write(stop_and_opt_out)
    bench.later(timedelta(hours=25))
    await bench.tick(resend_after=timedelta(hours=24))
    await bench.work()

    by_message = {copy.message_id: copy for copy in await bench.copies()}
    assert by_message[stopped].status == Status.UNKNOWN
    # The first one may have arrived: so it is not told as left out.
    assert (by_message[live].status, by_message[live].reason) == (Status.UNKNOWN, NOT_SENT_AGAIN)
    assert len(bench.emails.given) == 2


async def test_policy_that_comes_too_late_changes_nothing(bench: Bench) -> None:
    await bench.contact(phone=None, email="amina@example.org")
    await bench.launch(reach="email")
    bench.later(timedelta(hours=25))

    async def settled_meanwhile() -> None:
        (copy,) = await bench.copies()
        await bench.write(unknowns.settle, copy.id, sent=True, by="ben", now=bench.now)

    bench.email_lookup = Meanwhile(bench.email_lookup, settled_meanwhile)
    await bench.tick(resend_after=timedelta(hours=24))

    (copy,) = await bench.copies()
    assert (copy.status, copy.approved_sends) == (Status.ACCEPTED, 1)


async def test_outbox_is_asked_what_it_kept(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ERROR_500)
    (copy,) = await bench.copies()

    async def recall(items: Sequence[Sought]) -> list[list[datetime]]:
        return [[bench.now] for _ in items]

    bench.later()
    await bench.tick(sms=OutboxLookup(recall))

    (copy,) = await bench.copies()
    assert (copy.status, copy.provider_id) == (Status.ACCEPTED, f"OB{copy.id}.1")


@pytest.mark.parametrize(
    ("sent", "status", "how"),
    [(True, Status.ACCEPTED, Closed.SENT), (False, Status.FAILED, Closed.NOT_SENT)],
)
async def test_persons_proof_settles_a_copy_and_is_kept_with_name_and_time(
    bench: Bench, sent: bool, status: Status, how: Closed
) -> None:
    await bench.contact()
    message = await bench.launch(Fault.ERROR_500)
    (copy,) = await bench.copies()

    await bench.write(unknowns.settle, copy.id, sent=sent, by="Ben", now=bench.now)

    (copy,), (doubt,) = await bench.copies(), await bench.doubts()
    assert (copy.status, copy.reason) == (status, "" if sent else unknowns.PROVEN_UNSENT)
    assert (doubt.closed_how, doubt.closed_by, doubt.closed_at) == (how, "Ben", bench.now)
    with pytest.raises(NotNow, match="no longer unknown"):
        await bench.write(unknowns.settle, copy.id, sent=sent, by="Ben", now=bench.now)

    def agree(conn: Connection) -> bool:
        return counts.kept(conn, [message]) == counts.counted(conn, message)

    assert await bench.database.read(agree)


async def test_unknown_copies_from_before_doubts_were_kept_are_searched_for(
    bench: Bench,
) -> None:
    for number in range(3):
        await bench.contact(phone=f"+1608200001{number}")
        bench.fake.faults.by_address[f"+1608200001{number}"] = Fault.ACCEPT_500
    await bench.launch()
    await bench.write(lambda conn: conn.execute(delete(Doubt)))

    bench.later()
    await bench.tick()

    assert len(await bench.doubts()) == 3
    assert await bench.statuses() == [Status.ACCEPTED] * 3
    await bench.require_sound()


async def test_what_was_forgotten_again_is_found_again_and_a_wrong_count_is_not_searched_for_twice(
    bench: Bench,
) -> None:
    await bench.contact()
    message = await bench.launch(Fault.ERROR_500)
    walks: list[int] = []

    class Watched(Reconciler):
        """Counts its walks through the batches."""

        async def _search(self, message_id: int, channel: str) -> int:
            found = await super()._search(message_id, channel)
            walks.append(found)
            return found

    lookups = {Channel.SMS: Unlisted("twilio"), Channel.EMAIL: Unlisted("smtp")}
    reconciler = Watched(bench.database, bench.jobs, lookups, IDENTITY, clock=bench.clock)
    for _ in range(2):
        await bench.write(lambda conn: conn.execute(delete(Doubt)))
        await reconciler.tick()
    deltas = counts.Deltas()
    deltas[counts.place(message, "sms", Status.UNKNOWN, "HTTP 500", None)] += 1
    await bench.write(counts.apply, deltas)
    for _ in range(3):
        await reconciler.tick()

    assert walks == [1, 1, 0]


async def test_provider_that_does_not_answer_leaves_everything_as_it_is(
    bench: Bench, unused_tcp_port: int
) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    bench.later()
    elsewhere = TwilioAccount(
        ACCOUNT, ACCOUNT, "x", "https://x", api_base=f"http://127.0.0.1:{unused_tcp_port}"
    )

    await bench.tick(sms=TwilioList(elsewhere))

    (doubt,) = await bench.doubts()
    assert (doubt.found, doubt.looks, doubt.looked_at) == (Found.COULD_NOT_ASK, 0, bench.now)
    assert doubt.next_look_at > bench.now
    assert await bench.statuses() == [Status.UNKNOWN]


async def test_person_may_ask_at_any_time(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    (copy,) = await bench.copies()

    async with bench.reconciler() as reconciler:
        decision = await reconciler.look(copy.id)
        again = await reconciler.look(copy.id)

    assert decision is not None
    assert decision.found is Found.FOUND
    assert again is None


async def test_wish_to_ask_now_is_heard_at_the_next_turn(bench: Bench) -> None:
    await bench.contact()
    await bench.launch(Fault.ACCEPT_500)
    (copy,) = await bench.copies()

    assert await bench.write(doubts.ask_now, copy.id, now=bench.now)
    await bench.tick()

    assert await bench.statuses() == [Status.ACCEPTED]
    assert not await bench.write(doubts.ask_now, copy.id, now=bench.now)
