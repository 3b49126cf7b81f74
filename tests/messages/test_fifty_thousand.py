"""Fifty thousand emails through a SendGrid that bounces and hears complaints: everybody is accounted for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from benchmarks.population import populate
from contacts.models import AddressStanding, Channel, Standing
from database.opening import Opened
from messages import complaints, counts, links, receipts
from messages.models import Delivery, MessageStatus, Status
from messages.providers.provider import Provider, Trouble
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.reach_models import MailDay, MailTrouble
from messages.receipts import RECEIPT, RawEvent
from messages.sending import Policy, Sender
from tests.fakes import provider
from tests.fakes.provider import FakeProvider, Options
from tests.messages.test_sending import IDENTITY, Bench

pytestmark = pytest.mark.long
PEOPLE = 50_000
HARD, BLOCKED, DEFERRED = 50, 80, 200  # one in so many
COMPLAINTS = 5


@pytest.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with provider.running(Options()) as running:
        yield running


def events_of(copies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What becomes of each: most arrive, some never will."""
    told = []
    for number, copy in enumerate(copies):
        marks = {"email": copy["to"], "timestamp": 1_795_400_000, **copy["custom_args"]}
        if number % DEFERRED == 0:
            told.append(
                {**marks, "event": "deferred", "response": "452 4.2.2 full", "attempt": "1"}
            )
        if number % HARD == 1:
            told.append({**marks, "event": "bounce", "type": "bounce", "status": "5.1.1"})
        elif number % BLOCKED == 2:
            told.append({**marks, "event": "bounce", "type": "blocked", "status": "5.7.1"})
        else:
            told.append({**marks, "event": "delivered"})
    return told


def raw(events: list[dict[str, Any]]) -> list[RawEvent]:
    return [RawEvent("sendgrid", f"{each['d']}:{each['event']}", RECEIPT, each) for each in events]


async def test_fifty_thousand_emails_balance_and_complaints_pause(
    opened: Opened, database_url: str, now: datetime, fake: FakeProvider
) -> None:
    populate(database_url, PEOPLE)
    bench = Bench(opened, now)
    account = SendGridAccount(fake.options.sendgrid_api_key, fake.url, together=1000)
    emails = SendGrid(account)
    providers: dict[Channel, Provider] = {Channel.SMS: bench.texts, Channel.EMAIL: emails}
    sender = Sender(
        bench.database, bench.jobs, providers, IDENTITY, Policy(), clock=lambda _conn: bench.now
    )
    message = await bench.launch(reach="email")
    await bench.work(sender)
    await emails.close()
    copies = fake.sendgrid.mails
    expected = len(copies)

    events = raw(events_of(copies))
    for start in range(0, len(events), 500):
        some = events[start : start + 500]
        await bench.write(receipts.take_in, some, secret=IDENTITY.secret, now=bench.now)

    assert expected > 0.9 * PEOPLE
    found = await bench.progress(message)
    assert found.equation.balanced
    assert await bench.counts_agree(message)
    assert len({copy["to"] for copy in copies}) == expected  # nobody twice

    def stand(conn: Connection) -> dict[str, int]:
        bounced = select(func.count()).where(AddressStanding.standing == Standing.BOUNCED.value)
        kinds = select(MailTrouble.kind, func.count()).group_by(MailTrouble.kind)
        days = select(func.sum(MailDay.copies))
        rows = dict(conn.execute(kinds).all())
        return {**rows, "bounced": conn.scalar(bounced) or 0, "day": int(conn.scalar(days) or 0)}

    hard = sum(number % HARD == 1 for number in range(expected))
    soft = sum(number % HARD != 1 and number % BLOCKED == 2 for number in range(expected))
    assert await bench.database.read(stand) == {
        Trouble.HARD.value: hard,
        Trouble.SOFT.value: soft,
        "bounced": hard,
        "day": expected,
    }


async def test_a_message_on_its_way_pauses_at_three_in_a_thousand(
    opened: Opened, database_url: str, now: datetime
) -> None:
    """The last copies are still to leave when too many of the first have complained."""
    populate(database_url, 3_000)
    bench = Bench(opened, now)
    message = await bench.launch(reach="email")
    sender = bench.sender()
    for _ in range(3):
        await sender.next(0)

    def complain(conn: Connection) -> None:
        left = (Delivery.message_id == message, Delivery.status == Status.ACCEPTED)
        rows = conn.execute(
            select(Delivery.id, Delivery.attempt, Delivery.address).where(*left)
        ).all()
        marks = [
            {
                "email": row.address,
                "d": str(row.id),
                "a": str(row.attempt),
                "k": links.receipt_token(IDENTITY.secret, row.id, row.attempt),
            }
            for row in rows
        ]
        arrived = raw([{**each, "event": "delivered"} for each in marks])
        receipts.take_in(conn, arrived, secret=IDENTITY.secret, now=bench.now)
        too_many = max(complaints.LEAST, int(len(rows) * 0.004) + 1)
        spam = raw([{**each, "event": "spamreport"} for each in marks[:too_many]])
        receipts.take_in(conn, spam, secret=IDENTITY.secret, now=bench.now)

    await bench.write(complain)
    before = len(bench.emails.addresses)
    await bench.work(sender)

    found = await bench.progress(message)
    assert found.status == MessageStatus.PAUSED
    assert "marked it as spam" in found.paused_because
    assert 0 < before < 3_000
    assert len(bench.emails.addresses) == before
    assert found.equation.balanced
    assert await bench.database.read(
        lambda conn: counts.kept(conn, [message]) == counts.counted(conn, message)
    )
