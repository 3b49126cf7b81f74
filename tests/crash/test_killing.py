"""SIGKILL at any instant: nobody is written to twice, nobody is lost.

Each run prints its seed; ``pytest tests/crash --crash-seed SEED --kills N`` repeats its choices.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from database.embedded import open_engine
from database.engine import is_sqlite
from database.opening import opened, prepare
from messages import control
from tests.builders import make_contact
from tests.crash import checker
from tests.processes import ROOT, FakeProviders, House, Running, free_port, wait_until

PEOPLE = 400
BETWEEN = 60  # at most so many copies are let out between two kills
WINDOW = 25  # copies claimed at once: with four batches, the most a kill leaves unknown is 100
ZONES = ("America/New_York", "America/Chicago")


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--kills"))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    given: int | None = request.config.getoption("--crash-seed")
    seed = secrets.randbelow(1_000_000) if given is None else given
    print(f"repeat with: --crash-seed {seed}")  # noqa: T201 - shown when the test fails
    return random.Random(seed)


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    made = House(tmp_path, database_url, port=free_port())
    made.settings["LLAMADO_SENDING__BATCH"] = str(WINDOW)
    fill(database_url, PEOPLE)
    return made


@pytest.fixture
def fake(tmp_path: Path, house: House, chance: random.Random) -> Iterator[FakeProviders]:
    providers = FakeProviders(
        tmp_path,
        callback_base=house.url,
        seed=chance.randrange(1000),
        fault_rate=0.06,
        duplicates=0.2,
        shuffled=0.3,
        early_callbacks=0.2,
        undelivered=0.03,
        hang_seconds=1,
        slow_seconds=0.3,
    )
    house.use(providers)
    yield providers
    providers.stop()


def fill(url: str, people: int) -> None:
    """A network of invented people."""
    engine = open_engine(url) if is_sqlite(url) else create_engine(url)
    with engine.begin() as conn:
        for _ in range(people):
            make_contact(conn, zones=ZONES)
    engine.dispose()


class Senders:
    """The processes of an installation: one on SQLite; a web process and two senders on PostgreSQL."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._many = not is_sqlite(house.database_url)
        self._web = [house.serve("web")] if self._many else []
        self._sending: list[Running] = []
        self.start_missing()

    def start_missing(self) -> None:
        """Bring up who is dead; lift the pause that repeated crashes cause, as a person would."""
        while len(self._sending) < (2 if self._many else 1):
            self._sending.append(self._house.serve("sender" if self._many else "all"))
        asyncio.run(resume_all(self._house.database_url))

    def kill_one(self, chance: random.Random) -> None:
        """SIGKILL a sender. Nobody waits out its lease: it is dead for certain."""
        victim = self._sending.pop(chance.randrange(len(self._sending)))
        victim.kill()
        if self._many:
            end_leases(self._house.database_url, victim.pid)

    def stop(self) -> None:
        """End all of them as a deploy would."""
        for process in [*self._sending, *self._web]:
            assert process.stop() == 0, process.said[-2000:]


async def resume_all(url: str) -> None:
    async with opened(prepare(url)) as here:

        def unit(conn: Connection) -> None:
            for (number,) in paused(url):
                control.resume(conn, here.jobs, number, now=datetime.now(UTC))

        await here.database.write(unit)


def paused(url: str) -> list[tuple[int]]:
    return checker.query(url, "SELECT id FROM messages WHERE status = 'paused'")[0]


def end_leases(url: str, pid: int) -> None:
    engine = create_engine(url)
    with closing(engine.raw_connection()) as conn, closing(conn.cursor()) as cursor:
        for table in ("batches", "deliveries"):
            cursor.execute(
                f"UPDATE {table} SET lease_until = now() - interval '1 second'"
                f" WHERE owner LIKE '%:{pid}:%'"
            )
        conn.commit()
    engine.dispose()


@pytest.mark.crash
def test_no_kill_doubles_or_loses_anybody(
    house: House, fake: FakeProviders, chance: random.Random, kills: int
) -> None:
    senders = Senders(house)
    before = checker.read_ledger(house.database_url)

    for _ in range(kills):
        let_some_leave(house, fake, chance)
        senders.kill_one(chance)
        # The journal first: another sender lives, and what it is about to send is not yet claimed.
        journal = checker.read_journal(fake.journal)
        after = checker.read_ledger(house.database_url)
        assert checker.always_wrong(after, journal) == []
        assert checker.gone_backwards(before, after) == []
        before = after
        senders.start_missing()

    wait_until("everybody is accounted for", lambda: nobody_waits(house), within=300)
    fake.ask("drain", seconds=30)
    wait_until("all receipts are applied", lambda: settled(house))
    senders.stop()
    ledger, journal = checker.read_ledger(house.database_url), checker.read_journal(fake.journal)
    print(f"{kills} kills:", checker.account(ledger, journal))  # noqa: T201 - part of the report
    assert checker.wrong_at_the_end(ledger, journal) == []
    assert checker.gone_backwards(before, ledger) == []


def let_some_leave(house: House, fake: FakeProviders, chance: random.Random) -> None:
    """Go on until a few more copies are out, and then a moment that hits any point of a window."""
    if nobody_waits(house):
        house.ask("alert", "launch", str(ROOT / "alerts/examples/suchitoto-14.toml"), "--yes")
    wanted = fake.ask("state")["accepted"] + chance.randrange(1, BETWEEN)
    wait_until(
        "some leave",
        lambda: fake.ask("state")["accepted"] >= wanted or nobody_waits(house),
        within=120,
    )
    time.sleep(chance.random() * 0.2)


def nobody_waits(house: House) -> bool:
    return not any(
        checker.query(
            house.database_url,
            f"SELECT 1 FROM deliveries WHERE status IN ({checker.PENDING}, {checker.SENDING}) LIMIT 1",
            "SELECT 1 FROM messages WHERE expanded_at IS NULL",
        )
    )


def settled(house: House) -> bool:
    return nobody_waits(house) and not any(
        checker.query(house.database_url, "SELECT 1 FROM events WHERE applied_at IS NULL LIMIT 1")
    )
