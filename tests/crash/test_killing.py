"""SIGKILL at any instant: nobody is written to twice, nobody is lost, every promise is kept.

Runs of ``tests/crash/run.py``. A short one kills twice among few people, forks the program instead of starting it, and
does not watch how long what a killed process held stays held; one with ``--kills N`` does all that the program does.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.crash.run import Plan, run

MESSAGES = 400
FEW, KILLS = 80, 2  # of a short run


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given: int | None = request.config.getoption("--crash-seed")
    seed = secrets.randbelow(1_000_000) if given is None else given
    kills: int | None = request.config.getoption("--kills")
    long = f" --kills {kills}" if kills else ""
    print(f"repeat with: pytest {Path(__file__).name} --crash-seed {seed}{long}")  # noqa: T201 - shown when the test fails
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
    assert (verdict.recovered_after > 0) == (not short)
    assert verdict.accepted > messages // 3
