"""Our own sender, whole: expand, claim, render, send, record, count; only the provider is a stub."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from contacts.models import Channel
from database.opening import opened, prepare
from messages import control
from messages.composing import Identity
from messages.models import Message, MessageStatus, Reach
from messages.providers.provider import Provider
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.providers.twilio import Twilio, TwilioAccount
from messages.sending import Policy, Sender
from tests.builders import make_contact, make_message

IDENTITY = Identity(
    network="Sister Cities",
    postal_address="1 Example Street, Madison WI 53703",
    public_url="https://call.example.org",
    secret="s" * 64,
)


async def send(url: str, stub: str, *, reach: Reach, people: int) -> float:
    """Seconds from the launch until everybody is with the provider."""
    async with opened(prepare(url)) as here:
        await here.database.write(_fill, people)
        providers: dict[Channel, Provider] = {
            Channel.SMS: Twilio(TwilioAccount("AC", "AC", "token", IDENTITY.public_url, stub, 50)),
            Channel.EMAIL: SendGrid(SendGridAccount("SG.key", stub)),
        }
        policy = Policy(window=500)
        sender = Sender(here.database, here.jobs, providers, IDENTITY, policy)
        await sender.start()
        sending = asyncio.create_task(sender.run())

        def launch(conn: Connection) -> int:
            number = make_message(conn, reach=reach)
            control.queue(
                conn,
                here.jobs,
                number,
                confirmed=people,
                launched_by="benchmark",
                undo_seconds=0,
                now=datetime.now(UTC),
            )
            return number

        started = time.perf_counter()
        message_id = await here.database.write(launch)
        while not await here.database.read(_finished, message_id):  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - started
        sending.cancel()
        await asyncio.wait([sending])
        await sender.drain()
        for provider in providers.values():
            await provider.close()
        return seconds


def _fill(conn: Connection, people: int) -> None:
    for number in range(people):
        make_contact(conn, language=("en", "es")[number % 2])


def _finished(conn: Connection, message_id: int) -> bool:
    status = conn.scalar(select(Message.status).where(Message.id == message_id))
    return status == MessageStatus.FINISHED
