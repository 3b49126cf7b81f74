"""A service that lives through a year: planned mail and its sending, by a clock that it is handed.

    python -m tests.crash.year_process URL LOG

Each line on its input is an instant; it does what is due then, and answers with a line. What reaches the
provider is appended to the log, with the time on the clock, before the provider answers.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaigns.sweeping import sweep
from contacts.models import Channel
from database.opening import opened
from messages.house import HouseRules
from messages.identity import Identity
from messages.providers.provider import Accepted, Outcome, Outgoing, Text
from messages.sending import Policy, Sender
from tests.doubles import NoJobs

HOUSE = HouseRules(
    identity=Identity(
        network="Sister Cities",
        postal_address="1 Example Street, Madison WI 53703",
        public_url="https://llamado.example.org",
        secret="0123456789abcdef" * 4,
        email_sender="news@example.org",
    )
)


class Wall:
    """The clock on the wall, which the test sets."""

    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self, _conn: object = None) -> datetime:
        return self.now


class Ledger:
    """A provider that writes down who got what, before it answers."""

    name = "ledger"
    window = 500
    bulk = False

    def __init__(self, log: Path, clock: Wall) -> None:
        self._file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._clock = clock

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        for item in items:
            subject = "" if isinstance(item, Text) else item.words.subject[0]
            said = [item.ticket.delivery_id, item.address, self._clock().isoformat(), subject]
            os.write(self._file, (json.dumps(said) + "\n").encode())
        return [Accepted(f"M{item.ticket.delivery_id}") for item in items]

    async def close(self) -> None:
        os.close(self._file)


async def live(url: str, log: Path) -> None:
    clock = Wall()
    loop = asyncio.get_running_loop()
    async with opened(url) as here:
        sender: Sender | None = None
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            clock.now = datetime.fromisoformat(line.strip())
            if sender is None:
                policy = Policy(unclean_starts=0, answer_time=timedelta(seconds=5))
                providers = {Channel.EMAIL: Ledger(log, clock)}
                identity = HOUSE.identity
                sender = Sender(here.database, NoJobs(), providers, identity, policy, clock=clock)
                await sender.start()
            await sweep(here.database, NoJobs(), house=HOUSE, clock=clock)
            await sender.housekeeping()
            while await sender.next(0):
                continue
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(live(sys.argv[1], Path(sys.argv[2])))
