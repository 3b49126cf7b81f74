"""Two senders on one PostgreSQL, as on two machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import checker
from tests.processes import ROOT, FakeProviders, House, Running, free_port, wait_until

PEOPLE = 1200
HEADINGS = "first_name,email,can2_phone,zip_code,language\n"


@pytest.fixture
def house(tmp_path: Path, postgres_url: str) -> House:
    return House(tmp_path, postgres_url, port=free_port())


@pytest.fixture
def fake(tmp_path: Path, house: House) -> Iterator[FakeProviders]:
    providers = FakeProviders(
        tmp_path, callback_base=house.url, seed=3, fault_rate=0.02, hang_seconds=1
    )
    house.use(providers)
    yield providers
    providers.stop()


@pytest.mark.postgres
@pytest.mark.crash
@pytest.mark.long
def test_two_senders_share_the_work_and_do_none_of_it_twice(
    house: House, fake: FakeProviders, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text(HEADINGS + "".join(line(number) for number in range(PEOPLE)))
    house.run("representatives", "load", str(ROOT / "representatives" / "examples"))
    house.run("contacts", "import", str(people), "--consent", "signed at the assembly")
    processes = [house.serve("web"), house.serve("sender"), house.serve("sender")]
    alert = house.ask("alert", "launch", str(ROOT / "alerts/examples/suchitoto-14.toml"), "--yes")
    assert alert["senders"] == 2

    seen: dict[int, str] = {}
    wait_until("everybody is accounted for", lambda: nobody_waits(house, seen), within=240)
    fake.ask("drain", seconds=30)
    stopped(processes)

    ledger, journal = checker.read_ledger(house.database_url), checker.read_journal(fake.journal)
    shares = Counter(seen.values())
    assert checker.wrong_at_the_end(ledger, journal) == []
    assert len(shares) == 2
    assert min(shares.values()) > PEOPLE // 10


def nobody_waits(house: House, seen: dict[int, str]) -> bool:
    """Look who holds which copy just now; a copy's owner is forgotten once its fate is known."""
    sending, unexpanded, waiting = checker.query(
        house.database_url,
        f"SELECT id, owner FROM deliveries WHERE status = {checker.SENDING}",
        "SELECT 1 FROM messages WHERE expanded_at IS NULL",
        f"SELECT 1 FROM deliveries WHERE status = {checker.PENDING} LIMIT 1",
    )
    seen.update(sending)
    return not (sending or unexpanded or waiting)


def line(number: int) -> str:
    language = ("en", "es")[number % 2]
    return f"Amina,amina{number}@example.org,608-2{number // 100:02}-{2000 + number},53703,{language}\n"


def stopped(processes: list[Running]) -> None:
    for process in reversed(processes):
        assert process.stop() == 0
