"""Stopping, undoing and expiring a very large message: at once for the claim, in slices for the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, create_engine

from contacts.models import Channel
from database.embedded import open_engine
from database.engine import is_sqlite
from database.opening import Opened
from messages import control
from messages.models import MessageStatus
from messages.sending import Policy
from tests.messages.test_promise import expand_in_batches, meanwhile
from tests.messages.test_sending import Bench


@pytest.fixture
def bench(opened: Opened, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Five copies are very many here."""
    monkeypatch.setattr(control, "AT_ONCE", 5)
    return Bench(opened, now)


@pytest.fixture
def engine(opened: Opened) -> Iterator[Engine]:
    made = open_engine(opened.url) if is_sqlite(opened.url) else create_engine(opened.url)
    yield made
    made.dispose()


async def test_a_large_message_that_is_stopped_sends_nothing_more_and_balances(
    bench: Bench,
) -> None:
    await bench.contacts(*(f"Amina{number}" for number in range(12)))
    bench.policy = Policy(window=3, pace={Channel.SMS: 1.0})
    message = await bench.launch(reach="sms")
    await expand_in_batches(bench, message, people=4)
    await bench.work()
    sent = len(bench.texts.given)

    called_off = await bench.write(control.stop, message, now=bench.now)
    between = await bench.progress(message)
    bench.now += timedelta(seconds=1)
    await bench.work()

    after = await bench.progress(message)
    assert (sent, called_off) == (1, 11)
    assert (between.status, between.equation.calling_off) == (MessageStatus.STOPPED, 11)
    assert between.equation.waiting == between.equation.held == 0
    assert between.equation.balanced
    assert (after.equation.stopped, after.equation.calling_off) == (11, 0)
    assert after.equation.balanced
    assert len(bench.texts.given) == sent
    assert await bench.counts_agree(message)


async def test_what_waited_for_the_morning_is_called_off_now(bench: Bench) -> None:
    await bench.contacts(*(f"Amina{number}" for number in range(12)))
    message = await bench.launch(reach="sms", undo_seconds=3600)
    await bench.work()

    await bench.write(control.undo, message, now=bench.now)
    await bench.work()

    found = await bench.progress(message)
    assert (found.equation.stopped, found.equation.calling_off) == (12, 0)
    assert bench.texts.given == []


async def test_an_expired_large_message_is_called_off_too(bench: Bench) -> None:
    await bench.contacts(*(f"Amina{number}" for number in range(12)))
    expires = bench.now + timedelta(hours=1)
    message = await bench.launch(reach="sms", undo_seconds=1800, expires_at=expires)
    await bench.work()

    bench.now += timedelta(hours=2)
    await bench.sender().housekeeping()
    await bench.work()

    found = await bench.progress(message)
    assert (found.status, found.equation.expired) == (MessageStatus.EXPIRED, 12)
    assert found.equation.balanced
    assert bench.texts.given == []


async def test_a_claim_and_a_stop_at_once_leave_no_copy_in_between(
    bench: Bench, engine: Engine
) -> None:
    await bench.contacts(*(f"Amina{number}" for number in range(12)))
    message = await bench.launch(reach="sms")
    await expand_in_batches(bench, message, people=4)

    def stop(conn: Connection) -> None:
        control.stop(conn, message, now=bench.now)

    sender = bench.sender()
    taken = await bench.database.write(sender._take_most_urgent)  # noqa: SLF001 - between two commits
    assert taken is not None
    await meanwhile(
        engine,
        stop,
        lambda conn: sender._step(conn, taken.key, [], claim=True) and None,  # noqa: SLF001 - between two commits
    )
    await bench.work()

    found = await bench.progress(message)
    assert found.equation.stopped == 12
    assert found.equation.sending == found.equation.sent == 0
