"""The whole journey on real-looking input: a messy export in, an alert out through Twilio and
SendGrid that misbehave, people who say STOP meanwhile, and a service killed half-way.
"""

from __future__ import annotations

import csv
import lzma
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.crash import checker
from tests.flows.people import Crowd, write_export
from tests.processes import ROOT, FakeProviders, House, free_port, wait_until

INVENTED = ROOT / "representatives" / "examples"
REFERENCE = ROOT.parent / "shared" / "data" / "targets"  # reference data beside the project
IN_FLIGHT = 2.0  # seconds in which a text that was already leaving may still arrive after STOP


@pytest.fixture
def targets() -> Path:
    return REFERENCE if REFERENCE.exists() else INVENTED


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return House(tmp_path, database_url, port=free_port())


@pytest.fixture
def fake(tmp_path: Path, house: House) -> Iterator[FakeProviders]:
    providers = FakeProviders(
        tmp_path,
        callback_base=house.url,
        fault_rate=0.06,
        seed=7,
        duplicates=0.2,
        shuffled=0.3,
        early_callbacks=0.2,
        undelivered=0.03,
        bounced=0.02,
        hang_seconds=1,
        slow_seconds=0.2,
    )
    house.use(providers)
    yield providers
    providers.stop()


def zips_of(folder: Path) -> list[str]:
    packed, plain = folder / "zips.csv.xz", folder / "zips.csv"
    with lzma.open(packed, "rt") if packed.exists() else plain.open() as source:
        return [row["zip"] for row in csv.DictReader(source)]


@pytest.mark.crash
@pytest.mark.long
def test_nobody_is_written_to_twice_nor_lost_when_the_service_is_killed_half_way(
    house: House, fake: FakeProviders, targets: Path, tmp_path: Path
) -> None:
    crowd = write_export(tmp_path / "export.csv", zips=zips_of(targets))
    report = prepare(house, targets, tmp_path / "export.csv")
    service = house.serve()
    alert = house.ask("alert", "launch", str(ROOT / "alerts/examples/suchitoto-14.toml"), "--yes")

    def accepted() -> int:
        return int(fake.ask("state")["accepted"])

    wait_until("a third is sent", lambda: accepted() >= alert["people"] // 3, within=240)
    stopping = some_phones(fake, tmp_path / "export.csv")
    for number, phone in enumerate(stopping):
        assert fake.reply(phone, ("STOP", "ALTO", " parar. ", "Alto!")[number % 4]) in (200, 204)
    wait_until("half is sent", lambda: accepted() >= alert["people"], within=240)
    service.kill()
    service = house.serve()
    status = settled(house, alert["alert"])
    fake.ask("drain", seconds=30)
    wait_until("receipts are applied", lambda: waiting_events(house) == 0)
    assert service.stop() == 0

    journal = checker.read_journal(fake.journal)
    ledger = checker.read_ledger(house.database_url)
    assert checker.wrong_at_the_end(ledger, journal) == []
    assert status["equation"]["balanced"]
    assert written_after_stop(journal, ledger) == []
    assert_import_adds_up(report, crowd)
    written_to = {entry["to"] for entry in journal if entry["kind"] == "accepted"}
    assert not crowd.stopped & written_to


def prepare(house: House, targets: Path, export: Path) -> Any:
    """What an organizer does before the day: migrate, load, import."""
    house.run("migrate")
    house.run("representatives", "load", str(targets))
    house.run("project", "add", "Madison – Arcatao", "--us-state", "WI", "--shares-list")
    slug = house.ask("project", "list")[0]["slug"]
    consent = "signed the sheet at our May assembly"
    return house.ask("contacts", "import", str(export), "--project", slug, "--consent", consent)


def some_phones(fake: FakeProviders, export: Path) -> list[str]:
    """Forty who have their text already and forty who do not have it yet."""
    texted = {
        entry["to"]
        for entry in checker.read_journal(fake.journal)
        if entry["kind"] == "accepted" and entry["provider"] == "twilio"
    }
    with export.open(encoding="utf-8-sig", newline="") as source:
        typed = [row["can2_phone"] for row in csv.DictReader(source)]
    digits = ["".join(filter(str.isdigit, phone)) for phone in typed]
    known = [f"+1{each[-10:]}" for each in digits if len(each) in (10, 11)]
    later = [phone for phone in dict.fromkeys(known) if phone not in texted]
    return sorted(texted)[:40] + later[-40:]


def settled(house: House, alert_id: int) -> Any:
    """The alert's account once nothing waits and nothing is on the wire."""

    def over() -> bool:
        equation = house.ask("alert", "status", str(alert_id))["equation"]
        return not (equation["waiting"] or equation["sending"] or equation["held"])

    wait_until("everybody is accounted for", over, within=240)
    return house.ask("alert", "status", str(alert_id))


def waiting_events(house: House) -> int:
    count: int = checker.query(
        house.database_url, "SELECT count(*) FROM events WHERE applied_at IS NULL"
    )[0][0][0]
    return count


def written_after_stop(journal: Sequence[Mapping[str, Any]], ledger: checker.Ledger) -> list[str]:
    """Copies of the alert to phones that had said stop; the one confirmation is another message."""
    heard = {
        entry["to"]: datetime.fromisoformat(entry["at"])
        for entry in reversed(journal)
        if entry["kind"] == "reply_heard"
    }
    alert = Counter(copy.message_id for copy in ledger.copies.values()).most_common(1)[0][0]
    return [
        f"delivery {entry['delivery_id']} left after STOP"
        for entry in journal
        if entry["kind"] == "accepted"
        and entry["to"] in heard
        and ledger.copies[entry["delivery_id"]].message_id == alert
        and (datetime.fromisoformat(entry["at"]) - heard[entry["to"]]).total_seconds() > IN_FLIGHT
    ]


def assert_import_adds_up(report: Mapping[str, Any], crowd: Crowd) -> None:
    """Every row became something, and most of them people."""
    assert report["rows"] == crowd.rows
    parts = ("created", "updated", "unchanged", "merged", "refused_rows")
    assert sum(report[part] for part in parts) == crowd.rows
    assert report["created"] > 0.9 * crowd.rows
