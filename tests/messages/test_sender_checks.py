"""Senders' records are looked up once a day, kept with their time, and a change is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert

from database.opening import Opened
from messages import sender_checks
from messages.providers.resolving import Nameserver, Resolver
from messages.reach_models import SenderDomain
from messages.sender_records import SENDGRID, Finding, Verdict
from tests.builders import make_project
from tests.fakes.name_server import naming

NETWORK = "Sister Cities <alerts@example.org>"
GOOD = [Finding("spf_good", Verdict.GOOD), Finding("dkim_good", Verdict.GOOD, name="s1")]
BAD = [Finding("spf_missing", Verdict.BAD), Finding("dkim_good", Verdict.GOOD, name="s1")]
WEAK = [Finding("spf_good", Verdict.GOOD), Finding("dkim_weak", Verdict.THINK, name="s1")]
UNASKED = [Finding("spf_unasked", Verdict.THINK), Finding("dkim_good", Verdict.GOOD, name="s1")]


def test_each_domain_that_sends_is_looked_at(conn: Connection) -> None:
    make_project(conn, "Madison – Arcatao", email_sender="Madison <news@Madison.example.org>")
    bangor = make_project(conn, "Bangor – Carasque", email_sender="")

    found = sender_checks.senders(conn, NETWORK)

    assert set(found) == {"example.org", "madison.example.org"}
    assert found["example.org"] == [None, bangor]


@pytest.mark.parametrize(
    ("looks", "change", "verdict"),
    [
        ([GOOD], "", Verdict.GOOD),
        ([GOOD, GOOD], "", Verdict.GOOD),
        ([GOOD, BAD], "worse", Verdict.BAD),
        ([BAD, GOOD], "better", Verdict.GOOD),
        ([GOOD, WEAK], "worse", Verdict.THINK),
        ([GOOD, UNASKED], "", Verdict.THINK),
    ],
)
def test_a_change_is_told_and_silence_is_none(
    conn: Connection,
    now: datetime,
    looks: Sequence[Sequence[Finding]],
    change: str,
    verdict: Verdict,
) -> None:
    for day, findings in enumerate(looks):
        sender_checks.keep(conn, "example.org", findings, now=now + timedelta(days=day))

    kept = sender_checks.known(conn)["example.org"]

    assert (kept.change, kept.verdict) == (change, verdict)
    assert kept.checked_at == now + timedelta(days=len(looks) - 1)
    assert list(kept.findings) == looks[-1]


@pytest.mark.parametrize(("findings", "hours"), [(GOOD, 24), (UNASKED, 1)])
def test_it_is_due_again_after_a_day_or_an_hour_of_silence(
    conn: Connection, now: datetime, findings: Sequence[Finding], hours: int
) -> None:
    assert sender_checks.due(conn, NETWORK, now=now) == ["example.org"]
    sender_checks.keep(conn, "example.org", findings, now=now)

    almost = now + timedelta(hours=hours) - timedelta(seconds=1)
    assert sender_checks.due(conn, NETWORK, now=almost) == []
    assert sender_checks.due(conn, NETWORK, now=now + timedelta(hours=hours)) == ["example.org"]
    sender_checks.look_again(conn)
    assert sender_checks.due(conn, NETWORK, now=now) == ["example.org"]


async def test_the_clock_looks_once_a_day(opened: Opened, now: datetime) -> None:
    async with naming() as server:
        server.put("example.org", "TXT", "v=spf1 mx ~all")
        records = Resolver([Nameserver.read(server.address)], seconds=1)
        looked = [
            await sender_checks.check_due(opened.database, records, NETWORK, SENDGRID, now=at)
            for at in (now, now + timedelta(hours=1), now + timedelta(days=1))
        ]

    kept = await opened.database.read(sender_checks.known)
    assert looked == [1, 0, 1]
    assert kept["example.org"].verdict is Verdict.BAD


def test_a_warm_domain_stays_warm_when_it_is_looked_at(conn: Connection, now: datetime) -> None:
    row = {"domain": "example.org", "warm": True, "findings": [], "change": ""}
    conn.execute(insert(SenderDomain).values(row))

    sender_checks.keep(conn, "example.org", GOOD, now=now)

    assert sender_checks.known(conn)["example.org"].warm
