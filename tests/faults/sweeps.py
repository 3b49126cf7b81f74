"""Break every single statement on the ledger in turn, commits among them, of a small message's sending.

A sweep goes on until a whole message was sent without its fault having struck: then there is no
further statement to break.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests.crash import checker
from tests.faults.running import Result
from tests.faults.sender_process import FAILS, KILLS, Scale
from tests.faults.stage import Grounds, Stage, staged, twice
from tests.processes import wait_until

NAMES = {"every statement fails": FAILS, "every statement kills": KILLS}
PEOPLE = 3
MOST = 300  # a sweep that has no end by then has a fault of its own
SCALE = Scale(lease=3.0, answer_time=1.5, patience=1.0, unclean_starts=0)


def run(name: str, database: str, grounds: Grounds, folder: Path, *, most: int = MOST) -> Result:
    """Run one sweep; ``most`` ends it early."""
    started = time.monotonic()
    few = Grounds(folder.with_name(f"{folder.name}-few"), grounds.server, people=PEOPLE)
    few.folder.mkdir(parents=True)
    with staged(few, database, folder) as stage:
        stage.scale = SCALE
        stage.set_up()
        stage.start()
        broken, wrong = _sweep(stage, NAMES[name], most)
        stage.end()
        ledger, journal = checker.read_ledger(stage.url), stage.fake.entries
        wrong += checker.wrong_at_the_end(ledger, journal)
        account = checker.account(ledger, journal)
        return Result(
            name=name,
            remark=f"{broken} were broken",
            database=database,
            accepted=account.accepted,
            unknown=account.unknown,
            duplicates=twice(ledger, journal),
            lost=account.statuses[checker.PENDING] + account.statuses[checker.SENDING],
            seconds=time.monotonic() - started,
            wrong=wrong,
        )


def _sweep(stage: Stage, how: int, most: int) -> tuple[int, list[str]]:
    """Break the first statement, then the second, and so on; how many there were, and complaints."""
    knobs = stage.knobs[0]
    knobs.breaks.value = how
    for number in range(1, most + 1):
        knobs.broken.value, knobs.break_at.value = 0, number
        stage.launch()
        if how == KILLS:
            _go_on_after_the_kill(stage)
        if not stage.finish():
            return number, [f"message {number} was not over in time"]
        if not knobs.broken.value:
            knobs.break_at.value = 0
            return number - 1, [] if number > PEOPLE else ["nothing was broken"]
    return most, []


def _go_on_after_the_kill(stage: Stage) -> None:
    """Start it again, and let its lease be over: it is dead for certain."""
    wait_until("it dies or ends", lambda: stage.processes[0].ended or stage.all_told(), within=30)
    if stage.processes[0].ended:
        stage.supervise()
        stage.turn_clock(SCALE.lease + 1)
