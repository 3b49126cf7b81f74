"""The machine must cry out: each fault put into the product on purpose is found, and soon."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.databases import SQLiteFiles
from tests.model.machine import Machine
from tests.model.mutations import MUTATIONS, late_outcomes_are_not_fenced
from tests.model.reference import Broken
from tests.model.store import Store
from tests.model.trying import LOOKING, only, try_out
from tests.model.world import Home, World

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


@pytest.mark.long
@pytest.mark.parametrize("name", MUTATIONS)
def test_machine_finds_the_fault(name: str, machine: type[Machine]) -> None:
    mutation, moves = MUTATIONS[name]

    with mutation(), pytest.raises(Broken):
        try_out(only(machine, moves), seed=1, examples=EXAMPLES, steps=STEPS, phases=LOOKING)


def wake_up_late(world: World) -> None:
    """A sender sleeps until its copy was given up, approved again, and claimed by another."""
    asleep = world.start()
    world.go_as_far_as(asleep, "answer", ["busy"])
    world.others_take_over(asleep, ["taken"])
    world.approve(0)
    awake = world.lives[-1]
    world.go_as_far_as(awake, "request", ["taken"])
    world.run(asleep)
    world.run(awake)
    world.complain()


@pytest.mark.parametrize("fenced", [True, False])
def test_late_outcome_overwrites_nothing_while_it_is_fenced(
    machine: type[Machine], now: datetime, *, fenced: bool
) -> None:
    world = World(machine.store, now, alone=False, pace=0)
    world.add_person(Home(email=False))
    world.launch(reach="sms")
    world.expand(0, 50)
    world.expand(0, 50)

    with contextlib.ExitStack() as stack:
        stack.callback(world.close)
        if not fenced:
            stack.enter_context(late_outcomes_are_not_fenced())
            stack.enter_context(pytest.raises(Broken, match="on the wire"))
        wake_up_late(world)
