"""Emails through a real mail server on this machine, and what comes back of them, until everything is known.

    python -m benchmarks.mail [--people 50000] [--postgres]

The server (aiosmtpd, ``tests/fakes/relay.py``) is a process of its own and shares the cores. It refuses some
addresses at once, and sends bounces, complaints, late reports, absences and forgeries to a Maildir, which our
collector reads while the rest is still leaving. Afterwards every row is held against what each address must
have come to.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib
import uvloop
from sqlalchemy import Connection, select

import logs
from benchmarks.figure import Figure
from benchmarks.population import populate
from benchmarks.sending import IDENTITY, LATER, _expanded, _finished, _launch, _let_go, _name
from contacts.models import AddressStanding, Channel, Standing
from database.opening import Opened, opened, prepare
from messages.collecting import Collector
from messages.mail_addresses import OwnMailbox
from messages.mail_sources import lately
from messages.mailroom import Desk
from messages.models import Delivery, MessageCount, Reach, Reply, Status
from messages.providers.maildir import Maildir
from messages.providers.outbox import Outbox
from messages.providers.provider import Inbound, Provider
from messages.providers.smtp import SMTP, Relay, Security
from messages.providers.smtp_mail import write
from messages.sending import Policy, Sender
from tests.databases import SQLiteFiles, postgres_server
from tests.fakes.outgoing import make_email
from tests.fakes.relay import RAW, Fate, deliver_late, fate_of, relaying

HOUSE = replace(IDENTITY, mailbox=OwnMailbox("mail@in.example.org", "bounces@in.example.org"))
BARE = 4_000  # emails of the bare loop
CONNECTIONS = 8
BARE_EMAILS = "aiosmtplib alone, as many connections, the bytes ready, no database"
SHARE = 0.35


@dataclass(frozen=True)
class Course:
    """How it went."""

    people: int
    seconds: float  # from the first that may leave until all are with the mail server
    bare: float  # emails a second of the bare loop
    statuses: Mapping[Status, int]  # what the rows say
    kept: Mapping[Status, int]  # what the kept counts say
    wrong: list[str]  # addresses whose fate is not what it must be, by what is wrong
    refused: Mapping[str, set[str]]  # addresses by standing
    mails: Mapping[str, int]  # what came back, by kind
    replies: int

    @property
    def rate(self) -> float:
        return self.people / self.seconds


ENDS = {
    Fate.ARRIVES: Status.ACCEPTED,
    Fate.REFUSED: Status.FAILED,
    Fate.GONE: Status.UNDELIVERED,
    Fate.FULL: Status.UNDELIVERED,
    Fate.LATE: Status.ACCEPTED,
    Fate.SPAM: Status.ACCEPTED,
    Fate.AWAY: Status.ACCEPTED,
    Fate.FORGED: Status.ACCEPTED,
}


async def emails(url: str, folder: Path, *, people: int) -> list[Figure]:
    """Emails a second through a mail server, beside its client alone."""
    ran = await course(url, folder, people=people)
    if ran.wrong:
        raise AssertionError(ran.wrong[:10])
    return [
        Figure(
            what=f"emails by SMTP, {CONNECTIONS} connections, bounces coming back",
            database=_name(url),
            value=ran.rate,
            unit="a second",
            baseline=ran.bare,
            baseline_what=BARE_EMAILS,
            reach=f"≥ {SHARE} of it",
            reached=ran.rate / ran.bare >= SHARE,
        )
    ]


async def course(url: str, folder: Path, *, people: int, bare: int = BARE) -> Course:
    """Send to everybody, take in what comes back, and hold all of it against what must be."""
    await asyncio.to_thread(populate, url, people)
    with relaying(folder) as port:
        ideal = await _bare(port, bare)
        async with opened(prepare(url)) as here:
            seconds, message_id = await _through(here, port, folder)
            return await here.database.read(_looked_at, message_id, people, seconds, ideal)


async def _bare(port: int, emails: int) -> float:
    written = [
        write(make_email(number, address=f"person{number}@{RAW}")).content
        for number in range(emails)
    ]
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for lane in range(CONNECTIONS):
            group.create_task(_send(port, written[lane::CONNECTIONS]))
    return emails / (time.perf_counter() - started)


async def _send(port: int, contents: list[bytes]) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
    await client.connect()
    for content in contents:
        await client.sendmail("us@example.org", [f"person@{RAW}"], content)
    await client.quit()


async def _through(here: Opened, port: int, folder: Path) -> tuple[float, int]:
    """Let everybody's copy leave while mail is collected; then collect what is left."""
    relay = Relay("127.0.0.1", port, Security.NONE, connections=CONNECTIONS)
    providers: dict[Channel, Provider] = {Channel.EMAIL: SMTP(relay), Channel.SMS: Outbox(_keep)}
    sender = Sender(here.database, here.jobs, providers, HOUSE, Policy(window=500))
    collector = Collector(
        here.database,
        Maildir(folder / "Maildir"),
        Desk(HOUSE.secret, frozenset(), _hear),
        "bench",
        lambda: datetime.now(UTC),
    )
    await sender.start()
    sending = asyncio.create_task(sender.run())
    try:
        message_id = await here.database.write(_launch, here, Reach.EMAIL, LATER)
        while not await here.database.read(_expanded, message_id):
            await asyncio.sleep(0.05)
        started = time.perf_counter()
        await here.database.write(_let_go, here, message_id)
        while not await here.database.read(_finished, message_id):
            await collector.collect()
            await asyncio.sleep(0.5)
        seconds = time.perf_counter() - started
    finally:
        sending.cancel()
        await asyncio.wait([sending])
        await sender.drain()
        for provider in providers.values():
            await provider.close()
    deliver_late(folder)
    while await collector.collect():
        continue
    return seconds, message_id


async def _keep(_: object) -> None:
    raise AssertionError("no text is sent here")


def _hear(conn: Connection, inbound: Inbound, now: datetime) -> None:
    raise AssertionError("nobody wrote")


def _looked_at(
    conn: Connection, message_id: int, people: int, seconds: float, ideal: float
) -> Course:
    mine = Delivery.message_id == message_id
    rows = conn.execute(select(Delivery.address, Delivery.status).where(mine)).all()
    counted = select(MessageCount.status, MessageCount.count).where(
        MessageCount.message_id == message_id
    )
    kept: Counter[Status] = Counter()
    for status, count in conn.execute(counted):
        kept[Status(status)] += count
    refused = _refused(conn)
    return Course(
        people=people,
        seconds=seconds,
        bare=ideal,
        statuses=Counter(Status(row.status) for row in rows),
        kept=+kept,
        wrong=_wrong([(row.address, Status(row.status)) for row in rows], refused),
        refused=refused,
        mails=lately(conn, now=datetime.now(UTC)),
        replies=len(conn.execute(select(Reply.id)).all()),
    )


def _refused(conn: Connection) -> dict[str, set[str]]:
    columns = select(AddressStanding.address, AddressStanding.standing)
    theirs = columns.where(AddressStanding.channel == Channel.EMAIL)
    found: dict[str, set[str]] = {}
    for address, standing in conn.execute(theirs):
        if standing != Standing.GRANTED:
            found.setdefault(standing, set()).add(address)
    return found


def _wrong(rows: list[tuple[str, Status]], refused: Mapping[str, set[str]]) -> list[str]:
    """Every address that came to something else than it must, once for each thing."""
    fates = {address: fate_of(address) for address, _ in rows}
    wrong = [
        f"{address}: {status.name}, {fates[address]}"
        for address, status in rows
        if status != ENDS[fates[address]]
    ]
    due = {
        Standing.BOUNCED.value: {a for a, f in fates.items() if f in (Fate.REFUSED, Fate.GONE)},
        Standing.COMPLAINED.value: {a for a, f in fates.items() if f is Fate.SPAM},
    }
    for standing in {*due, *refused}:
        differing = due.get(standing, set()) ^ refused.get(standing, set())
        wrong += [f"{address}: {standing}" for address in sorted(differing)]
    return wrong


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--people", type=int, default=50_000)
    asked.add_argument("--postgres", action="store_true")
    options = asked.parse_args()
    logs.configure("error")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="llamado-mail-")))
        files = stack.enter_context(postgres_server()) if options.postgres else SQLiteFiles(folder)
        url = files.make()
        ran = uvloop.run(course(url, folder, people=options.people))
    print(f"{ran.people:,} emails in {ran.seconds:.0f} s: {ran.rate:.0f} a second;")
    print(f"  {BARE_EMAILS}: {ran.bare:.0f}; ratio {ran.rate / ran.bare:.2f}")
    print("  rows:", {status.name: count for status, count in sorted(ran.statuses.items())})
    print("  kept:", {status.name: count for status, count in sorted(ran.kept.items())})
    print("  came back:", dict(ran.mails))
    print("  refused:", {standing: len(those) for standing, those in ran.refused.items()})
    print("  wrong:", len(ran.wrong), ran.wrong[:5])


if __name__ == "__main__":
    main()
