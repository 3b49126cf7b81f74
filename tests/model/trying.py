"""Run the machine: so many examples of so many steps, the same for the same seed."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Machine

LOOKING = (Phase.generate,)
LOOKING_AND_CUTTING_DOWN = (Phase.generate, Phase.shrink)


def try_out(
    machine: type[Machine],
    *,
    seed: int,
    examples: int,
    steps: int,
    phases: tuple[Phase, ...] = LOOKING_AND_CUTTING_DOWN,
) -> None:
    """Raise what the machine finds, with the shortest sequence of steps that leads there."""
    run_state_machine_as_test(
        seeded(seed)(machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            phases=phases,
            deadline=None,
            database=None,  # a seed is enough to repeat a run, here and in CI
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def only(machine: type[Machine], moves: Collection[str]) -> type[Machine]:
    """The machine with these moves alone."""
    others = [
        name
        for name, move in vars(Machine).items()
        if hasattr(move, "hypothesis_stateful_rule") and name not in moves
    ]
    return type("Narrow", (machine,), dict.fromkeys(others))
