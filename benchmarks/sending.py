"""Our own sender, whole: claim, render, link, send, record, count; only the provider is a stub.

In real life an audience is written down during the undo minute, while nothing may leave yet. So it is
here: what is measured as sending begins when everybody has a row.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text, update

from benchmarks import bare
from benchmarks.figure import Figure
from benchmarks.population import populate
from benchmarks.stubbed import stubbed
from contacts.models import Channel
from database.engine import is_sqlite
from database.opening import Opened, opened, prepare
from messages import control
from messages.identity import Identity
from messages.models import Batch, Message, MessageCount, MessageStatus, Reach, Status
from messages.providers.provider import Provider
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.providers.twilio import Twilio, TwilioAccount
from messages.sending import Policy, Sender
from tests.builders import make_message

IDENTITY = Identity(
    network="Sister Cities",
    postal_address="1 Example Street, Madison WI 53703",
    public_url="https://call.example.org",
    secret="s" * 64,
)
BARE = 20_000  # requests of the bare loop
BARE_TEXTS = "a bare aiohttp loop on uvloop, body ready, no database"
BARE_EMAILS = "the same with one email a request"
LATER = timedelta(hours=1)
TEXTS = {500: 0.65, 100: 0.50}  # window: share of the bare loop to reach
EMAILS = {500: 6.0, 1000: 6.0}  # people a request: times the bare loop
WRITTEN_SECONDS, FIRST_SECONDS = 15, 1
FALL = 0.85  # of the rate at the beginning that is left at the end


async def texts(url: str, folder: Path, *, people: int) -> list[Figure]:
    """Texts a second, at two window sizes, as a share of a bare loop's."""
    async with _ready(url, people) as stub:
        ideal = await bare.texts(stub, BARE)
        return [
            Figure(
                what=f"texts, windows of {window}",
                reach=f"≥ {share:.2f} of it",
                **await _beside(url, stub, Reach.SMS, people, window, ideal, share),
                baseline_what=BARE_TEXTS,
            )
            for window, share in TEXTS.items()
        ]


async def emails(url: str, folder: Path, *, people: int) -> list[Figure]:
    """People emailed a second, each with their own text, as a multiple of a bare loop's."""
    async with _ready(url, people) as stub:
        ideal = await bare.emails(stub, BARE)
        return [
            Figure(
                what=f"emails, windows of {window}",
                reach=f"≥ {times:.0f} times it",
                **await _beside(url, stub, Reach.EMAIL, people, window, ideal, times),
                baseline_what=BARE_EMAILS,
            )
            for window, times in EMAILS.items()
        ]


async def _beside(
    url: str, stub: str, reach: Reach, people: int, window: int, ideal: float, share: float
) -> dict[str, Any]:
    """A rate and whether it is that share of the ideal one."""
    rate = await _rate(url, stub, reach, people, window=window)
    return {
        "database": _name(url),
        "value": rate,
        "unit": "a second",
        "baseline": ideal,
        "reached": rate / ideal >= share,
    }


async def launch(url: str, folder: Path, *, people: int) -> list[Figure]:
    """From the click to the first copy that has left, and until everybody has a row."""
    async with _ready(url, people) as stub, _sending(url, stub, window=500) as here:
        plain = await here.database.write(_copy_plainly)
        started = time.perf_counter()
        message_id = await here.database.write(_launch, here, Reach.SMS, timedelta())
        await _until(here, _any_left, message_id)
        first = time.perf_counter() - started
        await here.database.write(control.stop, message_id, now=datetime.now(UTC))
        await _until(here, _expanded, message_id)  # everybody has a row of a stopped one too
        started = time.perf_counter()
        message_id = await here.database.write(_launch, here, Reach.SMS, LATER)
        await _until(here, _expanded, message_id)
        written = time.perf_counter() - started
    least = people / 1_000_000 * WRITTEN_SECONDS
    plainly = "INSERT … SELECT of the same addresses, nothing else"
    return [
        Figure(
            f"writing {people:,} deliveries",
            _name(url),
            written,
            "s",
            plain,
            plainly,
            f"≤ {WRITTEN_SECONDS} s a million",
            written <= least,
        ),
        Figure(
            "launch until the first has left",
            _name(url),
            first,
            "s",
            plain,
            plainly,
            f"≤ {FIRST_SECONDS} s",
            first <= FIRST_SECONDS,
        ),
    ]


async def endurance(url: str, folder: Path, *, people: int) -> list[Figure]:
    """Whether a large message is slower at its end than at its beginning."""
    part = people // 10
    async with _ready(url, people) as stub:
        times = await _times(url, stub, [part, people - part, people])
    early, late = part / times[0], part / (times[2] - times[1])
    return [
        Figure(
            what=f"texts, the last {part:,} of {people:,}",
            database=_name(url),
            value=late,
            unit="a second",
            baseline=early,
            baseline_what=f"the first {part:,}",
            reach=f"≥ {FALL} of it",
            reached=late / early >= FALL,
        )
    ]


@asynccontextmanager
async def _ready(url: str, people: int) -> AsyncIterator[str]:
    await asyncio.to_thread(populate, url, people)
    with stubbed() as stub:
        yield stub


@asynccontextmanager
async def _sending(url: str, stub: str, *, window: int) -> AsyncIterator[Opened]:
    """A sender at work, and the database it works on."""
    providers: dict[Channel, Provider] = {
        Channel.SMS: Twilio(TwilioAccount("AC", "AC", "token", IDENTITY.public_url, stub, 50)),
        Channel.EMAIL: SendGrid(SendGridAccount("SG.key", stub, together=window)),
    }
    async with opened(prepare(url)) as here:
        sender = Sender(here.database, here.jobs, providers, IDENTITY, Policy(window=window))
        await sender.start()
        sending = asyncio.create_task(sender.run())
        try:
            yield here
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            await sender.drain()
            for provider in providers.values():
                await provider.close()


async def _rate(url: str, stub: str, reach: Reach, people: int, *, window: int) -> float:
    """Copies a second, from when they may leave until all of them are with the provider."""
    async with _sending(url, stub, window=window) as here:
        message_id = await here.database.write(_launch, here, reach, LATER)
        await _until(here, _expanded, message_id)
        await here.database.write(_checkpoint)
        started = time.perf_counter()
        await here.database.write(_let_go, here, message_id)
        await _until(here, _finished, message_id)
        return people / (time.perf_counter() - started)


async def _times(url: str, stub: str, marks: list[int]) -> list[float]:
    """Seconds until so many copies are with the provider."""
    times = []
    async with _sending(url, stub, window=500) as here:
        message_id = await here.database.write(_launch, here, Reach.SMS, LATER)
        await _until(here, _expanded, message_id)
        started = time.perf_counter()
        await here.database.write(_let_go, here, message_id)
        for mark in marks:
            while await here.database.read(_left, message_id) < mark:
                await asyncio.sleep(0.02)
            times.append(time.perf_counter() - started)
    return times


def _launch(conn: Connection, here: Opened, reach: Reach, undo: timedelta) -> int:
    number = make_message(conn, reach=reach)
    people = conn.execute(text("SELECT count(*) FROM contacts")).scalar_one()
    control.queue(
        conn,
        here.jobs,
        number,
        confirmed=people,
        launched_by="benchmark",
        undo_seconds=int(undo.total_seconds()),
        now=datetime.now(UTC),
    )
    return number


def _let_go(conn: Connection, here: Opened, message_id: int) -> None:
    """Let the undo time be over."""
    now = datetime.now(UTC)
    conn.execute(update(Message).where(Message.id == message_id).values(starts_at=now))
    conn.execute(update(Batch).where(Batch.message_id == message_id).values(next_at=now))
    here.jobs.enqueue(conn, "look", 0)


def _checkpoint(conn: Connection) -> None:
    """Begin as after a quiet minute, with statistics of the new rows."""
    conn.execute(text("ANALYZE deliveries"))


def _copy_plainly(conn: Connection) -> float:
    """Seconds of the least that writing everybody down could take."""
    copied = "SELECT id, contact_id, channel, address FROM addresses WHERE channel = 'sms'"
    conn.execute(
        text("CREATE TABLE plain (id BIGINT, contact_id BIGINT, channel TEXT, address TEXT)")
    )
    started = time.perf_counter()
    conn.execute(text(f"INSERT INTO plain {copied}"))
    return time.perf_counter() - started


async def _until(
    here: Opened, happened: Callable[[Connection, int], bool], message_id: int
) -> None:
    while not await here.database.read(happened, message_id):
        await asyncio.sleep(0.02)


def _expanded(conn: Connection, message_id: int) -> bool:
    found = conn.scalar(select(Message.expanded_at).where(Message.id == message_id))
    return found is not None


def _finished(conn: Connection, message_id: int) -> bool:
    status = conn.scalar(select(Message.status).where(Message.id == message_id))
    return status == MessageStatus.FINISHED


def _left(conn: Connection, message_id: int) -> int:
    taken = select(func.coalesce(func.sum(MessageCount.count), 0)).where(
        MessageCount.message_id == message_id, MessageCount.status == Status.ACCEPTED
    )
    return int(conn.execute(taken).scalar_one())


def _any_left(conn: Connection, message_id: int) -> bool:
    return _left(conn, message_id) > 0


def _name(url: str) -> str:
    return "SQLite" if is_sqlite(url) else "PostgreSQL"
