"""No text is claimed that its budget does not pay for, whoever sends beside us."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, select

from database.opening import Opened
from messages import budgets, control
from messages.budgets import Tariff, dollars
from messages.control import NotNow
from messages.models import MessageKind, MessageStatus
from messages.providers.provider import NotSent, Outcome, Outgoing, Rejected, Unknown
from messages.sender_models import Spending
from messages.sending import Policy
from tests.messages.test_sending import Bench

CENT = Tariff(Decimal(1))  # a segment costs a cent


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    bench = Bench(opened, now)
    bench.policy = Policy(window=3, tariff=CENT)
    return bench


async def texted(bench: Bench, people: int, **values: Any) -> int:
    """A message that is launched to so many people, by text."""
    await bench.contacts(*["Amina"] * people, email=None)
    return await bench.launch(reach="sms", texts=SHORT, **values)


async def spent(bench: Bench, message_id: int) -> int:
    return int(await bench.database.read(budgets.spent, message_id))


async def raised(bench: Bench, message_id: int, cents: int) -> None:
    await bench.write(control.set_budget, bench.jobs, message_id, cents, now=bench.now)


SHORT = {"en": {"sms": "Call today: {{ link }}", "subject": "", "body": ""}}


async def test_a_message_pauses_when_its_budget_is_spent_and_says_so(bench: Bench) -> None:
    message = await texted(bench, 10, budget_cents=7)

    await bench.work()

    found = await bench.progress(message)
    assert len(bench.texts.given) == 7
    assert found.status == MessageStatus.PAUSED
    assert found.paused_because.startswith("The budget of $0.07 for this message is spent")
    assert (found.equation.sent, found.equation.waiting) == (7, 3)
    assert found.equation.balanced
    assert await bench.counts_agree(message)


async def test_a_raised_budget_lets_it_go_on(bench: Bench) -> None:
    message = await texted(bench, 10, budget_cents=7)
    await bench.work()

    await raised(bench, message, 10)
    await bench.work()

    assert len(bench.texts.given) == 10
    assert (await bench.progress(message)).status == MessageStatus.FINISHED
    assert await spent(bench, message) == 10


async def test_a_budget_that_is_just_enough_pauses_nothing(bench: Bench) -> None:
    message = await texted(bench, 6, budget_cents=6)

    await bench.work()

    assert (await bench.progress(message)).status == MessageStatus.FINISHED


async def test_to_go_on_without_a_raise_sends_nothing(bench: Bench) -> None:
    message = await texted(bench, 4, budget_cents=2)
    await bench.work()

    await bench.write(control.resume, bench.jobs, message, now=bench.now)
    await bench.work()

    assert len(bench.texts.given) == 2
    assert (await bench.progress(message)).status == MessageStatus.PAUSED


async def test_a_raise_leaves_alone_what_a_person_paused(bench: Bench) -> None:
    message = await texted(bench, 4, budget_cents=2)
    await bench.write(control.pause, message)

    await raised(bench, message, 100)

    assert (await bench.progress(message)).status == MessageStatus.PAUSED


async def test_what_has_ended_takes_no_money(bench: Bench) -> None:
    message = await texted(bench, 1, budget_cents=2)
    await bench.work()

    with pytest.raises(NotNow, match="nothing to pay for"):
        await raised(bench, message, 100)


async def test_senders_beside_each_other_never_spend_the_same_money(bench: Bench) -> None:
    message = await texted(bench, 40, budget_cents=25)
    senders = [bench.sender() for _ in range(4)]

    await asyncio.gather(*(bench.work(sender) for sender in senders))

    assert len(bench.texts.given) == 25
    assert await spent(bench, message) == 25
    assert (await bench.progress(message)).status == MessageStatus.PAUSED


async def test_all_messages_of_a_day_share_a_budget(bench: Bench) -> None:
    bench.policy = Policy(window=3, tariff=Tariff(Decimal(1), daily_cents=5))
    first = await texted(bench, 4)
    second = await bench.launch(reach="sms", texts=SHORT)
    await bench.work()

    paused = [each for each in (first, second) if (await bench.progress(each)).status == "paused"]
    assert len(bench.texts.given) == 5
    assert len(paused) == 1
    assert "$0.05 for the texts of one day" in (await bench.progress(paused[0])).paused_because

    bench.now += timedelta(days=1)
    await bench.write(control.resume, bench.jobs, paused[0], now=bench.now)
    await bench.work()
    assert len(bench.texts.given) == 8


@pytest.mark.parametrize(
    ("outcome", "cost"),
    [(Unknown("timeout"), 3), (Rejected("21211"), 0), (NotSent("429", 60.0), 0)],
)
async def test_only_what_may_have_left_is_paid_for(
    bench: Bench, outcome: Outcome, cost: int
) -> None:
    def answer(_item: Outgoing) -> Outcome:
        return outcome

    bench.texts._answer = answer  # noqa: SLF001 - our own double
    message = await texted(bench, 3, budget_cents=100)

    await bench.work()

    assert await spent(bench, message) == cost


async def test_what_a_text_really_took_is_corrected(bench: Bench) -> None:
    message = await texted(bench, 6, budget_cents=100, segments=4)

    await bench.work()

    assert await spent(bench, message) == 6


async def test_emails_and_free_texts_are_not_limited(bench: Bench) -> None:
    await bench.contacts(*["Ben"] * 4)
    message = await bench.launch(budget_cents=2)
    bench.policy = Policy(window=3)  # nobody has said what a segment costs

    await bench.work()

    assert (len(bench.texts.given), len(bench.emails.given)) == (4, 4)
    assert await spent(bench, message) == 0


async def test_an_answer_leaves_though_the_day_is_spent(bench: Bench, now: datetime) -> None:
    bench.policy = Policy(window=3, tariff=Tariff(Decimal(1), daily_cents=1))
    await texted(bench, 2)
    await bench.work()
    message = await bench.launch(reach="sms", texts=SHORT, kind=MessageKind.REPLY, priority=0)

    await bench.work()

    assert (await bench.progress(message)).equation.sent == 2

    def days(conn: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in conn.execute(select(Spending.account, Spending.segments))]

    assert await bench.database.read(days) == [(f"day:{now:%Y-%m-%d}", 1)]


async def test_a_message_without_a_budget_keeps_no_account(bench: Bench) -> None:
    await texted(bench, 4)

    await bench.work()

    def accounts(conn: Connection) -> list[str]:
        return list(conn.scalars(select(Spending.account)))

    assert await bench.database.read(accounts) == []


async def test_a_budget_of_less_than_a_text_sends_none(bench: Bench) -> None:
    message = await texted(bench, 2, budget_cents=1, segments=2)

    await bench.work()

    assert bench.texts.given == []
    assert (await bench.progress(message)).status == MessageStatus.PAUSED


async def test_a_stop_while_the_budget_is_spent_calls_off_the_rest(bench: Bench) -> None:
    message = await texted(bench, 4, budget_cents=2)
    await bench.work()

    await bench.write(control.stop, message, now=bench.now)

    found = await bench.progress(message)
    assert (found.equation.sent, found.equation.stopped) == (2, 2)
    assert found.equation.balanced


@pytest.mark.parametrize(
    ("cents", "words"),
    [(5_000, "$50"), (1_250, "$12.50"), (7, "$0.07"), (123_456_700, "$1,234,567")],
)
def test_money_is_written_as_people_do(cents: int, words: str) -> None:
    assert dollars(cents) == words
