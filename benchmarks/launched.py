"""A whole installation in processes of its own, with a signed-in organizer, that sends to everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from aiohttp import ClientSession
from sqlalchemy import Connection, Engine, create_engine, select

from benchmarks.population import populate
from benchmarks.stubbed import stubbed
from database.embedded import open_engine
from database.engine import is_sqlite
from messages.models import MessageCount, MessageStatus, Reach, Status
from organizers import sessions
from tests.builders import make_alert, make_organizer
from tests.processes import House, Running, free_port

STARTING_SECONDS = 120


class NeverLeft(Exception):
    """No copy left within two minutes of the launch."""


@dataclass(frozen=True)
class Launched:
    """A service that is up, and what its organizer may do."""

    house: House
    database_url: str
    processes: list[Running]
    browser: ClientSession
    paused_alert: int

    async def launch(self, people: int) -> int:
        """Launch an alert to everybody; return its id once copies are leaving."""
        alert = await asyncio.to_thread(self._write, people)
        for _ in range(STARTING_SECONDS * 10):
            if await asyncio.to_thread(self.gone_out, alert[1]):
                return alert[0]
            await asyncio.sleep(0.1)
        raise NeverLeft(NeverLeft.__doc__)

    def gone_out(self, message_id: int) -> int:
        """How many copies of a message the provider has."""
        taken = select(MessageCount.count).where(
            MessageCount.message_id == message_id,
            MessageCount.status.between(Status.ACCEPTED, Status.DELIVERED),
        )
        with _engine(self.database_url).connect() as conn:
            return sum(conn.scalars(taken))

    def memory(self) -> float:
        """Megabytes that the processes hold together."""
        return sum(psutil.Process(each.pid).memory_info().rss for each in self.processes) / 1e6

    def _write(self, people: int) -> tuple[int, int]:
        now = datetime.now(UTC)
        with _engine(self.database_url).begin() as conn:
            made = make_alert(
                conn, reach=Reach.SMS, confirmed=people, launched_at=now, starts_at=now
            )
        return made.alert_id, made.message_id


@asynccontextmanager
async def launched(url: str, folder: Path, *, people: int) -> AsyncIterator[Launched]:
    """Fill the database, start everything; on PostgreSQL the sender is a process of its own."""
    await asyncio.to_thread(populate, url, people)
    with _engine(url).begin() as conn:
        token, paused = _prepare(conn)
    roles = ["all"] if is_sqlite(url) else ["web", "sender"]
    with ExitStack() as stack:
        house = House(folder, url, port=free_port())
        house.settings |= _accounts(stack.enter_context(stubbed()))
        processes = [await asyncio.to_thread(house.serve, role) for role in roles]
        for each in processes:
            stack.callback(each.kill)
        async with ClientSession(house.url, headers={"Cookie": f"llamado={token}"}) as browser:
            yield Launched(house, url, processes, browser, paused)


def _prepare(conn: Connection) -> tuple[str, int]:
    now = datetime.now(UTC)
    token = sessions.begin(conn, make_organizer(conn, network=True), now)
    return token, make_alert(conn, status=MessageStatus.PAUSED).alert_id


def _engine(url: str) -> Engine:
    return open_engine(url) if is_sqlite(url) else create_engine(url)


def _accounts(stub: str) -> dict[str, str]:
    return {
        "LLAMADO_TWILIO__ACCOUNT_SID": "AC" + "0" * 32,
        "LLAMADO_TWILIO__AUTH_TOKEN": "fake-auth-token",
        "LLAMADO_TWILIO__FROM_NUMBER": "+16085550100",
        "LLAMADO_TWILIO__API_BASE": stub,
        "LLAMADO_SENDING__SMS_SEGMENTS_PER_SECOND": "10000",
    }
