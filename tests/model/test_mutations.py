"""The machine must cry out: each fault put into the product on purpose is found, and soon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import SQLiteFiles
from tests.model.machine import Machine
from tests.model.mutations import MUTATIONS, applied
from tests.model.reference import Broken
from tests.model.store import Store
from tests.model.trying import LOOKING, only, try_out

EXAMPLES = 200  # at most
STEPS = 8


@pytest.fixture
def machine(sqlite_files: SQLiteFiles) -> Iterator[type[Machine]]:
    """A machine on SQLite: what a fault does is the same on both databases."""
    store = Store(sqlite_files.make())

    class Mine(Machine):
        pass

    Mine.store = store
    yield Mine
    store.close()


@pytest.mark.parametrize("name", MUTATIONS)
def test_machine_finds_the_fault(name: str, machine: type[Machine]) -> None:
    _, moves = MUTATIONS[name]

    with applied(name), pytest.raises(Broken):
        try_out(only(machine, moves), seed=1, examples=EXAMPLES, steps=STEPS, phases=LOOKING)
