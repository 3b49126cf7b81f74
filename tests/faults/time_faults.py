"""What goes wrong with the clock while copies leave. The nights when it is right to jump are tests of
their own (test_nights.py).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.faults.stage import Stage
from tests.faults.vocabulary import Fault, Kind

HOUR = 3600.0


def jump(stage: Stage, seconds: float) -> None:
    stage.turn_clock(seconds)
    stage.notes["jumped"] = True


def to_and_fro(stage: Stage) -> None:
    for seconds in (HOUR, -2 * HOUR, HOUR):
        time.sleep(0.4)
        jump(stage, seconds)


def sane_pace(stage: Stage) -> Sequence[str]:
    """No bucket is in debt, none holds more than a second's worth."""
    return [
        f"the bucket of {sender} holds {tokens}"
        for sender, tokens in stage.query("SELECT sender, tokens FROM paces")
        if not -1 <= tokens <= stage.per_second
    ] + _bursts(stage)


def _bursts(stage: Stage) -> list[str]:
    """No second saw more texts than two seconds' worth: a full bucket and its refill."""
    seconds: dict[str, int] = {}
    for entry in stage.fake.entries:
        if entry["kind"] == "accepted" and entry["provider"] == "twilio":
            second = str(entry["at"])[:19]
            seconds[second] = seconds.get(second, 0) + 1
    return [
        f"{count} texts at {at}"
        for at, count in seconds.items()
        if count > 2 * stage.per_second + 25
    ]


def _jump(name: str, says: str, seconds: float) -> Fault:
    return Fault(
        name=name,
        kind=Kind.TIME,
        says=says,
        inject=lambda stage: jump(stage, seconds),
        happened=lambda stage: bool(stage.notes.get("jumped")),
        expects=sane_pace,
    )


FAULTS = [
    _jump("clock forth 1 h", "the wall clock jumps an hour ahead", HOUR),
    _jump("clock back 1 h", "the wall clock jumps an hour back", -HOUR),
    Fault(
        name="clock to and fro",
        kind=Kind.TIME,
        says="the wall clock jumps an hour ahead, two back and one ahead",
        inject=to_and_fro,
        happened=lambda stage: bool(stage.notes.get("jumped")),
        expects=sane_pace,
    ),
]
