"""A new domain begins with few emails a day; what is over waits until tomorrow; Gmail's are counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, select

from contacts.models import Channel
from database.opening import Opened
from messages import complaints, control, volumes
from messages.models import Delivery, MessageStatus, Status
from messages.providers.provider import NotSent, Rejected
from messages.reach_models import MailDay, SenderDomain, SenderHold
from messages.sending import Policy
from messages.volumes import BULK, WarmUp
from tests.builders import make_contact
from tests.doubles import ProviderInMemory
from tests.messages.test_sending import Bench

SENDER = "Madison <news@madison.example.org>"
RULE = WarmUp(first_day=2)


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    bench = Bench(opened, now)
    bench.policy = Policy(window=3, warm_up=RULE)
    return bench


async def sent(bench: Bench) -> int:
    return len(bench.emails.addresses)


async def test_a_new_domain_doubles_each_day_and_holds_what_is_over(bench: Bench) -> None:
    names = [f"P{number}" for number in range(7)]
    await bench.contacts(*names, phone=None)
    message = await bench.launch(reach="email", email_sender=SENDER)

    by_day = []
    for _ in range(3):
        await bench.work()
        by_day.append(await sent(bench))
        bench.now += timedelta(days=1)

    assert by_day == [2, 6, 7]
    assert (await bench.progress(message)).equation.balanced
    assert await bench.counts_agree(message)


async def test_what_is_held_until_tomorrow_is_not_looked_at_today(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben", "Dario", phone=None)
    await bench.launch(reach="email", email_sender=SENDER)
    await bench.work()
    sender = bench.sender()

    bench.now += timedelta(hours=1)
    assert not await sender.next(0)


async def test_an_urgent_alert_does_not_wait_for_it(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben", "Dario", phone=None)

    await bench.launch(reach="email", email_sender=SENDER, urgent=True)
    await bench.work()

    assert await sent(bench) == 3


async def test_texts_do_not_wait_for_it(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben", "Dario")

    await bench.launch(email_sender=SENDER)
    await bench.work()

    assert (len(bench.texts.addresses), await sent(bench)) == (3, 2)


@pytest.mark.parametrize("warm_by", ["setting", "word"])
async def test_a_domain_that_is_known_has_no_warm_up(bench: Bench, warm_by: str) -> None:
    if warm_by == "setting":
        rule = WarmUp(first_day=2, warm=frozenset({"madison.example.org"}))
        bench.policy = Policy(window=3, warm_up=rule)
    else:
        row = {"domain": "madison.example.org", "warm": True, "findings": [], "change": ""}
        await bench.write(lambda conn: conn.execute(insert(SenderDomain).values(row)))
    await bench.contacts("Amina", "Ben", "Dario", phone=None)

    await bench.launch(reach="email", email_sender=SENDER)
    await bench.work()

    assert await sent(bench) == 3


async def test_only_what_may_have_left_counts(bench: Bench) -> None:
    """What was refused, or came back unsent, makes room for others."""
    bench.emails = ProviderInMemory(
        lambda item: Rejected("550") if item.address.startswith("ben") else NotSent("later", 3600)
    )
    await bench.contacts("Amina", "Ben", phone=None)
    message = await bench.launch(reach="email", email_sender=SENDER)
    await bench.work()

    found = await bench.database.read(volumes.today, SENDER, RULE, now=bench.now)
    assert (found.copies, found.left) == (0, 2)
    rows = await bench.rows(message, Channel.EMAIL)
    assert {row.status for row in rows} == {Status.FAILED, Status.PENDING}


async def test_gmail_counts_over_all_names_of_a_registered_domain(bench: Bench) -> None:
    bench.policy = Policy(window=3)

    def add(conn: Connection) -> None:
        for email in ("a@gmail.com", "b@googlemail.com", "c@example.net"):
            make_contact(conn, "P", phone=None, email=email)

    await bench.write(add)
    await bench.launch(reach="email", email_sender=SENDER)
    await bench.launch(reach="email", email_sender="news@bangor.example.org")
    await bench.work()

    found = await bench.database.read(volumes.to_gmail, now=bench.now)
    assert {name: each.today for name, each in found.items()} == {"example.org": 4}


def test_who_once_was_a_bulk_sender_stays_one(conn: Connection, now: datetime) -> None:
    day = now.date()
    rows = [
        {"domain": "a.example.org", "day": day - timedelta(days=9), "copies": BULK, "gmail": 3_000},
        {"domain": "b.example.org", "day": day - timedelta(days=9), "copies": BULK, "gmail": 2_000},
        {"domain": "a.example.org", "day": day, "copies": 10, "gmail": 10},
        {"domain": "example.net", "day": day, "copies": 4_100, "gmail": 4_100},
    ]
    conn.execute(insert(MailDay), rows)

    found = volumes.to_gmail(conn, now=now)

    old, new = found["example.org"], found["example.net"]
    assert (old.bulk, old.nearly, old.today, old.most) == (True, False, 10, BULK)
    assert (new.bulk, new.nearly) == (False, True)


def test_growth_ends_where_a_domain_is_known() -> None:
    rule = WarmUp(first_day=500)

    assert [rule.daily(days) for days in (0, 1, 2, 6, 7, 400)] == [
        500, 1_000, 2_000, 32_000, None, None,
    ]  # fmt: skip
    assert WarmUp().daily(0) is None


async def test_the_day_counts_agree_with_the_copies(bench: Bench) -> None:
    bench.policy = Policy(window=2)
    await bench.contacts("Amina", "Ben", "Chloe", "Dario", "Elena", phone=None)
    message = await bench.launch(reach="email", email_sender=SENDER)
    await bench.work()

    def compare(conn: Connection) -> tuple[int | None, int]:
        left = select(Delivery.id).where(Delivery.message_id == message, Delivery.attempt > 0)
        return conn.scalar(select(MailDay.copies)), len(conn.execute(left).all())

    assert await bench.database.read(compare) == (5, 5)


@pytest.mark.parametrize(("kind", "held"), [("campaign", True), ("alert", False)])
async def test_planned_mail_of_a_held_sender_pauses_and_alerts_do_not(
    bench: Bench, kind: str, *, held: bool
) -> None:
    bench.policy = Policy(window=3)
    await bench.contacts("Amina", phone=None)
    hold = {
        "domain": "madison.example.org",
        "complaints": 3,
        "delivered": 900,
        "at": bench.now,
        "ended_by": "",
    }
    await bench.write(lambda conn: conn.execute(insert(SenderHold).values(hold)))

    message = await bench.launch(reach="email", email_sender=SENDER, kind=kind)
    await bench.work()

    found = await bench.progress(message)
    assert (found.status == MessageStatus.PAUSED) == held
    assert await sent(bench) == int(not held)
    if not held:
        return
    await bench.write(complaints.let_go_on, "madison.example.org", by="organizer:1", now=bench.now)
    await bench.write(control.resume, bench.jobs, message, now=bench.now)
    await bench.work()
    assert await sent(bench) == 1
