"""Who was to get a text alone, and whose text the claim leaves out, gets the email, once, if they may."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from alerts.halting import hold_back
from contacts.consent import refuse
from contacts.models import Address, Channel, Standing
from database.opening import Opened
from messages.eligibility import TEXTED
from messages.emailing_instead import INSTEAD
from messages.handing_over import families, hand_over_all
from messages.models import MessageStatus, Reach, Status
from tests.messages.test_promise import expand_in_batches
from tests.messages.test_sending import Bench


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


def say_stop(conn: Connection, contact_id: int, channel: Channel, now: datetime) -> None:
    mine = (Address.contact_id == contact_id, Address.channel == channel)
    address = conn.execute(select(Address.address).where(*mine)).scalar_one()
    said = {"source": "test", "evidence": "", "actor": "test"}
    refuse(conn, channel, address, standing=Standing.OPTED_OUT, **said, now=now)


async def hand_over(bench: Bench) -> int:
    return await hand_over_all(
        bench.database, bench.jobs, hold_back=hold_back, clock=lambda: bench.now
    )


async def emails(bench: Bench, message: int) -> list[tuple[Status, str]]:
    rows = await bench.rows(message, Channel.EMAIL)
    return [(Status(row.status), row.reason) for row in rows]


async def test_whose_text_is_left_out_at_the_claim_gets_the_email_once(bench: Bench) -> None:
    amina, _ben = await bench.contacts("Amina", "Ben")
    message = await bench.launch(reach=Reach.TEXT_FIRST)
    await expand_in_batches(bench, message, people=2)
    await bench.write(say_stop, amina, Channel.SMS, bench.now)

    await bench.work()
    noted = await emails(bench, message)
    done = (await bench.progress(message)).status
    given = [await hand_over(bench) for _ in range(2)]
    await bench.work()

    assert len(bench.texts.given) == 1
    assert noted == [(Status.SKIPPED, INSTEAD), (Status.SKIPPED, TEXTED)]
    assert done == MessageStatus.FINISHED
    assert given == [1, 0]
    assert await emails(bench, message) == [(Status.ACCEPTED, ""), (Status.SKIPPED, TEXTED)]
    assert len(bench.emails.given) == 1
    found = await bench.progress(message)
    assert found.equation.balanced
    assert found.status == MessageStatus.FINISHED
    assert await bench.database.read(families, now=bench.now) == []


async def test_who_may_not_be_emailed_either_gets_nothing(bench: Bench) -> None:
    [amina] = await bench.contacts("Amina")
    message = await bench.launch(reach=Reach.TEXT_FIRST)
    await expand_in_batches(bench, message, people=1)
    for channel in Channel:
        await bench.write(say_stop, amina, channel, bench.now)

    await bench.work()
    await hand_over(bench)
    await bench.work()

    assert await emails(bench, message) == [(Status.SKIPPED, Standing.OPTED_OUT)]
    assert bench.emails.given == bench.texts.given == []


async def test_where_everybody_gets_both_nothing_is_owed(bench: Bench) -> None:
    [amina] = await bench.contacts("Amina")
    message = await bench.launch(reach=Reach.BOTH)
    await expand_in_batches(bench, message, people=1)
    await bench.write(say_stop, amina, Channel.SMS, bench.now)

    await bench.work()

    assert await hand_over(bench) == 0
    assert len(bench.emails.given) == 1
