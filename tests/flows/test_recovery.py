"""A sender dies, or is frozen, in the middle of a window: another takes over in the lease's time.

The ledger itself tells how long that took: every copy says until when its lease ran, and when it was
given up. The invariant is the lease and five seconds; ``LLAMADO_TEST_SLACK_SECONDS`` adds to it where
a machine is too slow to run two senders at all.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import make_people
from tests.crash import checker
from tests.processes import ROOT, FakeProviders, House, Running, free_port, wait_until

PEOPLE = 120
AFTER = timedelta(seconds=5 + float(os.environ.get("LLAMADO_TEST_SLACK_SECONDS", "5")))


@pytest.fixture
def house(tmp_path: Path, postgres_url: str) -> House:
    make_people(postgres_url, PEOPLE)
    made = House(tmp_path, postgres_url, port=free_port())
    made.settings["LLAMADO_SENDING__BATCH"] = "20"
    return made


@pytest.fixture
def fake(tmp_path: Path, house: House) -> Iterator[FakeProviders]:
    """A provider that takes its time, so that a kill falls into a window."""
    providers = FakeProviders(tmp_path, callback_base=house.url, slow_seconds=2)
    house.use(providers)
    providers.ask("faults", script=["slow"] * 10_000)
    yield providers
    providers.stop()


@pytest.mark.postgres
@pytest.mark.crash
@pytest.mark.long
@pytest.mark.parametrize(("senders", "how"), [(3, signal.SIGKILL), (2, signal.SIGSTOP)])
def test_what_a_sender_held_is_given_up_when_its_lease_is_over(
    house: House, fake: FakeProviders, senders: int, how: signal.Signals
) -> None:
    machines = [start(house, number) for number in range(senders)]
    house.ask("alert", "launch", str(ROOT / "alerts/examples/suchitoto-14.toml"), "--yes")
    victim = first_to_send(house, machines)
    os.kill(victim.pid, how)
    lost = held_by(house, victim)

    wait_until("it is given up", lambda: not held_by(house, victim), within=90)
    given_up = unknown(house)
    if how is signal.SIGSTOP:
        os.kill(victim.pid, signal.SIGCONT)  # it wakes to find that what it held is not its own
    else:
        machines.remove(victim)
        victim.kill()
    wait_until("everybody is accounted for", lambda: nobody_waits(house), within=180)
    fake.ask("drain", seconds=30)
    for machine in machines:
        assert machine.stop() == 0, machine.said[-2000:]

    ledger, journal = checker.read_ledger(house.database_url), checker.read_journal(fake.journal)
    late = [at - until for _, until, at in given_up if at - until > AFTER]
    assert late == []
    assert {number for number, *_ in given_up} & lost
    assert checker.wrong_at_the_end(ledger, journal) == []


def start(house: House, number: int) -> Running:
    """A sender on a machine of its own: it knows nothing of its neighbours' processes."""
    house.settings["LLAMADO_SENDING__STATE_FOLDER"] = f"state-{number}"
    return house.serve("sender")


def first_to_send(house: House, machines: list[Running]) -> Running:
    """The sender that has copies on the wire, whichever came first."""
    sending: list[Running] = []

    def looked() -> bool:
        sending[:] = [machine for machine in machines if held_by(house, machine)]
        return bool(sending)

    wait_until("somebody sends", looked, within=90)
    return sending[0]


def held_by(house: House, machine: Running) -> set[int]:
    """The copies that this sender has on the wire, as the ledger knows."""
    held = f"SELECT id FROM deliveries WHERE status = {checker.SENDING}"
    rows = checker.query(house.database_url, f"{held} AND owner LIKE '%:{machine.pid}:%'")[0]
    return {row[0] for row in rows}


def unknown(house: House) -> list[tuple[int, datetime, datetime]]:
    """Copies whose sender died: which, until when its lease ran, when it was given up."""
    found = "SELECT id, lease_until, changed_at FROM deliveries WHERE reason = 'sender_died'"
    return [tuple(row) for row in checker.query(house.database_url, found)[0]]


def nobody_waits(house: House) -> bool:
    return not any(
        checker.query(
            house.database_url,
            f"SELECT 1 FROM deliveries WHERE status IN ({checker.PENDING}, {checker.SENDING}) LIMIT 1",
            "SELECT 1 FROM messages WHERE expanded_at IS NULL",
        )
    )
