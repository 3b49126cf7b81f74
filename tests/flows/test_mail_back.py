"""Emails through a real mail server, and what comes back of them by a Maildir, until everything adds up."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mail import course
from messages.mailroom import Kind
from tests.fakes.relay import SHARES, Fate

PEOPLE = 2_000


@pytest.mark.long
async def test_everybody_is_accounted_for_and_nobody_else_is_refused(
    database_url: str, tmp_path: Path
) -> None:
    ran = await course(database_url, tmp_path / "relay", people=PEOPLE, bare=20)

    assert ran.wrong == []
    assert sum(ran.statuses.values()) == PEOPLE
    assert ran.kept == ran.statuses
    assert ran.replies == 0
    for kind, fate in {Kind.DELAY: Fate.LATE, Kind.AUTOMATIC: Fate.AWAY}.items():
        assert 0.3 < ran.mails[kind] / (PEOPLE * SHARES[fate] / 3_000) < 3
    assert ran.mails[Kind.UNPROVEN] > 0
