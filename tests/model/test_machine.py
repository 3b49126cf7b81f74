"""The sending promise under everything that can happen, in any order: the machine finds nothing.

``pytest tests/model --model-examples 2000 --model-steps 60 --model-seed 7 -rP`` looks for long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.model.machine import Machine
from tests.model.store import Store
from tests.model.trying import try_out

POSTGRES_SHARE = 8  # the statements differ there, not the rules; and each example takes longer


@pytest.fixture
def machine(database_url: str) -> Iterator[type[Machine]]:
    """A machine on a database of its own."""
    store = Store(database_url)

    class Mine(Machine):
        pass

    Mine.store = store
    yield Mine
    store.close()


def test_nobody_is_texted_twice_and_nobody_is_lost(
    machine: type[Machine], kind: str, request: pytest.FixtureRequest
) -> None:
    examples: int = request.config.getoption("--model-examples")
    steps: int = request.config.getoption("--model-steps")
    seed: int = request.config.getoption("--model-seed")
    share = examples if kind == "sqlite" else max(1, examples // POSTGRES_SHARE)
    began, cpu = time.perf_counter(), time.process_time()

    try_out(machine, seed=seed, examples=share, steps=steps)

    seconds, busy = time.perf_counter() - began, time.process_time() - cpu
    print(  # noqa: T201 - the figures of a run, for -rP
        f"{kind}, seed {seed}: {machine.examples} examples, {machine.steps} steps,"
        f" {seconds:.0f} s, {machine.steps / max(busy, 0.01):.0f} steps a second of our own time"
    )
    assert machine.steps
