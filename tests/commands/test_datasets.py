"""``llamado representatives``: from published files on a real web server to the right phones, or not at all."""

from __future__ import annotations

import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
from sqlalchemy import create_engine, func, select

from alerts import launching
from database.engine import driver_url
from representatives.models import Dataset, Seat, Tenure, Zip
from representatives.sources import COMMITTEES, DISTRICT_OFFICES, LEGISLATORS
from tests.alerts.drafting import HOUSE
from tests.alerts.test_naming import naming
from tests.representatives.publishing import EXAMPLES, RELATIONS, publish
from tests.representatives.test_published import PUBLISHED, beside
from tests.test_cli import Llamado

ROOT = Path(__file__).parents[2]
WHOLE = 41_637  # ZIPs of the published data, which has all of the invented ones


class Quiet(SimpleHTTPRequestHandler):
    """A web server that tells nobody."""

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The invented geography as its sources publish it, with the tables that only we keep."""
    folder = publish(tmp_path / "published")
    for table in ("seats.csv", "zips.csv"):
        shutil.copy(EXAMPLES / table, folder / table)
    return folder


@pytest.fixture
def site(published: Path) -> Iterator[str]:
    """A real web server with the published files."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(published))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def sources(site: str, *names: str) -> list[str]:
    every = names or (LEGISLATORS, DISTRICT_OFFICES, COMMITTEES, RELATIONS, "seats.csv", "zips.csv")
    return [part for name in every for part in ("--source", f"{site}/{name}")]


def change_phone(published: Path, phone: str) -> None:
    path = published / LEGISLATORS
    members = orjson.loads(path.read_bytes())
    members[1]["terms"][-1]["phone"] = phone
    path.write_bytes(orjson.dumps(members))


def test_an_update_shows_what_changes_takes_it_and_goes_back(
    llamado: Llamado,
    published: Path,
    site: str,
) -> None:
    first = llamado("representatives", "update", *sources(site))
    assert "nothing was on file before" in first.out
    change_phone(published, "202-555-7777")
    dry = llamado("representatives", "update", *sources(site), "--dry-run")
    unchanged = llamado("representatives", "update", *sources(site), "--dry-run", "--json").json
    taken = llamado("representatives", "update", *sources(site))
    back = llamado("representatives", "rollback")
    again = llamado("representatives", "update", *sources(site), "--dry-run", "--json").json

    assert (first.code, taken.code, back.code) == (0, 0, 0)
    assert "House IL-3: Blanca Birch (invented): +12025550101 → +12025557777" in dry.out
    assert "nothing was changed" in dry.out
    assert [each["what"] for each in unchanged["seats"]] == ["phone"]
    assert [each["what"] for each in again["seats"]] == ["phone"]
    assert {each["name"] for each in again["sources"]} >= {LEGISLATORS, RELATIONS}
    acts = llamado("audit", "list").out
    assert acts.count("representatives.load") == 2
    assert "representatives.rollback" in acts


def test_an_update_says_whom_it_touches_and_which_draft_is_wrong(
    llamado: Llamado, published: Path, site: str, tmp_path: Path, database_url: str
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("first_name,email,zip\nAmina,amina@example.org,53703\n", "utf-8")
    llamado("representatives", "update", *sources(site))
    llamado("contacts", "import", people, "--consent", "signed")
    path = published / LEGISLATORS
    members = orjson.loads(path.read_bytes())
    [encina] = [each for each in members if each["name"]["last"] == "Encina"]
    encina["terms"][-1]["phone"] = "202-555-7777"
    path.write_bytes(orjson.dumps(members))
    engine = create_engine(driver_url(database_url))
    with engine.begin() as conn:
        draft = launching.create(
            conn, naming("(202) 555-0130"), house=HOUSE, created_by="x", now=datetime.now(UTC)
        )
    engine.dispose()

    seen = llamado("representatives", "update", *sources(site), "--dry-run", "--json").json
    said = llamado("representatives", "update", *sources(site), "--dry-run")

    [change] = seen["seats"]
    assert (change["seat_id"], change["our_people"]) == ("us:house:WI:2", 1)
    assert [each["alert_id"] for each in seen["drafts"]] == [draft]
    assert f"(alert {draft}) says +12025550130" in said.out


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / LEGISLATORS).unlink(), "answered 404, not the file"),
        (lambda folder: (folder / LEGISLATORS).write_bytes(b"<html>"), "is not JSON"),
        (lambda folder: (folder / LEGISLATORS).write_bytes(b"[]"), "members.csv has no X000002"),
    ],
)
def test_a_bad_file_changes_nothing_and_is_told_in_a_sentence(
    llamado: Llamado,
    published: Path,
    site: str,
    database_url: str,
    spoil: object,
    told: str,
) -> None:
    llamado("representatives", "update", *sources(site))
    spoil(published)  # type: ignore[operator]

    said = llamado("representatives", "update", *sources(site))

    assert said.code == 1
    assert told in said.err
    assert "Traceback" not in said.err
    assert counted(database_url)[0] == 1


def test_nobody_answers(llamado: Llamado) -> None:
    said = llamado("representatives", "update", "--source", "http://127.0.0.1:9/members.csv")

    assert said.code == 1
    assert "cannot be fetched" in said.err


def test_a_snapshot_goes_from_one_installation_to_another(
    llamado: Llamado,
    site: str,
    tmp_path: Path,
) -> None:
    llamado("representatives", "update", *sources(site))
    file = tmp_path / "snapshot.tar.xz"

    written = llamado("representatives", "snapshot", file)
    dry = llamado("representatives", "update", "--source", file, "--dry-run")

    assert written.code == 0
    assert "nothing changes" in dry.out


def counted(url: str) -> tuple[int, int, int, int]:
    """Data sets, seats, sitting members and ZIPs."""
    engine = create_engine(driver_url(url))
    with engine.connect() as conn:
        sitting = select(func.count()).select_from(Tenure).where(Tenure.ended_on.is_(None))
        found = (
            conn.scalar(select(func.count()).select_from(Dataset)) or 0,
            conn.scalar(select(func.count()).select_from(Seat)) or 0,
            conn.scalar(sitting) or 0,
            conn.scalar(select(func.count()).select_from(Zip)) or 0,
        )
    engine.dispose()
    return found


@beside
def test_a_kill_during_an_update_leaves_the_old_data_whole_or_the_new(
    llamado: Llamado,
    database_url: str,
) -> None:
    llamado("representatives", "load", EXAMPLES)
    old = counted(database_url)
    process = updating(database_url)
    time.sleep(random.uniform(1, 6))
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert counted(database_url) in {old, (2, 541, 537, WHOLE)}


def updating(url: str) -> subprocess.Popen[bytes]:
    """An update to the whole country, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, ROOT / "cli.py", "representatives", "update", "--source", PUBLISHED],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LLAMADO_DATABASE__URL": url},
    )
