"""SIGKILL at any instant: nobody is written to twice, nobody is lost, every promise is kept.

Short runs of ``tests/crash/run.py``: two kills among few people, by processes that are forked; and with ``--kills N``
among more, by the program as it is started, watching how it recovers. Each run prints its seed;
``pytest tests/crash/test_killing.py --crash-seed SEED --kills N`` repeats its choices.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.crash.run import Plan, run

MESSAGES, KILLS = 400, 2
FEW = 80


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given: int | None = request.config.getoption("--crash-seed")
    seed = secrets.randbelow(1_000_000) if given is None else given
    print(f"repeat with: --crash-seed {seed}")  # noqa: T201 - shown when the test fails
    return seed


@pytest.mark.crash
def test_no_kill_breaks_a_promise(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, seed: int
) -> None:
    asked: int | None = request.config.getoption("--kills")
    short, kills = asked is None, asked or KILLS
    messages = FEW if short else MESSAGES
    plan = Plan(
        seed, database_url, tmp_path, messages=messages, kills=kills, swift=short, watched=not short
    )

    verdict = run(plan)

    print(verdict)  # noqa: T201 - part of the report
    assert verdict.broken == []
    assert verdict.kills >= (kills if short else kills + 1)
    assert verdict.accepted > messages // 3
