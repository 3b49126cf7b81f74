"""Time zone data that is missing, or older than the zones in our rows: a refusal or a hold, never a guess."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from contacts.models import Channel
from database.opening import Opened
from messages import control
from messages.identity import Identity
from messages.models import Delivery, Reach
from messages.sending import Policy, Sender
from tests.builders import make_contact, make_message
from tests.doubles import NoJobs, ProviderInMemory
from tests.processes import ROOT

NOON = datetime(2026, 11, 19, 18, 0, tzinfo=UTC)  # in Chicago
HOURS = {"opens": "10:00", "closes": "20:00", "sunday_opens": "12:00"}
IDENTITY = Identity("Sister Cities", "1 Example Street", "https://call.example.org", "s" * 64)
WITHOUT = (
    "import sys; sys.modules['tzdata'] = None; import cli; sys.argv[0] = 'llamado'; cli.main()"
)


@pytest.mark.long
def test_without_time_zone_data_the_start_is_refused_with_a_sentence(tmp_path: Path) -> None:
    database = {"LLAMADO_DATABASE__URL": f"sqlite:///{tmp_path}/llamado.db"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "serve"],
        env={**os.environ, **database, "PYTHONPATH": str(ROOT), "PYTHONTZPATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    said = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert "install the package tzdata" in said
    assert "Traceback" not in said


async def test_zone_that_this_machine_does_not_know_holds_its_people_and_nobody_else(
    opened: Opened,
) -> None:
    texts = ProviderInMemory()
    ways = {Channel.SMS: texts, Channel.EMAIL: ProviderInMemory()}
    sender = Sender(opened.database, NoJobs(), ways, IDENTITY, Policy(), clock=lambda _conn: NOON)
    await opened.database.write(launch)

    while await sender.next(0):
        continue

    assert texts.addresses == ["+16085550111"]
    assert await opened.database.read(waiting) == ["+16085550122"]


def launch(conn: Connection) -> None:
    make_contact(conn, phone="+16085550111", email=None)
    make_contact(conn, phone="+16085550122", email=None, zones=["America/Atlantis"])
    message_id = make_message(conn, reach=Reach.SMS, hours=HOURS)
    control.queue(
        conn,
        NoJobs(),
        message_id,
        confirmed=2,
        launched_by="test",
        undo_seconds=0,
        now=NOON,
    )


def waiting(conn: Connection) -> list[str]:
    held = select(Delivery.address).where(Delivery.status == 0)
    return [address for address in conn.scalars(held) if address]
