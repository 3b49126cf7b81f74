"""A pause and a wish for less hold in the count before a launch, in the expansion and in the claim."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from contacts.preferences import PAUSED, URGENT_ONLY, Preferences, prefer
from database.opening import Opened
from messages.audience import EVERYBODY
from messages.eligibility import Terms
from messages.expanding import expand_chunk
from messages.forecast import foresee
from messages.models import Delivery, MessageKind, Reach, Status
from tests.messages.test_sending import Bench


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


async def fates(bench: Bench) -> set[tuple[int, int, str]]:
    def read(conn: Connection) -> set[tuple[int, int, str]]:
        rows = select(Delivery.contact_id, Delivery.status, Delivery.reason)
        found = conn.execute(rows.where(Delivery.channel == "sms"))
        return {(row.contact_id or 0, row.status, row.reason) for row in found}

    return await bench.database.read(read)


async def test_who_pauses_is_counted_as_paused_and_gets_no_copy(bench: Bench) -> None:
    amina, ben = await bench.contacts("Amina", "Ben")
    today = bench.now.date()
    await bench.write(prefer, amina, Preferences(paused_until=today + timedelta(days=1)))
    terms = Terms(reach=Reach.SMS, scopes=("network",), today=today)

    seen = await bench.database.read(foresee, EVERYBODY, terms, hours=None, now=bench.now)
    await bench.launch()
    await bench.work()

    assert [(each.reason, each.count) for each in seen.fates if each.reason] == [(PAUSED, 1)]
    found = await fates(bench)
    assert (amina, Status.SKIPPED, PAUSED) in found
    assert [status for contact, status, _ in found if contact == ben] != [Status.SKIPPED]


async def test_a_pause_ends_on_its_day_by_itself(bench: Bench) -> None:
    amina, _ben = await bench.contacts("Amina", "Ben")
    await bench.write(prefer, amina, Preferences(paused_until=bench.now.date()))

    await bench.launch()
    await bench.work()

    assert PAUSED not in {reason for _, _, reason in await fates(bench)}


async def test_a_pause_after_the_launch_holds_for_what_is_not_claimed_yet(bench: Bench) -> None:
    amina, _ben = await bench.contacts("Amina", "Ben")
    message = await bench.launch()
    await bench.write(expand_chunk, bench.jobs, message, now=bench.now)
    tomorrow = bench.now.date() + timedelta(days=1)
    await bench.write(prefer, amina, Preferences(paused_until=tomorrow))

    await bench.work()

    assert (amina, Status.SKIPPED, PAUSED) in await fates(bench)
    assert await bench.counts_agree(message)


@pytest.mark.parametrize(
    ("kind", "reason"), [(MessageKind.ALERT, ""), (MessageKind.CAMPAIGN, URGENT_ONLY)]
)
async def test_who_wants_urgent_actions_only_gets_no_campaign(
    bench: Bench, kind: MessageKind, reason: str
) -> None:
    (amina,) = await bench.contacts("Amina")
    await bench.write(prefer, amina, Preferences(urgent_only=True))
    terms = Terms(reach=Reach.SMS, scopes=("network",), kind=kind, today=bench.now.date())

    seen = await bench.database.read(foresee, EVERYBODY, terms, hours=None, now=bench.now)

    assert [each.reason for each in seen.fates] == [reason]
