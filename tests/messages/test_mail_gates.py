"""Who asks us to slow down gets less, by itself more again, and nobody else waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from contacts.models import Channel
from database.opening import Opened
from messages import links, mail_gates
from messages.mail_gates import CALM, PORTION, SLACK, STEEPEST, Gate, closed, wait, within
from messages.models import Delivery, Status
from messages.providers.provider import Accepted, NotSent, Outcome, Outgoing
from messages.reach_models import MailboxGate
from messages.receipts import RECEIPT, RawEvent, apply_waiting, store
from messages.sending import Policy
from tests.builders import make_contact
from tests.doubles import ProviderInMemory
from tests.messages.test_sending import IDENTITY, Bench

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TOO_FAST = "421 4.7.28 unusual rate"


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


def test_each_later_doubles_the_wait_and_halves_the_portion() -> None:
    gate, at = closed("gmail.com", 1, "421", NOW), NOW
    seen = []
    for _ in range(STEEPEST + 1):
        seen.append((gate.opens_at - gate.deferred_at, gate.left))
        at = at + wait(gate.level) + SLACK
        gate = gate.deferred("421", at)

    assert seen[:3] == [
        (timedelta(minutes=1), PORTION),
        (timedelta(minutes=2), PORTION // 2),
        (timedelta(minutes=4), PORTION // 4),
    ]
    assert seen[-1][0] <= timedelta(minutes=32)
    assert all(left >= 1 for _, left in seen)


def test_a_burst_of_laters_is_one_word() -> None:
    gate = closed("gmail.com", 1, "421", NOW)

    assert gate.deferred("421", NOW + timedelta(seconds=59)) == gate
    assert gate.deferred("421", NOW + timedelta(seconds=95)).level == 2


def test_it_recovers_step_by_step_without_another_later() -> None:
    gate = closed("gmail.com", 3, "421", NOW)

    levels = [gate.level_at(NOW + CALM * steps) for steps in range(4)]

    assert levels == [3, 2, 1, 0]


def test_a_portion_that_is_used_up_closes_it_for_a_minute() -> None:
    gate = Gate("gmail.com", 1, NOW, NOW, left=3)

    assert gate.used(2, NOW).left == 1
    after = gate.used(3, NOW)
    assert (after.left, after.opens_at) == (PORTION, NOW + timedelta(minutes=1))


def test_a_providers_domains_share_a_portion_and_others_none() -> None:
    gate = Gate("gmail.com", 1, NOW, NOW, left=2)
    addresses = ["a@gmail.com", "b@googlemail.com", "c@gmail.com", "d@example.org"]

    may, taken = within(addresses, [gate], now=NOW)

    assert may == [True, True, False, True]
    assert taken == {"gmail.com": 2}


async def people(bench: Bench, gmail: int, others: int) -> None:
    def add(conn: Connection) -> None:
        for number in range(gmail):
            make_contact(conn, f"G{number}", phone=None, email=f"g{number}@gmail.com")
        for number in range(others):
            make_contact(conn, f"O{number}", phone=None, email=f"o{number}@example.net")

    await bench.write(add)


async def deferred_event(bench: Bench, message: int, words: str = TOO_FAST) -> None:
    """SendGrid tells that Gmail answered "later" to one of ours."""

    def tell(conn: Connection) -> None:
        gmail = Delivery.address.like("%@gmail.com")
        row = conn.execute(
            select(Delivery.id, Delivery.attempt, Delivery.address)
            .where(Delivery.message_id == message, Delivery.attempt > 0, gmail)
            .limit(1)
        ).one()
        payload = {
            "event": "deferred",
            "email": row.address,
            "response": words,
            "d": str(row.id),
            "a": str(row.attempt),
            "k": links.receipt_token(IDENTITY.secret, row.id, row.attempt),
        }
        key = f"deferred:{bench.now.isoformat()}"
        store(conn, [RawEvent("sendgrid", key, RECEIPT, payload)], now=bench.now)
        apply_waiting(conn, secret=IDENTITY.secret, now=bench.now)

    await bench.write(tell)


async def waiting(bench: Bench, message: int) -> int:
    def count(conn: Connection) -> int:
        mine = (Delivery.message_id == message, Delivery.status == Status.PENDING)
        return conn.scalar(select(func.count()).where(*mine)) or 0

    return int(await bench.database.read(count))


def sent_to(bench: Bench, domain: str) -> int:
    return sum(address.endswith(domain) for address in bench.emails.addresses)


async def test_only_the_domain_that_asked_waits_and_gets_its_portions(bench: Bench) -> None:
    bench.policy = Policy(window=5)
    await people(bench, gmail=4, others=6)
    first = await bench.launch(reach="email")
    await bench.work()
    await deferred_event(bench, first)
    second = await bench.launch(reach="email")

    await bench.work()
    assert (sent_to(bench, "@gmail.com"), sent_to(bench, "@example.net")) == (4, 12)
    assert await waiting(bench, second) == 4

    bench.now += timedelta(minutes=1)
    await bench.work()

    assert sent_to(bench, "@gmail.com") == 8
    assert await waiting(bench, second) == 0
    assert (await bench.progress(second)).equation.balanced
    assert await bench.counts_agree(second)


async def test_a_steep_gate_lets_few_through_a_minute(bench: Bench) -> None:
    await people(bench, gmail=7, others=1)

    def slow(conn: Connection) -> None:
        gate = insert(MailboxGate).values(
            mailbox="gmail.com", level=1, deferred_at=bench.now, opens_at=bench.now, left=2, code=""
        )
        conn.execute(gate)

    await bench.write(slow)
    message = await bench.launch(reach="email")
    await bench.work()

    assert (sent_to(bench, "@gmail.com"), await waiting(bench, message)) == (2, 5)
    bench.now += timedelta(minutes=1)
    await bench.work()
    assert sent_to(bench, "@gmail.com") == 7  # the whole portion of its step is more than five
    assert await bench.counts_agree(message)


async def test_no_turn_is_taken_while_only_closed_mailboxes_are_left(bench: Bench) -> None:
    """A batch that waits for a gate is looked at when it opens, and not again and again before."""
    await people(bench, gmail=3, others=0)
    message = await bench.launch(reach="email", undo_seconds=60)

    def slow(conn: Connection) -> None:
        mail_gates.note(conn, [("x@gmail.com", "421 4.7.28")], now=bench.now)

    bench.now += timedelta(seconds=60)
    await bench.write(slow)
    await bench.work()
    sender = bench.sender()

    assert await waiting(bench, message) == 3
    bench.now += timedelta(seconds=59)
    assert not await sender.next(0)
    bench.now += timedelta(seconds=1)
    assert await sender.next(0)


async def test_answers_pass_a_closed_gate(bench: Bench) -> None:
    await people(bench, gmail=1, others=0)

    def slow(conn: Connection) -> None:
        mail_gates.note(conn, [("x@gmail.com", "421 4.7.28")], now=bench.now)

    await bench.write(slow)
    await bench.launch(reach="email", kind="answer", priority=0)
    await bench.work()

    assert sent_to(bench, "@gmail.com") == 1


async def test_a_full_mailbox_slows_nobody_down(bench: Bench) -> None:
    await people(bench, gmail=2, others=0)
    first = await bench.launch(reach="email")
    await bench.work()

    await deferred_event(bench, first, "452 4.2.2 over quota")

    gates: list[Any] = await bench.database.read(
        lambda conn: mail_gates.in_force(conn, now=bench.now)
    )
    assert gates == []


async def test_a_mail_server_that_defers_one_recipient_slows_that_domain(bench: Bench) -> None:
    def answer(item: Outgoing) -> Outcome:
        if item.address.endswith("@gmail.com"):
            return NotSent("later", 1, deferral="451 4.7.1")
        return Accepted("x")

    bench.emails = ProviderInMemory(answer)
    await people(bench, gmail=2, others=2)
    message = await bench.launch(reach="email")
    await bench.work()
    bench.now += timedelta(seconds=30)
    await bench.work()

    assert sent_to(bench, "@gmail.com") == 2  # each once: its back-off is over, the gate is closed
    rows = await bench.rows(message, Channel.EMAIL)
    assert sum(row.status == Status.PENDING for row in rows) == 2
    bench.now += timedelta(seconds=40)
    await bench.work()
    assert sent_to(bench, "@gmail.com") == 4
