"""I13: when a request arrives at the provider, its claim is already there for others to read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from contacts.models import Channel
from database.opening import Opened
from messages import control
from messages.identity import Identity
from messages.models import Message
from messages.providers.provider import Provider
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.providers.twilio import Twilio, TwilioAccount
from messages.sending import Policy, Sender
from tests.builders import make_contact, make_message
from tests.crash import checker
from tests.fakes import provider
from tests.fakes.journal import Entry, Journal

PEOPLE = 60
IDENTITY = Identity("Sister Cities", "1 Example Street", "https://call.example.org", "s" * 64)


class Witness(Journal):
    """Looks, over a connection of its own, at the row of each copy in the moment it arrives."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.seen = 0
        self.wrong: list[str] = []

    def append_all(self, kind: str, many: Iterable[Mapping[str, Any]]) -> list[Entry]:
        entries = super().append_all(kind, many)
        copies = checker.read_ledger(self._url).copies
        for entry in entries if kind == "accepted" else []:
            copy = copies[entry["delivery_id"]]
            self.seen += 1
            if (copy.status, copy.attempt) != (checker.SENDING, entry["attempt"]):
                self.wrong.append(f"delivery {copy.id} stood at {copy.status}")
        return entries


async def test_a_claim_is_durable_before_its_request_arrives(opened: Opened) -> None:
    witness = Witness(opened.url)
    async with provider.running() as fake:
        fake.twilio.journal = fake.sendgrid.journal = witness
        account = TwilioAccount(
            "AC" + "0" * 32, "AC", fake.options.twilio_token, IDENTITY.public_url, fake.url
        )
        ways: dict[Channel, Provider] = {
            Channel.SMS: Twilio(account),
            Channel.EMAIL: SendGrid(SendGridAccount(fake.options.sendgrid_api_key, fake.url)),
        }
        sender = Sender(opened.database, opened.jobs, ways, IDENTITY, Policy(window=10))
        message_id = await opened.database.write(launch, opened)

        running = asyncio.create_task(sender.run())
        async with asyncio.timeout(60):
            while not await opened.database.read(finished, message_id):  # noqa: ASYNC110 - rows tell nobody
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait([running])
        for way in ways.values():
            await way.close()

    assert witness.seen == 2 * PEOPLE
    assert witness.wrong == []


def launch(conn: Connection, here: Opened) -> int:
    for _ in range(PEOPLE):
        make_contact(conn)
    message_id = make_message(conn)
    control.queue(
        conn,
        here.jobs,
        message_id,
        confirmed=PEOPLE,
        launched_by="test",
        undo_seconds=0,
        now=datetime.now(UTC),
    )
    return message_id


def finished(conn: Connection, message_id: int) -> bool:
    return conn.scalar(select(Message.finished_at).where(Message.id == message_id)) is not None
