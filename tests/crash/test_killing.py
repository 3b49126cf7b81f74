"""SIGKILL at any instant: nobody is written to twice, nobody is lost, every promise is kept.

A short run of ``tests/crash/run.py``, its processes started plainly. Each run prints its seed;
``pytest tests/crash --crash-seed SEED --kills N`` repeats its choices.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.crash.run import Plan, run

MESSAGES = 400


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
    kills = int(request.config.getoption("--kills"))
    plan = Plan(seed, database_url, tmp_path, messages=MESSAGES, kills=kills, swift=False)

    verdict = run(plan)

    print(verdict)  # noqa: T201 - part of the report
    assert verdict.broken == []
    assert verdict.kills > kills
    assert verdict.accepted > MESSAGES // 3
